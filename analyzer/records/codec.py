"""Records to JSON values and back, by their type hints; standard library only, no pickle.

Every record carries its class name under `$`, so that unions decode without guessing. Where a hint says
`object` (configuration values), tuples and dicts are marked, since JSON has neither tuples nor other keys.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
_TAG, _TUPLE, _DICT = "$", "$tuple", "$dict"


class CodecError(ValueError):
    """JSON that is not what the type asks for."""


def encode(value: object) -> Json:
    """JSON value of a record, or of plain values that contain records."""
    if is_dataclass(value) and not isinstance(value, type):
        return {_TAG: type(value).__name__, **{f.name: encode(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, tuple):
        return {_TUPLE: [encode(item) for item in value]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {_DICT: [[encode(key), encode(item)] for key, item in value.items()]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return _plain(value)
    raise CodecError(f"{type(value).__name__} has no JSON form")


def decode(cls: type[T], data: object) -> T:
    """The record of class `cls` (or any type hint) that `encode` wrote."""
    return cast(T, _decode(cls, data, {}))


def _plain(value: bool | int | float | str | None) -> Json:
    """A subclass of int or str becomes its base: names that integers carry do not travel."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None


def _decode(hint: Any, data: object, bound: Mapping[Any, Any]) -> object:
    hint = bound.get(hint, hint)
    origin = typing.get_origin(hint) or hint
    if origin in (typing.Union, types.UnionType):
        return _decode_union(hint, data, bound)
    if is_dataclass(origin):
        return _decode_record(hint, data, bound)
    if origin is typing.Literal:
        if data not in typing.get_args(hint):
            raise CodecError(f"{data!r} is not one of {typing.get_args(hint)}")
        return data
    reader = _READERS.get(origin)
    if reader is None:
        return _decode_any(data)
    return reader(hint, data, bound)


def _decode_record(hint: Any, data: object, bound: Mapping[Any, Any]) -> object:
    cls = typing.get_origin(hint) or hint
    if not isinstance(data, dict) or data.get(_TAG) != cls.__name__:
        raise CodecError(f"expected {cls.__name__}, found {str(data)[:80]}")
    inner = dict(
        zip(getattr(cls, "__parameters__", ()), (bound.get(a, a) for a in typing.get_args(hint)), strict=False)
    )
    hints = _hints(cls)
    return cls(**{name: _decode(hints[name], item, inner) for name, item in data.items() if name != _TAG})


def _decode_union(hint: Any, data: object, bound: Mapping[Any, Any]) -> object:
    for member in typing.get_args(hint):
        try:
            return _decode(member, data, bound)
        except CodecError:
            continue
    raise CodecError(f"{str(data)[:80]} is none of {hint}")


def _decode_tuple(hint: Any, data: object, bound: Mapping[Any, Any]) -> object:
    if not isinstance(data, dict) or not isinstance(data.get(_TUPLE), list):
        raise CodecError(f"expected a tuple, found {str(data)[:80]}")
    items = data[_TUPLE]
    parts = typing.get_args(hint)
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_decode(parts[0], item, bound) for item in items)
    if len(parts) != len(items):
        raise CodecError(f"expected {len(parts)} items, found {len(items)}")
    return tuple(_decode(part, item, bound) for part, item in zip(parts, items, strict=True))


def _decode_exact(hint: Any, data: object, bound: Mapping[Any, Any]) -> object:
    wanted = type(None) if hint is None else hint
    if type(data) is wanted or (wanted is float and type(data) is int):
        return data
    raise CodecError(f"expected {wanted.__name__}, found {str(data)[:80]}")


def _decode_any(data: object) -> object:
    """Plain values under the hint `object`."""
    if isinstance(data, list):
        return [_decode_any(item) for item in data]
    if not isinstance(data, dict):
        return data
    if _TUPLE in data:
        return tuple(_decode_any(item) for item in data[_TUPLE])
    if _DICT in data:
        return {_decode_any(key): _decode_any(item) for key, item in data[_DICT]}
    raise CodecError(f"a record stands where its hint says object: {data.get(_TAG)}")


_READERS: dict[Any, Callable[[Any, object, Mapping[Any, Any]], object]] = {
    tuple: _decode_tuple,
    **dict.fromkeys((bool, int, float, str, None, type(None)), _decode_exact),
}


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)
