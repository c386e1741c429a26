"""Compile-time scopes: which names a piece of source binds, and where a name is to be looked up.

A scope also carries the dispatch tables, so that a builder reaches the other builders through it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analyzer.evaluator.errors import CannotEvaluate, Place
from analyzer.evaluator.frame import Frame

Evaluate = Callable[[Frame], Any]
Execute = Callable[[Frame], Any]
Turns = Generator[Any, Any, Any]
Drive = Callable[[Frame], Turns]
ExpressionBuilder = Callable[[Any, "Scope"], Evaluate]
Expressions = dict[type[ast.AST], ExpressionBuilder]
Kind = Literal["module", "function", "class", "comprehension"]
MAXIMUM_SCOPES = 100
Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Tables:
    """One builder per ast class, and the reason for each class that has none."""

    expressions: Mapping[type[ast.AST], Callable[[Any, Scope], Evaluate]]
    statements: Mapping[type[ast.AST], Callable[[Any, Scope], Execute]]
    drivers: Mapping[type[ast.AST], Callable[[Any, Scope], Drive]]
    refused: Mapping[type[ast.AST], str]
    guard: Callable[[ast.stmt, Execute], Execute]


class Scope:
    """A lexical level of one file while its source is compiled."""

    def __init__(
        self, kind: Kind, names: Iterable[str], tables: Tables, path: str, parent: Scope | None = None
    ) -> None:
        self.kind = kind
        self.names = frozenset(names)
        self.tables = tables
        self.path = path
        self.parent = parent
        self.globals: frozenset[str] = frozenset()
        self.owner: str = parent.owner if parent else ""
        self.outer_names: set[str] = set()
        """Global and builtin names that code of this scope, and of scopes within it, speaks of."""
        self.enclosing: dict[str, int] = {}
        """Names of enclosing scopes that it speaks of, with how many frames up they are bound."""

    def child(self, kind: Kind, names: Iterable[str]) -> Scope:
        return Scope(kind, names, self.tables, self.path, self)

    def expression(self, node: ast.expr) -> Evaluate:
        """The closure that evaluates an expression."""
        builder = self.tables.expressions.get(type(node))
        if builder is None:
            return self._refusal(node)
        return builder(node, self)

    def statement(self, node: ast.stmt) -> Execute:
        """The closure that executes a statement and answers with a signal, or None to go on."""
        builder = self.tables.statements.get(type(node))
        inner = self._refusal(node) if builder is None else builder(node, self)
        return self.tables.guard(node, inner)

    def _refusal(self, node: ast.AST) -> Evaluate:
        reason = self.tables.refused.get(type(node), "syntax_not_supported")
        line = getattr(node, "lineno", 0)
        place = Place(self.path, line, getattr(node, "end_lineno", line) or line)

        def refuse(frame: Frame) -> Any:
            raise CannotEvaluate(reason, type(node).__name__, place=place)

        return refuse

    def block(self, nodes: Sequence[ast.stmt]) -> Execute:
        """Execute statements in order until one signals."""
        steps = [self.statement(node) for node in nodes]
        if len(steps) == 1:
            return steps[0]

        def run(frame: Frame) -> Any:
            for step in steps:
                signal = step(frame)
                if signal is not None:
                    return signal
            return None

        return run

    def hops(self, name: str) -> int | None:
        """How many frames up the name is bound; None for a global or builtin."""
        found = self._find(name)
        scope: Scope | None = self
        for up in range(found if found is not None else MAXIMUM_SCOPES):
            if scope is None or scope.kind == "module":
                break
            if found is None:
                scope.outer_names.add(name)
            else:
                scope.enclosing[name] = found - up
            scope = scope.parent
        return found

    def _find(self, name: str) -> int | None:
        if name in self.globals:
            return None
        count, scope = 0, self
        while scope.kind != "module" and scope.parent is not None:
            if name in scope.names and (scope.kind != "class" or scope is self):
                return count
            if name in scope.globals:
                return None
            scope = scope.parent
            count += 1
        return None


def find_bound_names(nodes: Iterable[ast.AST]) -> list[str]:
    """Names that these statements bind in their own scope, in order of appearance."""
    finder = _Binder()
    for node in nodes:
        finder.visit(node)
    outside = finder.outer
    return [name for name in dict.fromkeys(finder.found) if name not in outside]


def find_globals(nodes: Iterable[ast.stmt]) -> list[str]:
    """Names declared `global` directly in these statements."""
    finder = _Binder()
    for node in nodes:
        finder.visit(node)
    return finder.globals


class _Binder(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[str] = []
        self.globals: list[str] = []
        self.outer: set[str] = set()
        self.inside = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load) and not self.inside:
            self.found.append(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.found.append(node.target.id)
        self.visit(node.value)

    def _visit_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.found.append(node.name)
        for decorator in node.decorator_list:
            self.visit(decorator)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_definition

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Binds nothing here."""

    def _visit_comprehension(self, node: ast.AST) -> None:
        inside, self.inside = self.inside, True
        self.generic_visit(node)
        self.inside = inside

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def visit_alias(self, node: ast.alias) -> None:
        if node.name != "*":
            self.found.append(node.asname or node.name.split(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.found.append(node.name)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals += node.names
        self.outer.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.outer.update(node.names)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.found.append(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.found.append(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.found.append(node.rest)
        self.generic_visit(node)
