"""A function of torch that is given what data make a tensor or None: known where both give tensors of one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

from analyzer.evaluator.values import is_optional


def called_either_way(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], form_of: Callable[[torch.Tensor], Any]
) -> torch.Tensor | None:
    """The result with the tensors, if the one without them has the same form; None where that cannot be said."""
    if getattr(function, "__name__", "_").endswith("_") or not _is_of_torch(function):
        return None  # what it changes could not be taken back
    try:
        with _disable_current_modes():  # an operator is counted once
            missing = function(*_chosen(args, missing=True), **_named(kwargs, missing=True))
        given = function(*_chosen(args, missing=False), **_named(kwargs, missing=False))
    except (TypeError, ValueError, AttributeError, RuntimeError):
        return None
    if not isinstance(missing, torch.Tensor) or not isinstance(given, torch.Tensor):
        return None
    form = form_of(given)
    return given if form is not None and form == form_of(missing) else None


def _is_of_torch(function: Any) -> bool:
    module = getattr(function, "__module__", None) or ""
    return not isinstance(function, type) and (module.startswith("torch") or module == "")


def _chosen(args: Sequence[Any], *, missing: bool) -> list[Any]:
    return [_choice(value, missing=missing) for value in args]


def _named(kwargs: Mapping[str, Any], *, missing: bool) -> dict[str, Any]:
    return {name: _choice(value, missing=missing) for name, value in kwargs.items()}


def _choice(value: Any, *, missing: bool) -> Any:
    return (None if missing else value.tensor) if is_optional(value) else value
