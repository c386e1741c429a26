"""What a constructor is given, by parameter name, as far as it is plain: numbers, texts and short sequences of them."""

from __future__ import annotations

import inspect
from typing import Any

PLAIN = (bool, int, float, str, type(None))
LONGEST, MOST_ITEMS = 60, 12

Given = tuple[tuple[str, str], ...]


def plain_arguments(signature: inspect.Signature, args: Any, kwargs: dict[str, Any]) -> Given:
    """Each with its value as Python text, defaults included; nothing where the call does not fit."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return ()
    bound.apply_defaults()
    texts = ((name, repr(value)) for name, value in bound.arguments.items() if _is_plain(value))
    return tuple((name, text) for name, text in texts if len(text) <= LONGEST)


def _is_plain(value: Any) -> bool:
    if type(value) in (tuple, list):
        return 0 < len(value) <= MOST_ITEMS and all(type(item) in PLAIN for item in value)
    return type(value) in PLAIN
