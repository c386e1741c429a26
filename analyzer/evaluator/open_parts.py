"""Modules that lack a part: what is in a container may be listed, but not counted, indexed or run through.

A `Sequential` whose unknown child was left out would otherwise be a shorter one, with the wrong output; a layer of
torch whose size is unknown would have no tables that a walk over all modules needs.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any, NoReturn

import torch
from torch import nn

from analyzer.evaluator.errors import CannotEvaluate, Cause
from analyzer.evaluator.journal import REGISTERED
from analyzer.evaluator.values import PartlessUnknown, UnknownValue

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
PARAMETERS = (nn.ParameterList, nn.ParameterDict)
SIZES_TEXT = """
in_features out_features num_embeddings embedding_dim in_channels out_channels num_features input_size hidden_size
embed_dim num_heads num_channels num_groups
"""
SIZES = frozenset(SIZES_TEXT.split())
"""Arguments of torch's layers that these keep as they are given."""
TENSORS = ("weight", "bias")


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


def constructed_in_part(function: Any, args: Any, kwargs: dict[str, Any], cause: Cause) -> nn.Module | None:
    """What torch's constructor leaves of arguments that are in part unknown: a container with its known children,
    or (through `super().__init__`) a layer without its tensors. None where `function` constructs neither.
    """
    module: nn.Module
    if function in CONTAINERS:
        module = function()
    elif _is_constructor_of_torch(function):
        module = function.__self__
        nn.Module.__init__(module)
    else:
        return None
    if isinstance(module, CONTAINERS):
        children = _children(module, args[0] if len(args) == 1 and not isinstance(args[0], nn.Module) else args)
        module._modules.update(children)
    else:
        _leave_unbuilt(module, function, args, kwargs, cause)
    leave_open(module, cause)
    return module


def _is_constructor_of_torch(function: Any) -> bool:
    """`super().__init__` in a class of the target that extends a layer or container of torch."""
    plain = getattr(function, "__func__", None)
    torchs = getattr(plain, "__name__", "") == "__init__" and str(plain.__module__).startswith("torch.nn.")
    return torchs and plain is not nn.Module.__init__ and isinstance(function.__self__, nn.Module)


def _children(module: nn.Module, given: Any) -> dict[str, nn.Module]:
    """The known ones under the names that they get."""
    if isinstance(given, dict) and not isinstance(module, nn.ModuleList):
        named = {str(name): child for name, child in given.items()}
    elif isinstance(given, (list, tuple)) and not isinstance(module, nn.ModuleDict):
        named = {str(number): child for number, child in enumerate(given)}
    else:
        return {}
    return {name: child for name, child in named.items() if isinstance(child, nn.Module)}


def _leave_unbuilt(module: nn.Module, function: Any, args: Any, kwargs: dict[str, Any], cause: Cause) -> None:
    """Its sizes are those that it was given, all else of it is unknown, and so is what it returns."""

    def forward(*args: Any, **kwargs: Any) -> NoReturn:
        raise CannotEvaluate.because(cause)

    unknown = UnknownValue(cause)
    bound = inspect.signature(function).bind_partial(*args, **kwargs).arguments
    names = [*inspect.signature(function).parameters, *TENSORS]
    module.__dict__.update({name: bound.get(name, unknown) if name in SIZES else unknown for name in names})
    module.__dict__["forward"] = forward


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
