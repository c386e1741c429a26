"""What is the value of a closed formula (`3*n_embd`, `n_embd//n_head`) at given values of its names?

Integer arithmetic over names is all it knows: nothing else of Python is evaluated.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

LARGEST_EXPONENT = 8


def evaluate_formula(expression: str, values: Mapping[str, int]) -> int | None:
    """The value of a formula over names; None where a name is missing or it is no whole number."""
    try:
        value = _evaluated(ast.parse(expression, mode="eval").body, values)
    except (KeyError, ZeroDivisionError, TypeError, SyntaxError):
        return None
    return value if isinstance(value, int) else None


_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def _evaluated(node: ast.expr, values: Mapping[str, int]) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluated(node.operand, values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int":
        return int(_evaluated(node.args[0], values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = _evaluated(node.right, values)
        if 0 <= power <= LARGEST_EXPONENT:
            return _evaluated(node.left, values) ** power  # type: ignore[no-any-return]
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluated(node.left, values), _evaluated(node.right, values))  # type: ignore[no-any-return]
    raise TypeError(ast.dump(node))
