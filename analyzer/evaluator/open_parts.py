"""Containers of modules that lack a part: what is in them may be listed, but not counted, indexed or run through.

A `Sequential` whose unknown child was left out would otherwise be a shorter one, with the wrong output.
"""

from __future__ import annotations

import copy
from typing import Any, NoReturn

import torch
from torch import nn

from analyzer.evaluator.errors import CannotEvaluate, Cause
from analyzer.evaluator.journal import REGISTERED
from analyzer.evaluator.values import PartlessUnknown, UnknownValue

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
PARAMETERS = (nn.ParameterList, nn.ParameterDict)


class OpenParts(dict[str, Any]):
    """The children of such a container; `items` gives the known ones, as walks over all modules need."""

    def __init__(self, known: dict[str, Any], cause: Cause) -> None:
        super().__init__(known)
        self.cause = cause

    def _refuse(self, *args: Any) -> NoReturn:
        raise CannotEvaluate.because(self.cause)

    values = __iter__ = __len__ = keys = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return OpenParts, (dict(self.items()), self.cause)

    def __deepcopy__(self, memo: Any) -> OpenParts:
        return OpenParts({name: copy.deepcopy(part, memo) for name, part in self.items()}, self.cause)


def leave_open(module: nn.Module, cause: Cause) -> None:
    """From now on this container counts as one that lacks a part."""
    if isinstance(module, CONTAINERS) and not isinstance(module._modules, OpenParts):
        module.__dict__["_modules"] = OpenParts(dict(module._modules.items()), cause)
    elif isinstance(module, PARAMETERS):
        module.__dict__["_size" if isinstance(module, nn.ParameterList) else "_keys"] = UnknownValue(cause)


def lost_attribute(module: nn.Module, name: str, value: UnknownValue) -> str:
    """Why an attribute is missing: only what may be a module or a parameter leaves the totals open."""
    tables = [vars(module).get(table, ()) for table in REGISTERED]  # there are none before `nn.Module.__init__`
    parameters, buffers, modules = tables
    if name in buffers:
        return "unknown_buffer"
    is_part = name in parameters or name in modules
    return "unknown_plain_attribute" if isinstance(value, PartlessUnknown) and not is_part else "unknown_attribute"


def without_open_sizes(session: Any, model: nn.Module) -> None:
    """A parameter or buffer whose size depends on data can be neither counted nor shown: it becomes unknown."""
    for part in model.modules():
        for registered, reason in ((part._parameters, "unknown_attribute"), (part._buffers, "unknown_buffer")):
            for name, tensor in list(registered.items()):
                if isinstance(tensor, torch.Tensor) and any(map(session.oracle.depends_on_data, tensor.shape)):
                    cause = Cause("size_depends_on_data", (f"{type(part).__name__}.{name}",))
                    session.gap(Cause(reason, (f"{type(part).__name__}.{name}", cause.reason)))
                    del registered[name]
                    part.__dict__[name] = UnknownValue(cause)
