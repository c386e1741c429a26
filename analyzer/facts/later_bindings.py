"""Names that one statement binds and a later branch binds anew: `size = None`, then `if exists(path): size = …`.

What the branch's condition is cannot be told here; who asks gets both bindings.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.facts.flow.scopes import CodeScope


@dataclass(frozen=True)
class LaterBinding:
    """A name's first binding, and the one that counts where the branch is taken."""

    name: str
    first: ast.expr
    branch: ast.If
    later: ast.Assign


def later_binding(name: str, owner: CodeScope, before: int) -> LaterBinding | None:
    """The two bindings of a name that has no other, both before a line."""
    stores = [n for n in owner.nodes if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)]
    body = getattr(owner.node, "body", [])
    plain = [s for s in body if isinstance(s, ast.Assign) and _is_target(s, name)]
    branches = [(s, inner) for s in body if isinstance(s, ast.If) for inner in _straight(s.body)]
    later = [(branch, s) for branch, s in branches if isinstance(s, ast.Assign) and _is_target(s, name)]
    if len(stores) != 2 or len(plain) != 1 or len(later) != 1:
        return None
    branch, again = later[0]
    if not plain[0].lineno < branch.lineno < before:
        return None
    return LaterBinding(name, plain[0].value, branch, again)


def _is_target(statement: ast.Assign, name: str) -> bool:
    return [getattr(target, "id", "") for target in statement.targets] == [name]


def _straight(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """What runs whenever the branch does."""
    found: list[ast.stmt] = []
    for statement in statements:
        found += [statement, *(_straight(statement.body) if isinstance(statement, ast.With) else ())]
    return found


def with_binding(node: ast.expr, name: str, value: ast.expr) -> ast.expr:
    """The expression with the name replaced."""
    copied = ast.parse(ast.unparse(node), mode="eval").body
    replaced: ast.expr = _Replacing(name, value).visit(copied)
    return ast.copy_location(replaced, node)


class _Replacing(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name = name
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._value if node.id == self._name else node
