"""A model object out of any Python file, and random inputs for it, so that it can be validated.

    load_model_object(Path("resnet.py"), "ResNet(depth=18)"), make_inputs(["float32[2, 3, 32, 32]"], model)

Loading runs the file: it is the user's own, named for that purpose.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from reference_model.errors import UserError

SPEC = re.compile(r"(?:(?P<name>\w+)\s*:)?\s*(?P<dtype>\w+)\s*\[(?P<sizes>[\d,\s]*)\]\s*(?:<\s*(?P<bound>\d+))?")


def load_model_object(path: Path, expression: str) -> nn.Module:
    """What `expression` gives in the scope of the file, whose folder is searched for imports as Python does."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    sys.path.insert(0, str(path.resolve().parent))
    torch.manual_seed(0)
    try:
        model = eval(expression, runpy.run_path(str(path)))
    except Exception as problem:  # whatever the file raises is for its author to read
        raise UserError(f"{path}: {expression} cannot be built: {type(problem).__name__}: {problem}") from None
    if not isinstance(model, nn.Module):
        raise UserError(f"{path}: {expression} gives a {type(model).__name__}, no torch module")
    return model


def make_inputs(specs: Sequence[str], model: nn.Module) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Random tensors by position and by name: `int64[2, 16]`, `int64[2, 16]<100`, `mask: bool[2, 16]`.

    Integers stay below the bound, or below the smallest embedding table of the model where none is given.
    """
    tables = [module.num_embeddings for module in model.modules() if isinstance(module, nn.Embedding)]
    generator = torch.Generator().manual_seed(0)
    positional: list[Tensor] = []
    named: dict[str, Tensor] = {}
    for spec in specs:
        name, tensor = make_input(spec, min(tables, default=2), generator)
        if name is None:
            positional.append(tensor)
        else:
            named[name] = tensor
    return positional, named


def make_input(spec: str, bound: int, generator: torch.Generator) -> tuple[str | None, Tensor]:
    found = SPEC.fullmatch(spec.strip())
    dtype = getattr(torch, found["dtype"], None) if found else None
    if found is None or not isinstance(dtype, torch.dtype):
        raise UserError(f"input {spec!r} is not of the form [NAME:] DTYPE[SIZES], such as 'int64[2, 16]<100'")
    sizes = [int(size) for size in found["sizes"].split(",") if size.strip()]
    if dtype == torch.bool:
        return found["name"], torch.rand(sizes, generator=generator) < 0.5
    if dtype.is_floating_point:
        return found["name"], torch.randn(sizes, generator=generator).to(dtype)
    return found["name"], torch.randint(int(found["bound"] or bound), sizes, generator=generator).to(dtype)
