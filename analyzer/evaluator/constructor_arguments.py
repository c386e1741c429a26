"""What a constructor is given, by parameter name: numbers, texts and short sequences of them as they are, of other
objects no more than their kind.
"""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

PLAIN = (bool, int, float, str, type(None))
LONGEST, MOST_ITEMS = 60, 12
OPEN = "…"
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

Given = tuple[tuple[str, str], ...]


def plain_arguments(signature: inspect.Signature, args: Any, kwargs: dict[str, Any]) -> Given:
    """Each with its value, defaults included; nothing where the call does not fit."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return ()
    bound.apply_defaults()
    own = ((name, value) for name, value in bound.arguments.items() if signature.parameters[name].kind not in _VARIADIC)
    return tuple((name, _text(value)) for name, value in own)


def _text(value: Any) -> str:
    """Python text, the name of a class, `Sequential(…)` for a module, else an ellipsis."""
    if _is_plain(value):
        text = repr(value)
        return text if len(text) <= LONGEST else OPEN
    if isinstance(value, type):
        return value.__name__
    return f"{type(value).__name__}({OPEN})" if isinstance(value, nn.Module) else OPEN


def _is_plain(value: Any) -> bool:
    if type(value) in (tuple, list):
        return 0 < len(value) <= MOST_ITEMS and all(type(item) in PLAIN for item in value)
    return type(value) in PLAIN
