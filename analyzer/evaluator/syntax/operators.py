"""Operator tables: ast operator class to a checked function.

Whatever could make a number, text or list explode is asked of the budget first.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from torch import nn

from analyzer.evaluator.budget import Budget
from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.values import UnknownValue, find_unknown, plain, rest_of

Binary = Callable[[Any, Any, Budget], Any]
SEQUENCES = (list, tuple, bytes, bytearray)


def _free(function: Callable[[Any, Any], Any]) -> Binary:
    def apply(left: Any, right: Any, budget: Budget) -> Any:
        return function(left, right)

    return apply


def _measure(value: Any, budget: Budget, factor: int = 1, extra: int = 0) -> None:
    if isinstance(value, str):
        budget.check_text(len(value) * factor + extra)
    elif isinstance(value, SEQUENCES):
        budget.check_items(len(value) * factor + extra)


def add(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, (str, *SEQUENCES)) and isinstance(right, (str, *SEQUENCES)):
        _measure(left, budget, extra=len(right))
    return left + right


def multiply(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        budget.check_bits(left.bit_length() + right.bit_length())
    elif isinstance(right, int):
        _measure(left, budget, factor=right)
    elif isinstance(left, int):
        _measure(right, budget, factor=left)
    return left * right


def power(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        budget.check_bits(left.bit_length() * right)
    return left**right


def shift_left(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        budget.check_bits(left.bit_length() + right)
    return left << right


def remainder(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, (str, bytes)):
        return format_percent(left, right, budget)
    return left % right


def format_percent(template: str | bytes, values: Any, budget: Budget) -> Any:
    """`'%5d' % value`: widths under the budget; objects of the target are printed by their own methods."""
    text = template if isinstance(template, str) else template.decode("latin-1")
    for width in re.findall(r"\d+", text):
        budget.check_text(int(width[:12]))
    if "*" in text:
        raise CannotEvaluate("format_width_from_value")
    return template % values


BINARY: dict[type[ast.operator], Binary] = {
    ast.Add: add,
    ast.Sub: _free(operator.sub),
    ast.Mult: multiply,
    ast.Div: _free(operator.truediv),
    ast.FloorDiv: _free(operator.floordiv),
    ast.Mod: remainder,
    ast.Pow: power,
    ast.LShift: shift_left,
    ast.RShift: _free(operator.rshift),
    ast.BitOr: _free(operator.or_),
    ast.BitXor: _free(operator.xor),
    ast.BitAnd: _free(operator.and_),
    ast.MatMult: _free(operator.matmul),
}

IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.Mod: operator.imod,
    ast.Pow: operator.ipow,
    ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
    ast.BitOr: operator.ior,
    ast.BitXor: operator.ixor,
    ast.BitAnd: operator.iand,
    ast.MatMult: operator.imatmul,
}
IMMUTABLE = (int, float, complex, str, bytes, tuple, bool)

UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}


def _contains(left: Any, right: Any) -> Any:
    if isinstance(right, UnknownValue):
        return plain(right)
    if isinstance(left, UnknownValue):
        return plain(left)
    rest = rest_of(right)
    return left in right if rest is None else rest


def _lacks(left: Any, right: Any) -> Any:
    found = _contains(left, right)
    return found if isinstance(found, UnknownValue) else not found


def _same(left: Any, right: Any) -> Any:
    if isinstance(left, UnknownValue):
        return plain(left)
    return plain(right) if isinstance(right, UnknownValue) else left is right


def _other(left: Any, right: Any) -> Any:
    same = _same(left, right)
    return same if isinstance(same, UnknownValue) else not same


COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: _same,
    ast.IsNot: _other,
    ast.In: _contains,
    ast.NotIn: _lacks,
}


def change_in_place(kind: type[ast.operator], left: Any, right: Any, budget: Budget) -> Any:
    """`left op= right`; immutable operands take the checked way of the plain operator."""
    if isinstance(left, nn.Module):
        unknown = find_unknown((right,), {})
        if unknown is not None:
            return unknown
    if isinstance(left, IMMUTABLE):
        return BINARY[kind](left, right, budget)
    if isinstance(left, (list, bytearray)):
        _measure(left, budget, factor=right if isinstance(right, int) else 1)
        if kind is ast.Add and hasattr(right, "__len__"):
            budget.check_items(len(left) + len(right))
    return IN_PLACE[kind](left, right)
