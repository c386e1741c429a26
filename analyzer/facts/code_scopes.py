"""Scopes of the repository's code: units, the class around a method, what its first argument is, call arguments."""

from __future__ import annotations

import ast

from analyzer.facts.assignments import Assigned, Assignments
from analyzer.facts.class_hierarchy import FUNCTIONS, receiver_name
from analyzer.index import Definition, SourceIndex


class Scopes:
    """Questions about one scope; it follows no values."""

    def __init__(self, index: SourceIndex, assignments: Assignments) -> None:
        self.index = index
        self.assignments = assignments

    def units(self) -> list[tuple[str, str, ast.AST]]:
        """Every module body and every function as (path, scope, node), in source order."""
        found: list[tuple[str, str, ast.AST]] = []
        for path, tree in self.index.trees().items():
            found.append((path, "", tree))
            table = self.index.symbols.definitions[path].values()
            found += [(path, d.name, d.node) for d in table if isinstance(d.node, FUNCTIONS)]
        return found

    def assigned(self, path: str, scope: str, name: str) -> list[tuple[str, str, Assigned]]:
        """Assignments to the name in the scope, else in the scopes around it."""
        while True:
            found = self.assignments.names(path, scope).get(name, [])
            if found or not scope:
                return [(path, scope, assigned) for assigned in found]
            scope = scope.rpartition(".")[0]

    def owner(self, path: str, scope: str) -> Definition | None:
        """The class whose method the scope is, or lies in."""
        table = self.index.symbols.definitions.get(path, {})
        while "." in scope:
            scope = scope.rpartition(".")[0]
            found = table.get(scope)
            if found is not None and isinstance(found.node, ast.ClassDef):
                return found
        return None

    def is_receiver(self, path: str, scope: str, name: str) -> bool:
        """True for the name by which a method, or a function inside it, calls the instance."""
        table = self.index.symbols.definitions.get(path, {})
        while scope:
            found = table.get(scope)
            owner = table.get(scope.rpartition(".")[0])
            if found is not None and owner is not None and isinstance(owner.node, ast.ClassDef):
                return receiver_name(found.node) == name and not _has_decorator(found.node, "staticmethod")
            scope = scope.rpartition(".")[0]
        return False

    def is_class_argument(self, path: str, scope: str, name: str) -> bool:
        """True for the `cls` of a class method."""
        found = self.index.symbols.definitions.get(path, {}).get(scope)
        return (
            found is not None
            and _has_decorator(found.node, "classmethod")
            and receiver_name(found.node) == name
            and self.owner(path, scope) is not None
        )

    def argument_place(self, path: str, scope: str, name: str) -> tuple[Definition | None, int]:
        """The function around the scope that has an argument of that name, and the argument's position."""
        table = self.index.symbols.definitions.get(path, {})
        while scope:
            function = table.get(scope)
            if function is not None and isinstance(function.node, FUNCTIONS):
                names = [argument.arg for argument in arguments_of(function.node)]
                if name in names:
                    return function, names.index(name)
            scope = scope.rpartition(".")[0]
        return None, 0


def arguments_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """Named arguments in the order in which positions are counted."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def annotation_of(function: Definition, name: str) -> ast.expr | None:
    """Annotation of an argument of a function."""
    assert isinstance(function.node, FUNCTIONS)
    return next((a.annotation for a in arguments_of(function.node) if a.arg == name), None)


def argument_of(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """What a call passes for the argument of that name at that position."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if 0 <= place < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: place + 1]):
        return call.args[place]
    return None


def _has_decorator(node: ast.AST, name: str) -> bool:
    return any(isinstance(d, ast.Name) and d.id == name for d in getattr(node, "decorator_list", ()))
