# ruff: noqa: E501 - one row, one line
"""Standard library pieces with effects or with real code that would look too deep: ours have neither."""

from __future__ import annotations

import copy
import enum
import functools
import inspect
import posixpath
import types
from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from analyzer.evaluator.command_line import CommandLine
from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.modules import LoadedModules
from analyzer.evaluator.native.annotations import annotations_of
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.objects import MARK
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import UnknownValue


class Quiet(Proxy):
    """Loggers and the like: every call is accepted and does nothing."""

    def member(self, name: str) -> Any:
        return self

    def set_member(self, name: str, value: Any) -> None:
        """Nothing is kept."""

    def __call__(self, *args: Any, **kwargs: Any) -> Quiet:
        return self

    def __iter__(self) -> Iterator[Any]:
        """A logger has no handlers."""
        return iter(())

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *exception: object) -> None:
        return None


class NullContext(Proxy):
    """A context manager that does nothing; as a decorator it changes nothing."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def member(self, name: str) -> Any:
        if name in ("__enter__", "__exit__"):
            return getattr(self, name)
        raise AttributeError(name)

    def __call__(self, function: Any = None, *args: Any, **kwargs: Any) -> Any:
        return function if callable(function) else self

    def __enter__(self) -> Any:
        return self.value

    def __exit__(self, *exception: object) -> None:
        return None


class Generated(NullContext):
    """The context manager made of a generator by `@contextmanager`."""

    def __init__(self, turns: Iterator[Any]) -> None:
        super().__init__()
        self.turns = turns

    def __enter__(self) -> Any:
        return next(self.turns)

    def __exit__(self, *exception: object) -> Any:
        if exception and isinstance(exception[1], BaseException):
            try:
                self.turns.throw(exception[1])  # type: ignore[attr-defined]
            except StopIteration:
                return True
            return False
        next(self.turns, None)
        return False


def provide(session: Any) -> Provided:
    quiet = Quiet()
    nothing: Callable[..., None] = lambda *args, **kwargs: None  # noqa: E731
    names: dict[str, Any] = {
        "functools.wraps": lambda wrapped, *a, **k: lambda wrapper: _wrap(wrapper, wrapped),
        "functools.update_wrapper": lambda wrapper, wrapped, *a, **k: _wrap(wrapper, wrapped),
        "functools.lru_cache": lambda maxsize=128, typed=False: _cached(session, maxsize),
        "functools.cache": lambda function: _memo(session, function),
        "functools.cached_property": CachedProperty,
        "functools.reduce": lambda function, values, *start: _reduce(session, function, values, *start),
        "functools.total_ordering": lambda kind: kind,
        "contextlib.contextmanager": lambda function: lambda *args, **kwargs: Generated(function(*args, **kwargs)),
        "contextlib.nullcontext": lambda value=None: NullContext(value),
        "threading.Lock": lambda: quiet, "threading.RLock": lambda: quiet,
        "copy.copy": lambda value: _copy(session, value),
        "copy.deepcopy": lambda value, memo=None: _deepcopy(session, value),
        "warnings.warn": nothing, "warnings.filterwarnings": nothing, "warnings.simplefilter": nothing,
        "warnings.catch_warnings": lambda *a, **k: NullContext(),
        "logging.getLogger": lambda *args: quiet, "logging.info": nothing, "logging.warning": nothing,
        "logging.debug": nothing, "logging.error": nothing, "logging.basicConfig": nothing,
        "time.time": lambda: 0.0, "time.perf_counter": lambda: 0.0, "time.monotonic": lambda: 0.0, "time.sleep": nothing,
        "random.seed": nothing, "numpy.random.seed": nothing,
        **{f"random.{name}": _random(session, name) for name in ["random", "randint", "choice", "uniform", "shuffle", "sample"]},
        "os.environ": dict(session.environment), "os.getenv": session.environment.get,
        "os.cpu_count": lambda: 1, "os.getpid": lambda: 1,
        **{f"os.path.{name}": getattr(posixpath, name) for name in ["join", "basename", "dirname", "splitext", "normpath"]},
        "os.path.abspath": lambda path: path, "os.path.realpath": lambda path: path, "os.path.expanduser": lambda path: path,
        "sys.argv": CommandLine([""]), "sys.modules": LoadedModules(session), "sys.platform": "linux",
        "platform.system": lambda: "Linux",
        "inspect.signature": _signature,
        "inspect.get_annotations": lambda value, **options: annotations_of(session, value, inherited=False),
        "sys.stderr": quiet, "sys.stdout": quiet, "logging.StreamHandler": quiet, "logging.Logger": quiet,
        **{f"logging.{name}": _accepting(name) for name in ("Formatter", "Filter")},
        "inspect.isfunction": lambda value: isinstance(value, types.FunctionType),
        "inspect.isclass": lambda value: isinstance(value, type),
        "inspect.ismethod": lambda value: isinstance(value, types.MethodType),
        "operator.attrgetter": lambda name: lambda value: _dotted(session, value, name),
        "numpy.int": int, "numpy.float": float, "numpy.complex": complex, "numpy.object": object, "numpy.long": int,
        "enum.EnumMeta": EnumKind, "enum.EnumType": EnumKind,
        "abc.ABC": _abstract(), "abc.ABCMeta": type, "abc.abstractmethod": lambda function: function,
        "abc.abstractproperty": property,
    }  # fmt: skip
    return names, {}, {}


class _OfEnums(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, enum.EnumMeta)


class EnumKind(metaclass=_OfEnums):
    """Says which classes are enumerations, and makes none."""


def _accepting(name: str) -> type:
    """A class of `logging` that a program may derive from; its instances do nothing."""
    return type(name, (), {"__module__": "logging", "__init__": lambda self, *args, **kwargs: None})


def _abstract() -> type:
    """`ABC` without its metaclass: nothing here depends on registering."""
    return type("ABC", (), {"__module__": "abc"})


class CachedProperty:
    """`functools.cached_property`."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        value = self.function(instance)
        instance.__dict__[self.name] = value
        return value


def _wrap(wrapper: Any, wrapped: Any) -> Any:
    if isinstance(wrapper, types.FunctionType) and MARK in wrapper.__dict__ and hasattr(wrapped, "__name__"):
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            if hasattr(wrapped, name):
                setattr(wrapper, name, getattr(wrapped, name))
        wrapper.__dict__.update({k: v for k, v in getattr(wrapped, "__dict__", {}).items() if not k.startswith("__")})
        if isinstance(wrapped, types.FunctionType):
            wrapper.__wrapped__ = wrapped  # type: ignore[attr-defined]
    return wrapper


def _cached(session: Any, maxsize: Any) -> Any:
    return _memo(session, maxsize) if callable(maxsize) else lambda function: _memo(session, function)


def _memo(session: Any, function: Any) -> Any:
    kept: dict[Any, Any] = {}

    @functools.wraps(function, updated=())
    def remembered(*args: Any, **kwargs: Any) -> Any:
        try:
            key = (args, tuple(sorted(kwargs.items())))
            hash(key)
        except TypeError:
            return session.call(function, args, kwargs)
        if key not in kept:
            kept[key] = session.call(function, args, kwargs)
        return kept[key]

    return remembered


def _reduce(session: Any, function: Any, values: Any, *start: Any) -> Any:
    items = iter(session.iterate(values))
    result = start[0] if start else next(items)
    for item in items:
        session.spend()
        result = session.call(function, (result, item), {})
    return result


def _copy(session: Any, value: Any) -> Any:
    if isinstance(value, (UnknownValue, Proxy)):
        return value
    if hasattr(value, "__len__") and not isinstance(value, nn.Module):
        session.budget.check_items(len(value))
    return copy.copy(value)


def _deepcopy(session: Any, value: Any) -> Any:
    if isinstance(value, (UnknownValue, Proxy)):
        return value
    session.spend(64)
    return copy.deepcopy(value)


def _random(session: Any, name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: session.unknown("random_value", f"random.{name}")


def _signature(function: Any) -> inspect.Signature:
    if isinstance(function, UnknownValue):
        raise CannotEvaluate.because(function.cause)
    if isinstance(function, types.MethodType):
        whole = _signature(function.__func__)
        return whole.replace(parameters=list(whole.parameters.values())[1:])
    return inspect.signature(inspect.unwrap(function))


def _dotted(session: Any, value: Any, name: str) -> Any:
    for part in name.split("."):
        value = session.attribute(value, part)
    return value
