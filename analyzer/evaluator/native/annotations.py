"""Annotations of classes as values: each is evaluated in its own module when it is asked for."""

from __future__ import annotations

import ast
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.objects import origin_of
from analyzer.evaluator.values import UnknownValue


class Annotations(dict[str, Any]):
    """Name to value; what cannot be evaluated is unknown."""

    def __init__(self, session: Any, texts: dict[str, tuple[str, str]]) -> None:
        super().__init__(dict.fromkeys(texts))
        self._session = session
        self._texts = texts

    def __getitem__(self, name: str) -> Any:
        path, text = self._texts[name]
        scope = self._session.scope_of(path)
        try:
            node = ast.parse(text.strip("\"' "), mode="eval").body
            return scope.scope.expression(node)(Frame(scope, scope.scope, scope.variables, None))
        except CannotEvaluate as stop:
            return UnknownValue(stop.cause)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._texts else default

    def items(self) -> Any:
        return {name: self[name] for name in self}.items()

    def values(self) -> Any:
        return {name: self[name] for name in self}.values()


def annotations_of(session: Any, value: Any, *, inherited: bool) -> Any:
    """Those of a class of the target; of functions none are kept."""
    if isinstance(value, UnknownValue):
        return value
    texts: dict[str, tuple[str, str]] = {}
    kinds = value.__mro__ if isinstance(value, type) else ()
    for kind in reversed(kinds if inherited else kinds[:1]):
        origin = origin_of(kind)
        if origin is not None:
            found = vars(kind).get("__annotations__", {})
            texts.update({name: (origin.path, text) for name, text in found.items() if isinstance(text, str)})
    return Annotations(session, texts)
