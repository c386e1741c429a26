# ruff: noqa: E501 - one row, one line
"""`typing` without the real module: constructs that can be subscripted, combined and inherited from, nothing else."""

from __future__ import annotations

import collections.abc
from typing import Any

from analyzer.evaluator.native.annotations import annotations_of
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.policy import Proxy

PLAIN_TEXT = """
Any Optional Union List Dict Tuple Set FrozenSet Type Callable Iterable Iterator Sequence Mapping
MutableMapping Generator ClassVar Final Literal Annotated Concatenate Awaitable Coroutine AsyncIterator
AsyncGenerator DefaultDict OrderedDict Deque NoReturn Never Self TypeAlias Hashable Sized Collection
Container Counter ChainMap Text AnyStr Required NotRequired MutableSequence MutableSet SupportsFloat
SupportsInt SupportsIndex IO TextIO BinaryIO Pattern Match Unpack TypeGuard LiteralString ContextManager
AbstractSet Buffer ReadOnly
"""
PLAIN = list(PLAIN_TEXT.split())
INHERITED = ["Generic", "Protocol", "TypedDict"]
MAKERS = ["TypeVar", "ParamSpec", "TypeVarTuple", "NewType"]
ORIGINS: dict[str, Any] = {
    "List": list, "Dict": dict, "Tuple": tuple, "Set": set, "FrozenSet": frozenset, "Callable": collections.abc.Callable,
    "Iterable": collections.abc.Iterable, "Sequence": collections.abc.Sequence, "Mapping": collections.abc.Mapping,
    "Type": type, "Text": str, "Iterator": collections.abc.Iterator,
}  # fmt: skip


class Construct(Proxy):
    """A typing construct: carries its name; only `isinstance` with a plain container asks more of it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def member(self, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            return self.name
        raise AttributeError(name)

    def accepts(self, value: Any) -> bool:
        return isinstance(value, ORIGINS[self.name]) if self.name in ORIGINS else False

    def __getitem__(self, key: Any) -> Construct:
        return self

    def __or__(self, other: Any) -> Construct:
        return Construct("Union")

    __ror__ = __or__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        if self.name == "TypedDict":
            return (dict,)
        return (ORIGINS[self.name],) if self.name in ORIGINS else ()

    def __repr__(self) -> str:
        return f"typing.{self.name}"


class TypingModule(Proxy):
    """`typing`, `typing_extensions`, `jaxtyping` and the like."""

    def __init__(self, named: dict[str, Any]) -> None:
        self.named = named

    def member(self, name: str) -> Any:
        if name in self.named:
            return self.named[name]
        if name.startswith("_"):
            raise AttributeError(name)
        return Construct(name)

    def names(self) -> list[str]:
        return sorted({*self.named, *PLAIN, *INHERITED, *MAKERS})


def provide(session: Any) -> Provided:
    named: dict[str, Any] = {
        "TYPE_CHECKING": True,
        "cast": lambda kind, value: value,
        "overload": lambda function: function,
        "final": lambda function: function,
        "override": lambda function: function,
        "no_type_check": lambda function: function,
        "runtime_checkable": lambda kind: kind,
        "dataclass_transform": lambda **options: _unchanged,
        "deprecated": lambda *message, **options: _unchanged,
        "get_type_hints": lambda value, *names, **options: annotations_of(session, value, inherited=True),
        "get_args": lambda value: (),
        "get_origin": lambda value: None,
        "assert_never": lambda value: None,
        "NamedTuple": LateNamedTuple(session),
    }
    names = {"collections.abc.Callable": Construct("Callable")}
    typing = TypingModule(named)
    modules = dict.fromkeys(
        ("typing", "typing_extensions", "jaxtyping", "torchtyping", "beartype.typing", "nptyping"), typing
    )
    modules |= dict.fromkeys(("torch._jit_internal", "torch.jit.annotations"), typing)
    return names, {}, {**modules, "numpy.typing": typing, "torch.types": typing, "torch.nn.common_types": typing}


def _unchanged(decorated: Any) -> Any:
    return decorated


class LateNamedTuple(Proxy):
    """`typing.NamedTuple`, resolved when it is used."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def make_class(self, frame: Any, code: Any) -> Any:
        return self.session.natives.by_name["typing.NamedTuple"].make_class(frame, code)

    def __call__(self, name: str, fields: Any) -> Any:
        return self.session.natives.by_name["typing.NamedTuple"](name, fields)
