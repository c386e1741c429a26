# ruff: noqa: E501 - one row, one line
"""The allow-list: every row exists or is absent from this torch, every example runs as in plain Python."""

from __future__ import annotations

import types
import warnings

import pytest
import torch

from analyzer.evaluator.library import modules, real_object, rows

SETUP = "import torch\nx = torch.arange(6.0).reshape(2, 3)\ni = torch.arange(6).reshape(2, 3)\nm = torch.arange(9.0).reshape(3, 3)\n"
EXAMPLES = sorted((name, example) for name, example in rows().items() if example)
RANDOM = {"torch.randperm", "torch.multinomial", "torch.normal", "torch.Generator", "torch.Generator.manual_seed"}
OURS = {"torch.no_grad", "torch.enable_grad", "torch.inference_mode", "torch.set_grad_enabled", "torch.autocast"}


def imports_of(example: str) -> str:
    names = {name.split(".")[0] for name in modules()}
    tops = sorted({part for part in names if f"{part}." in example})
    deep = "import einops.layers.torch\n" if "einops.layers" in example else ""
    deep += "import packaging.version\n" if "packaging.version" in example else ""
    return "".join(f"import {top}\n" for top in tops) + deep + ("import numpy as np\n" if "np." in example else "")


def comparable(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return (tuple(value.shape), str(value.dtype))
    if isinstance(value, (list, tuple)):
        return [comparable(item) for item in value]
    return value if isinstance(value, (int, float, str, bool, torch.dtype, torch.Size)) else None


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_of_a_row_gives_what_real_torch_gives(name: str, example: str, repository) -> None:  # type: ignore[no-untyped-def]
    program = SETUP + imports_of(example)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(program, "<truth>", "exec", dont_inherit=True), names)
        expected = eval(compile(example, "<truth>", "eval", dont_inherit=True), names)
    interpreter = repository("")
    assert comparable(interpreter.evaluate("model.py", program + example)) == comparable(expected)


def test_every_row_names_something_real_or_something_that_this_version_lacks() -> None:
    tops = {"math", "functools", "itertools", "collections", "torch", "numpy", "einops"}
    missing = []
    for name in rows():
        parts = name.split(".")
        if parts[0] not in tops:
            continue
        try:
            real_object(name)
        except AttributeError:
            missing.append(name)
    version_dependent = [name for name in missing if name.startswith(("numpy.", "torch.nn.", "torch.Tensor."))]
    assert sorted(set(missing) - set(version_dependent)) == []


def test_no_row_is_a_module() -> None:
    found = [name for name in rows() if isinstance(_real(name), types.ModuleType)]
    assert found == []


def _real(name: str) -> object:
    try:
        return real_object(name)
    except AttributeError:
        return None
