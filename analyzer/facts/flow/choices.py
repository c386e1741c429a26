"""Choices in the code: `if`, `match` and what follows an early exit; of the arms of one choice a run takes one.

Which arm is taken is not asked here.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from analyzer.facts.flow.steps import Branch, Place, Surrounding

EXITS = (ast.Return, ast.Continue, ast.Break)


def first_arm(around: Surrounding, path: str, node: ast.stmt | ast.expr, condition: str) -> Surrounding:
    """Around what runs where the condition of a choice holds."""
    outer, choice, number = _choice(around, path, node)
    return replace(around, branches=(*outer, Branch(choice, number, condition, len(around.loops))))


def other_arm(around: Surrounding, path: str, node: ast.If | ast.IfExp, condition: str) -> Surrounding:
    """Around what runs where it does not hold; `elif` is a further arm of the same choice."""
    outer, choice, number = _choice(around, path, node)
    orelse = node.orelse if isinstance(node, ast.If) else [node.orelse]
    continued = orelse[0] if len(orelse) == 1 and isinstance(orelse[0], (ast.If, ast.IfExp)) else None
    branch = Branch(choice, number + 1, "" if number > 1 else condition, len(around.loops), continued)
    return replace(around, branches=(*outer, branch))


def numbered_arm(around: Surrounding, path: str, node: ast.Match, number: int, condition: str) -> Surrounding:
    """Around one case of a `match`."""
    branch = Branch(Place(path, node.lineno, node.col_offset), number, condition, len(around.loops))
    return replace(around, branches=(*around.branches, branch))


def behind_exit(
    around: Surrounding, path: str, node: ast.If, condition: str, following: ast.stmt | None
) -> Surrounding:
    """Around what stands behind `if …: return`."""
    if not is_exit(node):
        return around
    outer, choice, number = _choice(around, path, node)
    continued = following if following is not None and is_exit(following) else None
    branch = Branch(choice, number + 1, "" if number > 1 else condition, len(around.loops), continued)
    return replace(around, branches=(*outer, branch))


def is_exit(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], EXITS)


def _choice(around: Surrounding, path: str, node: ast.AST) -> tuple[tuple[Branch, ...], Place, int]:
    """The arms outside of this choice, the choice, and the number of the arm that the node's condition opens."""
    last = around.branches[-1] if around.branches else None
    if last is not None and last.continued_by is node:
        return around.branches[:-1], last.choice, last.number
    place = Place(path, getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    return around.branches, place, 1
