"""What a model really is: imported, built, called, watched through hooks. Runs as a process of its own.

`python -m benchmarks.accuracy.execution [PACKAGE…]` answers requests (see `forks`); packages named are imported once.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from analyzer.shapes.input_spec import InputValue, TensorValue, parse_input_spec, sizes_of
from analyzer.shapes.input_values import input_value
from benchmarks.accuracy.forks import serve
from benchmarks.accuracy.operators import declare_missing_operators

Shapes = list[list[int]]
Tensor = tuple[str, tuple[int, ...]]


def main() -> None:
    """Import what all models need and answer the requests of standard input."""
    torch.set_num_threads(1)
    declare_missing_operators()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    serve(measure)


def measure(request: Mapping[str, Any]) -> dict[str, object]:
    """Totals, modules and calls; `failed` names the step that real torch did not get through."""
    torch.manual_seed(0)
    sys.path[:0] = request["path"]
    try:
        scope = vars(imported(request["module"]))
    except Exception as error:
        return {"failed": f"import: {_line(error)}"}
    try:
        with torch.device(request["device"]):
            model = evaluated(request["build"], scope)
    except Exception as error:
        return {"failed": f"build: {_line(error)}"}
    answer = totals(model)
    try:
        with torch.device(request["device"]):
            answer["calls"] = called(model, request)
    except Exception as error:
        answer["call_failed"] = _line(error)
    return answer


def imported(name: str) -> ModuleType:
    """The module; where a package above it needs what is missing, the module without that package's own code."""
    try:
        return importlib.import_module(name)
    except ImportError:
        for parent in _parents(name):
            bare = ModuleType(parent)
            bare.__path__ = [str(place) for root in sys.path if (place := Path(root, *parent.split("."))).is_dir()]
            sys.modules[parent] = bare
        return importlib.import_module(name)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0][:200]


def evaluated(text: str, scope: Mapping[str, Any]) -> nn.Module:
    """The value of the last expression of some statements, run for real."""
    tree = ast.parse(text)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "a build ends in an expression"
    names = dict(scope)
    exec(compile(tree, "<build>", "exec"), names)
    model = eval(compile(ast.Expression(last.value), "<build>", "eval"), names)
    assert isinstance(model, nn.Module), f"{type(model).__name__} is no module"
    return model


def totals(model: nn.Module) -> dict[str, object]:
    """Each tensor counted once."""
    parameters = {id(p): p for p in model.parameters()}.values()
    buffers = {id(b): b for b in model.buffers()}.values()
    return {
        "total": sum(p.numel() for p in parameters),
        "trainable": sum(p.numel() for p in parameters if p.requires_grad),
        "buffers": sum(b.numel() for b in buffers),
        "modules": [
            [path, type(module).__name__, sum({id(p): p.numel() for p in module.parameters()}.values())]
            for path, module in model.named_modules()
        ],
    }


def called(model: nn.Module, request: Mapping[str, Any]) -> list[tuple[str, Shapes, Shapes]]:
    """Every finished call of a module with the shapes it got and gave, in the order in which calls began."""
    calls: list[tuple[str, Shapes, Shapes]] = []
    running: list[int] = []

    def before(path: str, args: Any, kwargs: Any) -> None:
        running.append(len(calls))
        calls.append((path, list(shapes_in((args, kwargs))), []))

    def after(path: str, output: Any) -> None:
        while calls[running[-1]][0] != path:
            running.pop()  # it raised, and the model went on
        calls[running.pop()][2].extend(shapes_in(output))

    for path, module in model.named_modules():
        module.register_forward_pre_hook(lambda _m, a, k, p=path: before(p, a, k), with_kwargs=True)
        module.register_forward_hook(lambda _m, _a, output, p=path: after(p, output))
    args, kwargs = arguments(model, request)
    if not args and not kwargs:
        return []
    model.train(request["training"])
    with torch.set_grad_enabled(bool(request["training"])):
        target = model if request["method"] == "forward" else getattr(model, request["method"])  # hooks need a call
        target(*args, **kwargs)
    return calls


def arguments(model: nn.Module, request: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Inputs by name where the signature knows them, else by position."""
    import inspect

    specs = [parse_input_spec(text) for text in request["inputs"]]
    sizes = sizes_of(specs)
    parameters = inspect.signature(getattr(model, request["method"])).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    args, kwargs = [], {}
    for spec in specs:
        value = real_value(spec.value, sizes)
        if spec.name in parameters or open_ended:
            kwargs[spec.name] = value
        else:
            args.append(value)
    return args, kwargs


def real_value(value: InputValue, sizes: Mapping[str, int]) -> Any:
    """A real argument of the given form: random numbers, indices zero."""
    return input_value(value, lambda form: _real_tensor(form, sizes))


def _real_tensor(form: TensorValue, sizes: Mapping[str, int]) -> torch.Tensor:
    shape = [d.size if d.name is None else sizes[d.name] for d in form.dims]
    dtype = getattr(torch, form.dtype)
    floating = dtype.is_floating_point or dtype.is_complex
    return torch.randn(shape, dtype=dtype) if floating else torch.zeros(shape, dtype=dtype)  # type: ignore[arg-type]


def shapes_in(value: Any) -> Iterator[list[int]]:
    """Shapes of the tensors of a nested structure, flattened in order."""
    return (list(shape) for _, shape in tensors_in(value))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """dtype and sizes of the tensors of a nested structure, flattened in order."""
    if isinstance(value, torch.Tensor):
        yield str(value.dtype).removeprefix("torch."), tuple(value.shape)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for item in dataclasses.fields(value):
            yield from tensors_in(getattr(value, item.name))


if __name__ == "__main__":
    main()
