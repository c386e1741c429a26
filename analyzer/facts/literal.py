"""Value of an expression that is plain by itself: literals, arithmetic on them, and names given to it.

It knows no imports, calls or attributes; what goes beyond that is the evaluator's business.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from analyzer.records.configuration import PlainValue

MAX_TEXT = 100_000
MAX_BITS = 4096


class NotPlain(Exception):
    """The expression is not plain; its value has to come from the evaluator."""


BINARY: Mapping[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
UNARY: Mapping[type[ast.unaryop], Callable[..., object]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}  # fmt: skip
COMPARE: Mapping[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip


def eval_plain(node: ast.expr, names: Mapping[str, PlainValue] | None = None) -> PlainValue:
    """Value of a plain expression; raises NotPlain. `names` maps dotted names to values."""
    handler = HANDLERS.get(type(node))
    if handler is None:
        raise NotPlain(type(node).__name__)
    return handler(node, names or {})


def is_plain(value: object) -> bool:
    """True for None, numbers, texts, and lists, tuples and dicts of them."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return value is None or type(value) in (bool, int, float, str)


Names = Mapping[str, PlainValue]


def _constant(node: ast.Constant, names: Names) -> PlainValue:
    if not is_plain(node.value):
        raise NotPlain("Constant")
    return node.value


def _name(node: ast.Name, names: Names) -> PlainValue:
    if node.id not in names:
        raise NotPlain(node.id)
    return names[node.id]


def _attribute(node: ast.Attribute, names: Names) -> PlainValue:
    dotted = ast.unparse(node)
    if dotted not in names:
        raise NotPlain(dotted)
    return names[dotted]


def _tuple(node: ast.Tuple, names: Names) -> PlainValue:
    return tuple(eval_plain(item, names) for item in node.elts)


def _list(node: ast.List, names: Names) -> PlainValue:
    return [eval_plain(item, names) for item in node.elts]


def _dict(node: ast.Dict, names: Names) -> PlainValue:
    if any(key is None for key in node.keys):
        raise NotPlain("Dict")
    pairs = zip(node.keys, node.values, strict=True)
    return {_hashable(eval_plain(key, names)): eval_plain(value, names) for key, value in pairs if key is not None}


def _hashable(value: PlainValue) -> PlainValue:
    try:
        hash(value)
    except TypeError:
        raise NotPlain("Dict") from None
    return value


def _binary(node: ast.BinOp, names: Names) -> PlainValue:
    function = BINARY.get(type(node.op))
    left, right = eval_plain(node.left, names), eval_plain(node.right, names)
    if function is None or not _is_small(node.op, left, right):
        raise NotPlain("BinOp")
    return _applied(function, left, right)


def _is_small(op: ast.operator, left: object, right: object) -> bool:
    """Bounds what a short expression can blow up to."""
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        if isinstance(op, (ast.Pow, ast.LShift)):
            bits = left.bit_length() if isinstance(left, int) else 1
            return abs(right) * max(bits, 1) <= MAX_BITS
        return True
    if isinstance(op, ast.Mult):
        size = left if isinstance(left, int) else right if isinstance(right, int) else 0
        other = right if isinstance(left, int) else left
        return isinstance(other, (str, list, tuple)) and len(other) * max(size, 1) <= MAX_TEXT
    return isinstance(op, ast.Add)


def _applied(function: Callable[..., object], *values: object) -> PlainValue:
    try:
        result = function(*values)
    except (TypeError, ValueError, ArithmeticError):
        raise NotPlain("error") from None
    if not is_plain(result):
        raise NotPlain("result")
    return result


def _unary(node: ast.UnaryOp, names: Names) -> PlainValue:
    function = UNARY.get(type(node.op))
    if function is None:
        raise NotPlain("UnaryOp")
    return _applied(function, eval_plain(node.operand, names))


def _choice(node: ast.IfExp, names: Names) -> PlainValue:
    return eval_plain(node.body if eval_plain(node.test, names) else node.orelse, names)


def _boolean(node: ast.BoolOp, names: Names) -> PlainValue:
    result: PlainValue = None
    for operand in node.values:
        result = eval_plain(operand, names)
        if bool(result) is isinstance(node.op, ast.Or):
            break
    return result


def _compare(node: ast.Compare, names: Names) -> PlainValue:
    left = eval_plain(node.left, names)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = eval_plain(right_node, names)
        function = COMPARE.get(type(op))
        if function is None:
            raise NotPlain("Compare")
        if not _applied(function, left, right):
            return False
        left = right
    return True


HANDLERS: Mapping[type[ast.expr], Callable[..., PlainValue]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Tuple: _tuple, ast.List: _list,
    ast.Dict: _dict, ast.BinOp: _binary, ast.UnaryOp: _unary, ast.IfExp: _choice, ast.BoolOp: _boolean,
    ast.Compare: _compare,
}  # fmt: skip
