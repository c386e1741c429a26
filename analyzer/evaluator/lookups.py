"""What a container answers where it is asked by an unknown key, or holds one: unknown, not that nothing was found."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

from analyzer.evaluator.values import UnknownRest, UnknownValue, plain

ASKING = ("get", "pop", "setdefault", "__contains__", "__getitem__")
CHANGING = ("pop", "setdefault")
COMPARING = ("isdisjoint", "issubset", "issuperset", "intersection", "difference", "symmetric_difference")


def unknown_lookup(function: Any, args: Any) -> UnknownValue | None:
    """The unknown answer of a method of a dict or set; None where the method may be called."""
    if not isinstance(function, types.BuiltinMethodType):
        return None
    owner, name = function.__self__, function.__name__
    if isinstance(owner, dict) and name in ASKING and args:
        return _of_dict(owner, name, args[0])
    if isinstance(owner, (set, frozenset)) and name in COMPARING:
        return _unknown_among((*owner, *(item for other in args if isinstance(other, Iterable) for item in other)))
    return None


def _of_dict(owner: dict[Any, Any], name: str, key: Any) -> UnknownValue | None:
    if isinstance(key, UnknownValue):
        if name in CHANGING:
            rest = UnknownRest(key.cause)
            owner[rest] = rest
        return _general(key)
    return None if _holds(owner, key) else _unknown_among(owner)


def _holds(owner: dict[Any, Any], key: Any) -> bool:
    try:
        return dict.__contains__(owner, key)
    except TypeError:
        return True  # what cannot be a key: the method says so


def _unknown_among(items: Iterable[Any]) -> UnknownValue | None:
    found = next((item for item in items if isinstance(item, UnknownValue)), None)
    return _general(found) if found is not None else None


def _general(unknown: UnknownValue) -> UnknownValue:
    answer: UnknownValue = plain(unknown)
    return answer
