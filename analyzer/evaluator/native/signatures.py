"""What code asks of the arguments of a function: `inspect.getfullargspec`, read off its signature."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import UnknownValue

FIELDS = ("args", "varargs", "varkw", "defaults", "kwonlyargs", "kwonlydefaults", "annotations")


def provide(session: Any) -> Provided:
    return {"inspect.getfullargspec": argument_names}, {}, {}


class ArgumentNames(Proxy):
    """The named tuple that `inspect.getfullargspec` gives."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self._values = values

    def member(self, name: str) -> Any:
        if name not in FIELDS:
            raise AttributeError(name)
        return self._values[FIELDS.index(name)]

    def names(self) -> list[str]:
        return sorted(FIELDS)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __getitem__(self, index: int) -> Any:
        return self._values[index]

    def __len__(self) -> int:
        return len(FIELDS)


def argument_names(function: Any) -> Any:
    """Names and defaults by kind; a method shows its first argument, a class that of its constructor."""
    if isinstance(function, UnknownValue):
        return function
    plain = (
        inspect.getattr_static(function, "__init__")
        if isinstance(function, type)
        else getattr(function, "__func__", function)
    )
    if not isinstance(plain, types.FunctionType):
        raise CannotEvaluate("attribute_not_allowed", "inspect.getfullargspec of what is not written in Python")
    kinds: dict[Any, list[inspect.Parameter]] = {}
    for parameter in inspect.signature(plain).parameters.values():
        kinds.setdefault(parameter.kind, []).append(parameter)
    positional = [
        *kinds.get(inspect.Parameter.POSITIONAL_ONLY, ()),
        *kinds.get(inspect.Parameter.POSITIONAL_OR_KEYWORD, ()),
    ]
    keyword = kinds.get(inspect.Parameter.KEYWORD_ONLY, [])
    defaults = tuple(p.default for p in positional if p.default is not inspect.Parameter.empty)
    stars = [
        next((p.name for p in kinds.get(kind, ())), None)
        for kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]
    given = {p.name: p.default for p in keyword if p.default is not inspect.Parameter.empty}
    names = [p.name for p in positional], *stars, defaults or None, [p.name for p in keyword], given or None, {}
    return ArgumentNames(tuple(names))
