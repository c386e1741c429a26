"""The interpreter's own versions of what the real ones would leak, specialise, execute or let grow."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.native import (
    attributes,
    builtin_functions,
    contexts,
    conversions,
    files,
    imports,
    kernels,
    loaded_files,
    mapped,
    numbers,
    records,
    seeded,
    sequences,
    signatures,
    stdlib,
    text,
    torch_own,
    trees,
    typing_constructs,
)

FAMILIES = (
    *(builtin_functions, attributes, files, imports, kernels, numbers, records, sequences, stdlib, text, torch_own),
    *(contexts, conversions, loaded_files, mapped, seeded, signatures, trees),
    typing_constructs,
)


class Natives:
    """`by_name`: qualified name to replacement; `by_object`: what happens when a real object is called;
    `modules`: whole modules that only we provide.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}
        self.by_object: dict[int, Callable[..., Any]] = {}
        self.modules: dict[str, Any] = {}
        self.functions: set[Any] = set()

    def add(self, names: dict[str, Any], calls: dict[Any, Callable[..., Any]], modules: dict[str, Any]) -> None:
        names = {name: _closed(value) for name, value in names.items()}
        self.by_name.update(names)
        self.by_object.update({id(real): own for real, own in calls.items()})
        self.modules.update(modules)
        self.functions.update(value for value in (*names.values(), *calls.values()) if callable(value))


def _closed(value: Any) -> Any:
    """A plain closure: bound methods and partials would show the session behind them."""
    if not isinstance(value, (types.MethodType, functools.partial)):
        return value

    def call(*args: Any, **kwargs: Any) -> Any:
        return value(*args, **kwargs)

    return call


def build_natives(session: Any) -> Natives:
    """All replacements, bound to one session."""
    natives = Natives()
    for family in FAMILIES:
        natives.add(*family.provide(session))
    return natives
