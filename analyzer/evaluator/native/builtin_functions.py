"""Builtin functions that read or set attributes, ask for types, or walk over values."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import Any

import torch

from analyzer.evaluator.errors import Cause
from analyzer.evaluator.library import canonical_name, rows
from analyzer.evaluator.nesting import pay
from analyzer.evaluator.objects import MARK, Origin, finish_class, is_own_class
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.syntax.effects import holds_module, lost_part
from analyzer.evaluator.values import UnknownValue, rest_of

Provided = tuple[dict[str, Any], dict[Any, Callable[..., Any]], dict[str, Any]]
MISSING = object()
SHOWN_TYPES: dict[type, type] = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}


def provide(session: Any) -> Provided:
    write = session_setter(session)
    names = {
        "getattr": partial(_read_attribute, session),
        "hasattr": partial(_has_attribute, session),
        "setattr": write,
        "delattr": session.delete_attribute,
        "print": _print,
        "iter": partial(_iterate, session),
        "len": _length,
        "isinstance": is_instance,
        "issubclass": is_subclass,
        "hash": partial(_hash, session),
        "repr": partial(_shown, session),
        "callable": _callable,
    }
    calls: dict[Any, Callable[..., Any]] = {
        type: partial(_type_of, session),
        object: object,
        enumerate: partial(_numbered, session),
        zip: partial(_zipped, session),
        map: partial(_mapped, session),
        filter: partial(_filtered, session),
        reversed: lambda values: reversed(session.iterate(values)),
        bytes: partial(_sized, session, bytes),
        bytearray: partial(_sized, session, bytearray),
    }
    return names, calls, {}


def _read_attribute(session: Any, value: Any, name: str, default: Any = MISSING) -> Any:
    if isinstance(name, UnknownValue):
        return name
    try:
        return session.attribute(value, name)
    except AttributeError:
        if default is MISSING:
            raise
        return default


def _has_attribute(session: Any, value: Any, name: str) -> Any:
    if isinstance(value, UnknownValue):
        return value
    try:
        found = session.attribute(value, name)
    except AttributeError:
        return False
    refused = isinstance(found, UnknownValue) and found.cause.reason == "attribute_not_allowed"
    return found if refused else True


def _callable(value: Any) -> Any:
    return value if isinstance(value, UnknownValue) else callable(value)


def _print(*values: Any, **options: Any) -> None:
    """What the target prints is of no interest."""


def _iterate(session: Any, value: Any, sentinel: Any = MISSING) -> Any:
    if sentinel is not MISSING:
        return _call_until(session, value, sentinel)
    return iter(session.iterate(value))


def _length(value: Any) -> Any:
    if isinstance(value, UnknownValue):
        return value
    rest = rest_of(value)
    if rest is not None:
        return rest
    return value.shape[0] if isinstance(value, torch.Tensor) and value.dim() else len(value)


def session_setter(session: Any) -> Callable[[Any, str, Any], None]:
    def write(value: Any, name: str, new: Any) -> None:
        if isinstance(name, UnknownValue):
            if holds_module(value):
                session.gap(lost_part(value, name))
            return
        session.set_attribute(value, name, new)

    return write


def _call_until(session: Any, function: Any, sentinel: Any) -> Iterator[Any]:
    while True:
        session.spend(16)
        value = session.call(function, (), {})
        if value == sentinel:
            return
        yield value


def is_instance(value: Any, kinds: Any) -> Any:
    """`isinstance` for symbolic numbers, typing constructs and unknown classes too."""
    if isinstance(value, UnknownValue):
        return value
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    flat = [kind for item in wanted for kind in (item if isinstance(item, tuple) else (item,))]
    known = tuple(kind for kind in flat if isinstance(kind, (type, types.UnionType)))
    shown = next((shown for real, shown in SHOWN_TYPES.items() if isinstance(value, real)), None)
    if isinstance(value, known) or (shown is not None and issubclass(shown, _plain(known))):
        return True
    for kind in flat:
        if isinstance(kind, Proxy) and getattr(kind, "accepts", lambda item: False)(value):
            return True
    unknown = next((kind for kind in flat if isinstance(kind, UnknownValue)), None)
    return False if unknown is None or _is_builtin(value) else unknown


def _plain(kinds: tuple[Any, ...]) -> tuple[type, ...]:
    return tuple(kind for kind in kinds if isinstance(kind, type))


def _is_builtin(value: Any) -> bool:
    """A plain value is no instance of a class from a package that is not there."""
    return type(value) in (int, float, str, bool, list, tuple, dict, type(None), set, bytes)


def is_subclass(kind: Any, kinds: Any) -> Any:
    if isinstance(kind, UnknownValue):
        return kind
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    if issubclass(kind, _plain(wanted)):
        return True
    return next((item for item in wanted if isinstance(item, UnknownValue)), False)


def _shown(session: Any, value: Any) -> Any:
    if isinstance(value, (UnknownValue, torch.Tensor)):
        return value if isinstance(value, UnknownValue) else session.format(value, "")
    session.measure(value)
    return repr(value)


def _hash(session: Any, value: Any) -> int:
    """Of a text: a number that tells equal texts from others. Python's own differs from run to run."""
    pay(session, value)
    if isinstance(value, (str, bytes)):
        octets = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        return int.from_bytes(sha256(octets).digest()[:7], "big")
    return hash(value)


def _numbered(session: Any, values: Any, start: int = 0) -> Any:
    possible = session.possible_items(values)
    return enumerate(session.iterate(values), start) if possible is None else possible.numbered(start)


def _zipped(session: Any, *values: Any, strict: bool = False) -> Any:
    return zip(*map(session.iterate, values), strict=strict)


def _mapped(session: Any, function: Any, *values: Any) -> Iterator[Any]:
    for items in zip(*map(session.iterate, values), strict=False):
        session.spend()
        yield session.call(function, items, {})


def _filtered(session: Any, function: Any, values: Any) -> Iterator[Any]:
    for item in session.iterate(values):
        session.spend()
        if session.truth(item if function is None else session.call(function, (item,), {})):
            yield item


def _sized(session: Any, kind: Any, *args: Any) -> Any:
    if args and isinstance(args[0], int):
        session.budget.check_items(args[0])
    return kind(*args)


def _type_of(session: Any, *args: Any, **kwargs: Any) -> Any:
    if len(args) == 3:
        return _new_type(session, *args, **kwargs)
    value = args[0]
    if isinstance(value, UnknownValue):
        return value
    kind = SHOWN_TYPES.get(type(value), type(value))
    if isinstance(value, torch.Tensor) and not is_own_class(kind):
        return torch.nn.Parameter if isinstance(value, torch.nn.Parameter) else torch.Tensor
    if is_own_class(kind) or canonical_name(kind) in rows() or kind in (type(None), type):
        return kind
    return UnknownValue(Cause("type_not_in_library", (canonical_name(kind),)))


def _new_type(session: Any, name: str, bases: tuple[Any, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
    frame = session.current
    own = dict(namespace)
    own[MARK] = Origin(session, frame.module.path, frame.line, None, {})
    own.setdefault("__module__", frame.module.name)
    return finish_class(name, bases, keywords, own, [None])
