"""Integers that the code gives its outermost constructors, by parameter name; other values can take their place.

`GPT(GPTConfig())` constructs a configuration and a model: `n_embd`, `n_head` are the names that its sizes may
be told in. What is constructed inside a model is the model's own affair.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn

from analyzer.evaluator.constructor_arguments import Given, plain_arguments
from analyzer.evaluator.errors import Place
from analyzer.evaluator.native.records import MISSING
from analyzer.evaluator.objects import is_own_class, origin_of
from analyzer.evaluator.session import Session

MAXIMUM_INTEGER = 2**31


class ModelCaptured(BaseException):
    """The evaluation came to the model that it was started for; nothing after that is evaluated."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


class Constructions:
    """Watches one evaluation; `seen` holds each name with the value that its constructor got. It ends at the first
    instance of the class `captured` (`path:Class`).
    """

    def __init__(self, replacements: Mapping[str, tuple[int, int]], captured: str = "") -> None:
        self.seen: dict[str, int] = {}
        self.places: dict[int, Place] = {}
        """Where functions constructed the outermost modules, by identity; an expression's own lines are none."""
        self.given: dict[int, tuple[type, Given]] = {}
        """What every module of an own class was constructed with, by identity, beside its class."""
        self._signatures: dict[type, inspect.Signature] = {}
        self._captured = captured
        self._replacements = dict(replacements)
        self._inside_module = 0
        self._handed: dict[int, Any] = {}
        """Configurations that the outermost module was given, by identity."""

    def arguments(self, cls: type, args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a constructor with replacements in place; notes the integers among them."""
        try:
            bound = _signature_of(cls).bind(*args, **kwargs)
        except (TypeError, ValueError):
            return tuple(args), kwargs
        bound.apply_defaults()
        for name, parameter in bound.signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: self._value(key, value) for key, value in bound.arguments[name].items()}
            elif parameter.kind is not parameter.VAR_POSITIONAL:
                bound.arguments[name] = self._value(name, bound.arguments[name])
        for name in [name for name, value in bound.arguments.items() if value is _COMPUTED]:
            del bound.arguments[name]
        return bound.args, dict(bound.kwargs)

    def _value(self, name: str, value: Any) -> Any:
        if type(value) is not int or not 0 < value < MAXIMUM_INTEGER:
            return value
        expected, replacement = self._replacements.get(name, (None, None))
        number = replacement if replacement is not None and int(value) == expected else int(value)
        self.seen.setdefault(name, number)
        return value if number == int(value) else number

    def _configuration(self, construct: Any, value: Any) -> Any:
        """A configuration that was made earlier and is handed to the model: its fields are the names that count."""
        fields = getattr(type(value), "__dataclass_fields__", None)
        if isinstance(value, type) or not fields or not is_own_class(type(value)):
            return value
        own = {name: getattr(value, name) for name, item in fields.items() if item.init and hasattr(value, name)}
        numbers = {n: v for n, v in own.items() if type(v) is int and 0 < v < MAXIMUM_INTEGER}
        changed = {}
        for name, number in numbers.items():
            expected, new = self._replacements.get(name, (None, None))
            if new is not None and number == expected:
                changed[name] = new
            self.seen[name] = int(changed.get(name, number))
        return construct(type(value), (), {**own, **changed}) if changed else value

    def _with_attributes(self, cls: type, kwargs: dict[str, Any]) -> dict[str, Any]:
        """A constructor that takes any keyword is given new values of what it took from its defaults before."""
        added = {name: new for name, (_, new) in self._replacements.items() if name not in self.seen}
        return {**kwargs, **added} if added and _takes_any(cls) else kwargs

    def _note_attributes(self, cls: type, made: object) -> None:
        if _takes_any(cls):
            for name, value in vars(made).items():
                if type(value) is int and 0 < value < MAXIMUM_INTEGER:
                    self.seen.setdefault(name, int(value))

    def _hand(self, value: Any) -> None:
        """A configuration whose attributes were set after it was made tells them when the model reads them."""
        if is_own_class(type(value)) and not isinstance(value, (type, nn.Module)):
            self._handed[id(value)] = value

    def read(self, owner: Any, name: str, value: Any) -> Any:
        """What the model is told when it reads an attribute of an object."""
        if type(value) is not int or not self._inside_module or id(owner) not in self._handed:
            return value
        if name not in getattr(owner, "__dict__", ()):  # what a property computes follows from other attributes
            return value
        return self._value(name, value)

    def call(self, session: Session, original: Any, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        made = self._make(session, original, function, args, kwargs)
        if isinstance(made, nn.Module) and isinstance(function, type) and is_own_class(function):
            self._note_given(function, made, args, kwargs)
        if self._captured and isinstance(made, nn.Module) and _qualified_name(function) == self._captured:
            raise ModelCaptured(made)
        return made

    def _note_given(self, cls: type, made: nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
        if cls not in self._signatures:
            try:
                self._signatures[cls] = _signature_of(cls)
            except (TypeError, ValueError):
                return
        self.given[id(made)] = (cls, plain_arguments(self._signatures[cls], args, kwargs))

    def _make(self, session: Session, original: Any, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if not (isinstance(function, type) and is_own_class(function)) or self._inside_module:
            return original(function, args, kwargs)
        args, kwargs = self.arguments(function, args, kwargs)
        if not issubclass(function, nn.Module):
            made = original(function, args, self._with_attributes(function, kwargs))
            self._note_attributes(function, made)
            return made
        args = tuple(self._configuration(original, value) for value in args)
        kwargs = {name: self._configuration(original, value) for name, value in kwargs.items()}
        for value in (*args, *kwargs.values()):
            self._hand(value)
        self._inside_module += 1
        try:
            made = original(function, args, kwargs)
        finally:
            self._inside_module -= 1
        if session.current is not None and session.current.function:
            self.places[id(made)] = session.current.place
        return made


def _qualified_name(cls: Any) -> str:
    origin = origin_of(cls) if isinstance(cls, type) else None
    return f"{origin.path}:{cls.__qualname__}" if origin is not None else ""


def _takes_any(cls: type) -> bool:
    """Whether the constructor has a `**kwargs`, as configurations of transformers have."""
    try:
        parameters = _signature_of(cls).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.kind is p.VAR_KEYWORD for p in parameters) and any(p.kind is not p.VAR_KEYWORD for p in parameters)


_COMPUTED = object()
"""Default of a dataclass field that a factory makes: left to the constructor."""


def _signature_of(cls: type) -> inspect.Signature:
    """The constructor's parameters; those of a dataclass of the target stand in its fields."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if not fields or hasattr(vars(cls).get("__init__"), "__signature__"):
        return inspect.signature(cls)
    parameters = []
    for name, item in sorted(fields.items(), key=lambda pair: bool(pair[1].kw_only)):
        if item.init:
            kind = inspect.Parameter.KEYWORD_ONLY if item.kw_only else inspect.Parameter.POSITIONAL_OR_KEYWORD
            default = _COMPUTED if item.default_factory is not MISSING else item.default
            empty = inspect.Parameter.empty
            parameters.append(inspect.Parameter(name, kind, default=empty if default is MISSING else default))
    return inspect.Signature(parameters)


@contextmanager
def watch_constructions(
    session: Session, replacements: Mapping[str, tuple[int, int]], captured: str = ""
) -> Iterator[Constructions]:
    """Constructor calls of the target pass through, and what its models read of configurations; `replacements` are
    name → (value expected, new value). The first instance of `captured` ends the evaluation with `ModelCaptured`.
    """
    watcher = Constructions(replacements, captured)
    original, attribute = session.call, session.attribute

    def call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        return watcher.call(session, original, function, args, kwargs)

    def read(value: Any, name: str) -> Any:
        return watcher.read(value, name, attribute(value, name))

    session.call, session.attribute = call, read  # type: ignore[method-assign]
    try:
        yield watcher
    finally:
        session.call, session.attribute = original, attribute  # type: ignore[method-assign]
