"""Functions and classes of the target as real Python objects whose bodies are interpreted.

A function is a real closure, so that real code (module hooks, `apply`, `map`) can call it. A class is a
real class made by `types.new_class`, so that all of `nn.Module`'s machinery works on it. Both carry a mark
by which the policy knows them as the target's own.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.values import UnknownValue

MARK = "__deepdive_origin__"
FORWARD = "forward"
METACLASSES = {"ABCMeta", "type", "EnumMeta", "EnumType"}


@dataclass(frozen=True)
class Parameters:
    """The parameters of a function; `positional` holds the positional-only ones too."""

    positional_only: tuple[str, ...]
    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    star: str | None
    double_star: str | None

    def all_names(self) -> list[str]:
        extra = [name for name in (self.star, self.double_star) if name]
        return [*self.positional, *self.keyword_only, *extra]

    def bind(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], defaults: dict[str, Any]
    ) -> dict[str, Any]:
        """Variables of a call, or TypeError as Python raises it."""
        bound = dict(zip(self.positional, args, strict=False))
        if self.star:
            bound[self.star] = args[len(self.positional) :]
        elif len(args) > len(self.positional):
            raise TypeError(f"{name}() takes {len(self.positional)} positional arguments but {len(args)} were given")
        surplus = self._take_keywords(name, bound, kwargs)
        if self.double_star:
            bound[self.double_star] = surplus
        elif surplus:
            raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(surplus))!r}")
        for wanted in (*self.positional, *self.keyword_only):
            if wanted not in bound:
                if wanted not in defaults:
                    raise TypeError(f"{name}() missing required argument: {wanted!r}")
                bound[wanted] = defaults[wanted]
        return bound

    def _take_keywords(self, name: str, bound: dict[str, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        surplus = {}
        for key, value in kwargs.items():
            named = key in self.positional or key in self.keyword_only
            if not named or key in self.positional_only:
                surplus[key] = value
            elif key in bound:
                raise TypeError(f"{name}() got multiple values for argument {key!r}")
            else:
                bound[key] = value
        return surplus


@dataclass(frozen=True)
class Origin:
    """Where an object of the target was defined; `session` tells interpreters apart."""

    session: Any
    path: str
    line: int
    code: Any
    defaults: dict[str, Any]


def make_function(code: Any, frame: Frame, defaults: dict[str, Any]) -> Any:
    """A real function that runs compiled code in a new frame inside `frame`."""

    def function(*args: Any, **kwargs: Any) -> Any:
        code.run.compile()
        variables = code.parameters.bind(code.name, args, kwargs, defaults)
        own = Frame(frame.module, code.scope, variables, frame)
        own.function, own.line, own.last_line = code.qualified_name, code.line, code.line
        own.first = args[0] if args else next(iter(variables.values()), None)
        if code.generates:
            return _resume(code, own)
        own.forks = []
        repetition = own.session.repetition
        if repetition.depth and defaults:
            repetition.uses_defaults(defaults)
        return repetition.call(code, own, _run) if code.name == FORWARD else _run(code, own)

    function.__name__ = code.name
    function.__qualname__ = code.qualified_name
    function.__module__ = frame.module.name
    function.__doc__ = code.documentation
    function.__signature__ = _signature_of(code.parameters, defaults)  # type: ignore[attr-defined]
    setattr(function, MARK, Origin(frame.session, frame.module.path, code.line, code, defaults))
    return function


def _run(code: Any, frame: Frame) -> Any:
    session = frame.session
    session.enter(frame)
    try:
        return code.run(frame)
    except Exception as error:
        session.raised(error, frame)
        raise
    finally:
        session.leave(frame)


def _resume(code: Any, frame: Frame) -> Generator[Any, Any, Any]:
    session = frame.session
    turns, sent = code.run(frame), None
    while True:
        session.enter(frame)
        try:
            value = turns.send(sent)
        except StopIteration as stop:
            return stop.value
        finally:
            session.leave(frame)
        sent = yield value


def _signature_of(parameters: Parameters, defaults: dict[str, Any]) -> inspect.Signature:
    kinds = inspect.Parameter
    made = []
    for name in parameters.positional:
        kind = kinds.POSITIONAL_ONLY if name in parameters.positional_only else kinds.POSITIONAL_OR_KEYWORD
        made.append(kinds(name, kind, default=defaults.get(name, kinds.empty)))
    if parameters.star:
        made.append(kinds(parameters.star, kinds.VAR_POSITIONAL))
    made += [
        kinds(name, kinds.KEYWORD_ONLY, default=defaults.get(name, kinds.empty)) for name in parameters.keyword_only
    ]
    if parameters.double_star:
        made.append(kinds(parameters.double_star, kinds.VAR_KEYWORD))
    return inspect.Signature(made)


def origin_of(value: Any) -> Origin | None:
    """The mark of a function or class of the target; None for everything else."""
    found = value.__dict__.get(MARK) if isinstance(value, (types.FunctionType, type)) else None
    return found if isinstance(found, Origin) else None


CODE_FACTS = ("co_varnames", "co_argcount", "co_name")


def code_fact(value: Any, name: str) -> Any:
    """What code asks of a function of the target by `f.__code__.co_varnames` and the like."""
    if isinstance(value, UnknownValue):
        return value
    origin = origin_of(value.__func__ if isinstance(value, types.MethodType) else value)
    if origin is None or not hasattr(origin.code, "parameters"):
        raise CannotEvaluate("attribute_not_allowed", f"{type(value).__name__}.__code__")
    if name == "co_name":
        return origin.code.name
    parameters = origin.code.parameters
    if name == "co_argcount":
        return len(parameters.positional)
    return tuple(dict.fromkeys([*parameters.all_names(), *origin.code.local_names]))


def positional_defaults(function: Any) -> tuple[Any, ...] | None:
    """`__defaults__` of a function of the target."""
    origin = function.__dict__[MARK]
    return tuple(origin.defaults[n] for n in origin.code.parameters.positional if n in origin.defaults) or None


def keyword_defaults(function: Any) -> dict[str, Any] | None:
    """`__kwdefaults__` of a function of the target."""
    origin = function.__dict__[MARK]
    return {n: origin.defaults[n] for n in origin.code.parameters.keyword_only if n in origin.defaults} or None


def copy_function(function: Any, name: Any, defaults: Any) -> Any:
    """Another function of the same code in the same place, which has the defaults of its keyword-only parameters."""
    if isinstance(name, UnknownValue) or isinstance(defaults, UnknownValue):
        raise CannotEvaluate.because((name if isinstance(name, UnknownValue) else defaults).cause)
    code = function.__dict__[MARK].code
    place = inspect.getclosurevars(function).nonlocals.get("frame")
    if not isinstance(place, Frame):
        raise CannotEvaluate("attribute_not_allowed", "function.__code__")
    named = code.parameters.positional[-len(defaults) :] if defaults else ()
    own = {**(keyword_defaults(function) or {}), **dict(zip(named, defaults or (), strict=True))}
    made = make_function(code, place, own)
    made.__name__ = made.__name__ if name is None else name
    return made


def is_own_class(kind: type) -> bool:
    return MARK in kind.__dict__


def is_own_instance(value: Any) -> bool:
    """Whether the value is an instance of a class of the target."""
    return any(MARK in kind.__dict__ for kind in type(value).__mro__)


def build_class(frame: Frame, code: Any, bases: tuple[type, ...], keywords: dict[str, Any]) -> type:
    """Execute the class body and make the real class."""
    cell: list[Any] = [None]
    body = Frame(frame.module, code.scope, {}, frame)
    body.class_cell, body.function, body.caller = cell, code.name, frame
    body.position, body.line = frame.position, code.line
    code.body(body)
    namespace = body.variables
    namespace["__module__"] = frame.module.name
    namespace["__doc__"] = namespace.get("__doc__", code.documentation)
    namespace[MARK] = Origin(frame.session, frame.module.path, code.line, code, {})
    if isinstance(namespace.get("__getattribute__"), types.FunctionType):
        namespace["__getattribute__"] = _spared(namespace["__getattribute__"])
    return finish_class(code.name, bases, keywords, namespace, cell)


ASKED_BY_PYTHON = ("__class__", "__dict__", "__reduce_ex__", "__reduce__", "__getstate__", "__setstate__")
"""What `isinstance` and `copy` ask; the target's own requests for these names are decided by the policy."""


def _spared(own: Any) -> Any:
    """The target's `__getattribute__`, except for what code of ours asks: that would have no end, or no answer."""

    def __getattribute__(self: Any, name: str) -> Any:
        if name in ASKED_BY_PYTHON:
            return object.__getattribute__(self, name)
        return own(self, name)

    setattr(__getattribute__, MARK, own.__dict__[MARK])
    return __getattribute__


def finish_class(
    name: str, bases: tuple[type, ...], keywords: dict[str, Any], namespace: dict[str, Any], cell: list[Any]
) -> type:
    """The class object; methods that say `super()` find it through the cell."""
    metaclass = keywords.get("metaclass")
    own = isinstance(metaclass, type) and issubclass(metaclass, type) and is_own_class(metaclass)
    if metaclass is not None and not own:
        del keywords["metaclass"]
        if getattr(metaclass, "__name__", "") not in METACLASSES:
            raise CannotEvaluate("metaclass_not_supported", getattr(metaclass, "__name__", "?"))

    def fill(target: dict[str, Any]) -> None:
        for key, value in namespace.items():
            target[key] = value  # one by one: the namespace of an Enum looks at each

    made = types.new_class(name, bases, keywords, fill)
    cell[0] = made
    return made


def resolve_bases(values: list[Any]) -> tuple[type, ...]:
    """Real bases; an unknown one makes the class unknown, typing constructs fall away."""
    bases: list[type] = []
    for value in values:
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
        replaced = getattr(value, "__mro_entries__", None)
        if isinstance(value, type):
            bases.append(value)
        elif replaced is not None:
            bases += [base for base in replaced(tuple(values)) if base not in bases]
        else:
            raise CannotEvaluate("base_class_not_supported", type(value).__name__)
    return tuple(dict.fromkeys(bases))
