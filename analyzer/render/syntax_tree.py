"""A closed formula as a small JSON tree that a page computes without evaluating any text.

A name is a string; everything else is a list that starts with its operator, and a whole number is written in decimal
digits. What cannot be computed exactly alike in the page (floor division of fractions, a call) is no tree at all.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

Tree = str | list["Tree | float"]

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
}
WHOLE_ONLY = {"//", "%", "**"}
"""Operators whose rounding differs between languages unless both sides are whole numbers."""


class _Untranslatable(ValueError):
    pass


@dataclass(frozen=True)
class _Typed:
    tree: Tree
    whole: bool


def syntax_tree(expression: str) -> Tree | None:
    """The tree of a formula whose value is a whole number; None where it has anything but arithmetic over names."""
    try:
        found = _translated(ast.parse(expression, mode="eval").body)
    except (_Untranslatable, SyntaxError, RecursionError):
        return None
    return found.tree if found.whole else None


def _translated(node: ast.expr) -> _Typed:
    if isinstance(node, ast.Name):
        return _Typed(node.id, True)
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _translated(node.operand)
        return _Typed(["negative", operand.tree], operand.whole)
    if isinstance(node, ast.BinOp):
        return _binary(node)
    if isinstance(node, ast.Call) and _is_truncation(node):
        return _Typed(["int", _translated(node.args[0]).tree], True)
    raise _Untranslatable(ast.dump(node))


def _is_truncation(node: ast.Call) -> bool:
    named_int = isinstance(node.func, ast.Name) and node.func.id == "int"
    return named_int and len(node.args) == 1 and not node.keywords


def _constant(value: object) -> _Typed:
    if type(value) is int:
        return _Typed(["integer", str(value)], True)
    if type(value) is float and abs(value) < float("inf"):
        return _Typed(["fraction", value], False)
    raise _Untranslatable(repr(value))


def _binary(node: ast.BinOp) -> _Typed:
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        raise _Untranslatable(ast.dump(node.op))
    left, right = _translated(node.left), _translated(node.right)
    whole = left.whole and right.whole
    if operator in WHOLE_ONLY and not whole:
        raise _Untranslatable(operator)
    return _Typed([operator, left.tree, right.tree], whole and operator != "/")
