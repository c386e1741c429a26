"""Modules of another type of numbers: every floating parameter and buffer once, where types differ at all."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from analyzer.evaluator.native.builtin_functions import Provided

TYPES = {"half": torch.float16, "float": torch.float32, "double": torch.float64, "bfloat16": torch.bfloat16}


def provide(session: Any) -> Provided:
    names: dict[str, Any] = {"torch.nn.Module.to": _to}
    for name, dtype in TYPES.items():
        names[f"torch.nn.Module.{name}"] = lambda self, dtype=dtype: convert(self, dtype)
    return names, {}, {}


def _to(module: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
    """Only a change of type matters; devices are all one."""
    dtype = kwargs.get("dtype")
    for value in args:
        dtype = value if isinstance(value, torch.dtype) else dtype
        dtype = value.dtype if isinstance(value, torch.Tensor) else dtype
    if dtype is None:
        return module
    if not dtype.is_floating_point and not dtype.is_complex:
        raise TypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}")
    return convert(module, dtype, complex_too=True)


def convert(module: nn.Module, dtype: torch.dtype, *, complex_too: bool = False) -> nn.Module:
    """In place, as torch does it; torch itself swaps tensors, and cannot where somebody else remembers one."""
    if any(type(part)._apply is not nn.Module._apply for part in module.modules()):
        return module.to(dtype)
    made: dict[int, torch.Tensor] = {}
    for part in module.modules():
        tables: tuple[dict[str, Any], ...] = (part._parameters, part._buffers)
        for registered in tables:
            for name, tensor in list(registered.items()):
                if isinstance(tensor, torch.Tensor) and _differs(tensor, dtype, complex_too):
                    registered[name] = made.setdefault(id(tensor), _converted(tensor, dtype))
    return module


def _differs(tensor: torch.Tensor, dtype: torch.dtype, complex_too: bool) -> bool:
    return tensor.dtype != dtype and (tensor.is_floating_point() or (complex_too and tensor.is_complex()))


def _converted(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    changed = tensor.detach().to(dtype)
    made = nn.Parameter(changed, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else changed
    made.__dict__.update(tensor.__dict__)
    return made
