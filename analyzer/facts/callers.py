"""Calls of the repository that give a parameter something else than its default.

Where a program begins inside a class, its constructor's defaults stand for what users leave out; they do not where
the repository's own callers set the parameter, each to something of its own.
"""

from __future__ import annotations

import ast

from analyzer.facts.flow import Function, Inference, Klass
from analyzer.facts.flow.bindings import argument_named
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.literal import NotPlain
from analyzer.facts.testing import is_test_file


class Callers:
    """Calls by the function that they run, found when they are first asked for."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._found: dict[str, list[tuple[ast.Call, CodeScope]]] | None = None
        self._names: set[str] | None = None

    def giving(self, owner: CodeScope, name: str) -> list[tuple[ast.expr, CodeScope]]:
        """Expressions that the calls of a method give for its parameter, with their scopes."""
        given = []
        for call, scope in self._calls().get(owner.key, ()):
            try:
                node = argument_named(call, owner.node, name, True)
            except NotPlain:
                continue
            given += [(node, scope)] if node is not None else []
        return given

    def is_named(self, owner: CodeScope) -> bool:
        """Whether any code names the function, so that something may call it; by its last name alone."""
        if self._names is None:
            trees = self._inference.index.trees().values()
            nodes = (node for tree in trees for node in ast.walk(tree))
            self._names = {str(getattr(node, "attr", None) or getattr(node, "id", "")) for node in nodes}
        return str(getattr(owner.node, "name", "")) in self._names

    def of(self, owner: CodeScope) -> list[tuple[ast.Call, CodeScope]]:
        """Calls that run a method, constructions among them, with their scopes; those of tests apart."""
        return self._calls().get(owner.key, [])

    def _calls(self) -> dict[str, list[tuple[ast.Call, CodeScope]]]:
        if self._found is None:
            self._found = {}
            for scope in self._inference.scopes.by_key.values():
                if not is_test_file(self._inference.index, scope.path):
                    self._collect(self._found, scope)
        return self._found

    def _collect(self, found: dict[str, list[tuple[ast.Call, CodeScope]]], scope: CodeScope) -> None:
        for node in scope.nodes:
            for target in self._inference.types(node.func, scope) if isinstance(node, ast.Call) else ():
                if isinstance(target, Klass) or (isinstance(target, Function) and target.receiver is not None):
                    function = self._inference.calls.called_function(target)
                    if function is not None and isinstance(node, ast.Call):
                        found.setdefault(function.name, []).append((node, scope))
