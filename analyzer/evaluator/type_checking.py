"""`if TYPE_CHECKING:` at the top of a module, statement by statement, so that a name asks for what it needs alone.

Packages that import lazily list there what their `else` part provides by other means; what that part binds itself
is what really runs, and comes first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.evaluator.syntax.scope import find_bound_names


def flattened(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module with those of its `TYPE_CHECKING` parts in their place."""
    for node in body:
        parts = parts_of(node) if isinstance(node, ast.If) else None
        if parts is None:
            yield node
            continue
        shown, run = parts
        names = set(find_bound_names(list(run)))
        for statement in flattened(shown):
            yield from _without(statement, names)
        yield from flattened(run)


def parts_of(node: ast.If) -> tuple[Sequence[ast.stmt], Sequence[ast.stmt]] | None:
    """What only type checkers see, and what really runs."""
    test = node.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_flag(test.operand):
        return node.orelse, node.body
    return (node.body, node.orelse) if _is_flag(test) else None


def _is_flag(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _without(node: ast.stmt, names: set[str]) -> Iterator[ast.stmt]:
    """The statement, unless it binds one of these names; of an import what is left of it."""
    if isinstance(node, ast.ImportFrom):
        kept = [alias for alias in node.names if (alias.asname or alias.name) not in names]
        if kept:
            yield ast.copy_location(ast.ImportFrom(node.module, kept, node.level), node)
    elif not names & set(find_bound_names([node])):
        yield node
