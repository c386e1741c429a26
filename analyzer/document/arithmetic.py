"""The number that a short expression of the source comes to, given those of its names. Runs nothing of the source."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable

Number = int | float
OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}  # fmt: skip
ROOTS = {"sqrt", "math.sqrt", "np.sqrt", "numpy.sqrt"}
MOST_POWER = 64


def number_of(expression: str, value: Callable[[str], object]) -> Number | None:
    """None where the expression has more than arithmetic, or a name without a number."""
    try:
        found = _number(ast.parse(expression.strip(), mode="eval").body, value)
    except (SyntaxError, ZeroDivisionError, ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) else None


def _number(node: ast.expr, value: Callable[[str], object]) -> Number | None:
    if isinstance(node, ast.Constant):
        return _plain(node.value)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _plain(value(ast.unparse(node)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand, value)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp):
        return _combined(node, _number(node.left, value), _number(node.right, value))
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        name, inner = ast.unparse(node.func), _number(node.args[0], value)
        if inner is not None and name in ROOTS:
            return math.sqrt(inner)
        return int(inner) if inner is not None and name == "int" else None
    return None


def _combined(node: ast.BinOp, left: Number | None, right: Number | None) -> Number | None:
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Pow):
        found = left**right if abs(right) <= MOST_POWER else None
        return found if isinstance(found, (int, float)) else None
    made = OPERATORS.get(type(node.op))
    return made(left, right) if made is not None else None


def _plain(value: object) -> Number | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
