"""What is the number of a formula (`3*n_embd`, `n_embd//n_head`, `1 / math.sqrt(d)`) at given values of its names?

Arithmetic over names is all it knows: nothing else of Python is evaluated.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

Number = int | float
Functions = Mapping[str, Callable[[Number], Number]]
EXPONENTS = (0, 8)
POWERS = (-64, 64)
NO_FUNCTIONS: Functions = {}
REFUSED = (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError)


def evaluate_formula(expression: str, values: Mapping[str, int]) -> int | None:
    """The value of a formula over names; None where a name is missing or it is no whole number."""
    found = number_of(expression, values.get, {"int": int}, EXPONENTS)
    return found if isinstance(found, int) else None


def number_of(
    expression: str,
    value: Callable[[str], object],
    functions: Functions = NO_FUNCTIONS,
    powers: tuple[int, int] = POWERS,
) -> Number | None:
    """The number of any arithmetic; `value` gives that of a name or dotted name. None where something else stands in
    the expression, a name has no number, or an exponent lies outside of the bounds `powers`.
    """
    try:
        return _Arithmetic(value, functions, powers).number(ast.parse(expression.strip(), mode="eval").body)
    except REFUSED:
        return None


_OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


class _Arithmetic:
    """One walk over an expression; what it does not know raises TypeError."""

    def __init__(self, value: Callable[[str], object], functions: Functions, powers: tuple[int, int]) -> None:
        self._value, self._functions, self._powers = value, functions, powers

    def number(self, node: ast.expr) -> Number:
        if isinstance(node, ast.Constant):
            return _plain(node.value)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return _plain(self._value(node.id if isinstance(node, ast.Name) else ast.unparse(node)))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.number(node.operand)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self._power(self.number(node.left), self.number(node.right))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _plain(_OPERATORS[type(node.op)](self.number(node.left), self.number(node.right)))
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            function = self._functions.get(ast.unparse(node.func))
            if function is not None:
                return function(self.number(node.args[0]))
        raise TypeError(ast.dump(node))

    def _power(self, base: Number, power: Number) -> Number:
        smallest, largest = self._powers
        if not smallest <= power <= largest:
            raise TypeError(f"power {power}")
        return _plain(base**power)


def _plain(value: object) -> Number:
    """A finite number, no truth and nothing complex."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise TypeError(repr(value))
