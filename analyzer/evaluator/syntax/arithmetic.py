"""Builder of `a + b` and its kin: models that fill tables in Python do millions of them while they are built.

Plain numbers are computed at once where they cannot explode: all but products and powers of integers. All else goes
through the checked operators.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.operators import BINARY
from analyzer.evaluator.syntax.scope import Evaluate, Scope

_OF_NUMBERS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_NUMBERS = frozenset({int, float})
_GROWING = (ast.Mult, ast.Pow)


def build_BinOp(node: ast.BinOp, scope: Scope) -> Evaluate:
    left, right, apply = scope.expression(node.left), scope.expression(node.right), BINARY[type(node.op)]
    plain = _OF_NUMBERS.get(type(node.op))
    if plain is None:
        return lambda frame: apply(left(frame), right(frame), frame.session.budget)
    whole = frozenset() if isinstance(node.op, _GROWING) else _NUMBERS
    if isinstance(node.right, ast.Constant):
        return _by_constant(left, node.right.value, apply, plain, whole)

    def evaluate(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        kind, second = type(one), type(other)
        if kind in _NUMBERS and second in _NUMBERS and (kind is float or second is float or kind in whole):
            return plain(one, other)
        return apply(one, other, frame.session.budget)

    return evaluate


def _by_constant(
    left: Evaluate, other: Any, apply: Callable[..., Any], plain: Callable[[Any, Any], Any], whole: frozenset[type]
) -> Evaluate:
    kinds = {int: whole | {float}, float: _NUMBERS}.get(type(other), frozenset())

    def evaluate(frame: Frame) -> Any:
        one = left(frame)
        if type(one) in kinds:
            return plain(one, other)
        return apply(one, other, frame.session.budget)

    return evaluate
