"""Builders of expressions other than calls, comprehensions and operators, in the order of the reference.

Each takes a node and its scope and answers with the closure that evaluates it in a frame.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.nesting import pay, pay_for_comparison
from analyzer.evaluator.objects import CODE_FACTS, code_fact
from analyzer.evaluator.syntax.arithmetic import build_BinOp
from analyzer.evaluator.syntax.branches import build_decision, changes_nothing, merge_values
from analyzer.evaluator.syntax.effects import Effects
from analyzer.evaluator.syntax.operators import COMPARISONS, UNARY
from analyzer.evaluator.syntax.optional_names import by_choice, told_apart
from analyzer.evaluator.syntax.paths import Question, choose_both, may_fork
from analyzer.evaluator.syntax.scope import Evaluate, Expressions, Scope
from analyzer.evaluator.syntax.targets import mangle
from analyzer.evaluator.values import UnknownValue, plain


def build_Constant(node: ast.Constant, scope: Scope) -> Evaluate:
    value = node.value
    return lambda frame: value


def build_Name(node: ast.Name, scope: Scope) -> Evaluate:
    name, hops = node.id, scope.hops(node.id)
    if hops is None:
        return _load_global(name, scope)
    if scope.kind == "class" and hops == 0:
        return _load_in_class(name, scope)
    return _load_own(name) if hops == 0 else _load_outer(name, hops)


def _load_own(name: str) -> Evaluate:
    def load(frame: Frame) -> Any:
        try:
            return frame.variables[name]
        except KeyError:
            raise UnboundLocalError(f"local variable {name!r} referenced before assignment") from None

    return load


def _load_outer(name: str, hops: int) -> Evaluate:
    def load(frame: Frame) -> Any:
        try:
            return frame.outer(hops).variables[name]
        except KeyError:
            raise NameError(f"free variable {name!r} referenced before assignment", name=name) from None

    return load


def _load_global(name: str, scope: Scope) -> Evaluate:
    if name == "__class__":
        return lambda frame: frame.class_cell[0] if frame.class_cell else None
    if scope.kind == "module":
        return lambda frame: frame.module.lookup(name, frame.position)

    def load(frame: Frame) -> Any:
        try:
            return frame.module.variables[name]
        except KeyError:
            return frame.module.lookup(name)

    return load


def _load_in_class(name: str, scope: Scope) -> Evaluate:
    outside = build_Name(ast.Name(name, ast.Load()), scope.parent) if scope.parent else None

    def load(frame: Frame) -> Any:
        if name in frame.variables or outside is None or frame.parent is None:
            return frame.variables[name]
        return outside(frame.parent)

    return load


def build_Tuple(node: ast.Tuple, scope: Scope) -> Evaluate:
    gather = _build_items(node.elts, scope)
    return lambda frame: tuple(gather(frame))


def build_List(node: ast.List, scope: Scope) -> Evaluate:
    return _build_items(node.elts, scope)


def build_Set(node: ast.Set, scope: Scope) -> Evaluate:
    gather = _build_items(node.elts, scope)

    def make(frame: Frame) -> set[Any]:
        items = gather(frame)
        pay(frame.session, *items)
        return set(items)

    return make


def _build_items(nodes: list[ast.expr], scope: Scope) -> Evaluate:
    if not any(isinstance(node, ast.Starred) for node in nodes):
        items = [scope.expression(node) for node in nodes]
        return lambda frame: [item(frame) for item in items]
    parts = [
        (isinstance(node, ast.Starred), scope.expression(node.value if isinstance(node, ast.Starred) else node))
        for node in nodes
    ]

    def gather(frame: Frame) -> list[Any]:
        found: list[Any] = []
        for starred, part in parts:
            value = part(frame)
            found.extend(frame.session.iterate(value)) if starred else found.append(value)
        return found

    return gather


def build_Dict(node: ast.Dict, scope: Scope) -> Evaluate:
    pairs = [
        (scope.expression(key) if key else None, scope.expression(value))
        for key, value in zip(node.keys, node.values, strict=True)
    ]

    def gather(frame: Frame) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in pairs:
            if key is None:
                found.update(value(frame))
            else:
                name = key(frame)
                pay(frame.session, name)
                found[name] = value(frame)
        return found

    return gather


def build_BoolOp(node: ast.BoolOp, scope: Scope) -> Evaluate:
    parts = [scope.expression(value) for value in node.values]
    stop_at = isinstance(node.op, ast.Or)

    def decide(frame: Frame) -> Any:
        value = None
        truth = frame.session.truth
        for part in parts[:-1]:
            value = part(frame)
            if truth(value, frame) is stop_at:
                return value
        return parts[-1](frame)

    return told_apart(node, scope, decide)


def build_UnaryOp(node: ast.UnaryOp, scope: Scope) -> Evaluate:
    operand = scope.expression(node.operand)
    if isinstance(node.op, ast.Not):
        return _build_not(operand)
    apply = UNARY[type(node.op)]
    return lambda frame: apply(operand(frame))


def _build_not(operand: Evaluate) -> Evaluate:
    def negate(frame: Frame) -> Any:
        value = operand(frame)
        return plain(value) if isinstance(value, UnknownValue) else not frame.session.truth(value, frame)

    return negate


def build_Compare(node: ast.Compare, scope: Scope) -> Evaluate:
    first = scope.expression(node.left)
    rest = [
        (COMPARISONS[type(operator)], scope.expression(right))
        for operator, right in zip(node.ops, node.comparators, strict=True)
    ]
    if len(rest) == 1:
        compare, second = rest[0]
        return lambda frame: _compared(frame, compare, first(frame), second(frame))

    def chain(frame: Frame) -> Any:
        left, result = first(frame), None
        for compare, right in rest:
            value = right(frame)
            result = _compared(frame, compare, left, value)
            if not frame.session.truth(result, frame):
                return result
            left = value
        return result

    return chain


def _compared(frame: Frame, compare: Any, left: Any, right: Any) -> Any:
    pay_for_comparison(frame.session, left, right)
    return compare(left, right)


def build_IfExp(node: ast.IfExp, scope: Scope) -> Evaluate:
    test = scope.expression(node.test)
    body, otherwise = (
        _noted(node, True, scope.expression(node.body)),
        _noted(node, False, scope.expression(node.orelse)),
    )
    mergeable = changes_nothing(node.body) and changes_nothing(node.orelse)

    asked = Question.of(node.test, scope)

    def undecided(frame: Frame, stop: CannotEvaluate) -> Any:
        if may_fork(frame):
            return choose_both(frame, (body, otherwise), stop, asked)
        if mergeable:
            return merge_values(frame, (body, otherwise), stop)
        for arm in (node.body, node.orelse):
            Effects(arm).spread(frame, UnknownValue(stop.cause))
        raise stop

    def decide(frame: Frame) -> Any:
        return decision(frame)

    decision = build_decision(test, body, otherwise, by_choice(node.test, scope, decide, undecided, is_value=True))
    return decision


def _noted(node: ast.IfExp, verdict: bool, arm: Evaluate) -> Evaluate:
    """The arm, and that it ran: pictures show no value that never came about."""
    line, column = node.lineno, node.col_offset

    def evaluate(frame: Frame) -> Any:
        if frame.session.recording and not frame.session.trials:
            frame.session.recorder.took((frame.module.path, line, column), frame.subject, verdict)
        return arm(frame)

    return evaluate


def build_Attribute(node: ast.Attribute, scope: Scope) -> Evaluate:
    if node.attr in CODE_FACTS and isinstance(node.value, ast.Attribute) and node.value.attr == "__code__":
        function = scope.expression(node.value.value)
        return lambda frame: code_fact(function(frame), node.attr)
    owner, name = scope.expression(node.value), mangle(node.attr, scope)
    return lambda frame: frame.session.attribute(owner(frame), name)


def build_Subscript(node: ast.Subscript, scope: Scope) -> Evaluate:
    owner, key = scope.expression(node.value), scope.expression(node.slice)
    return lambda frame: frame.session.item(owner(frame), key(frame))


def build_Slice(node: ast.Slice, scope: Scope) -> Evaluate:
    ends = [scope.expression(end) if end else None for end in (node.lower, node.upper, node.step)]
    return lambda frame: slice(*(end(frame) if end else None for end in ends))


def build_NamedExpr(node: ast.NamedExpr, scope: Scope) -> Evaluate:
    value, name = scope.expression(node.value), node.target.id
    home, hops = scope, 0
    while home.kind == "comprehension" and home.parent:
        home, hops = home.parent, hops + 1

    def bind(frame: Frame) -> Any:
        result = value(frame)
        frame.outer(hops).variables[name] = result
        return result

    return bind


def build_JoinedStr(node: ast.JoinedStr, scope: Scope) -> Evaluate:
    parts = [scope.expression(value) for value in node.values]

    def join(frame: Frame) -> Any:
        found = [part(frame) for part in parts]
        unknown = next((part for part in found if isinstance(part, UnknownValue)), None)
        if unknown is not None:
            return plain(unknown)
        frame.session.budget.check_text(sum(map(len, found)))
        return "".join(found)

    return join


def build_FormattedValue(node: ast.FormattedValue, scope: Scope) -> Evaluate:
    value = scope.expression(node.value)
    spec = scope.expression(node.format_spec) if node.format_spec else None
    conversions: dict[int, Callable[[object], str]] = {115: str, 114: repr, 97: ascii}
    convert = conversions.get(node.conversion)

    def show(frame: Frame) -> Any:
        result = value(frame)
        if isinstance(result, UnknownValue):
            return plain(result)
        return frame.session.format(convert(result) if convert else result, spec(frame) if spec else "")

    return show


EXPRESSIONS: Expressions = {
    ast.Constant: build_Constant,
    ast.Name: build_Name,
    ast.Tuple: build_Tuple,
    ast.List: build_List,
    ast.Set: build_Set,
    ast.Dict: build_Dict,
    ast.BoolOp: build_BoolOp,
    ast.BinOp: build_BinOp,
    ast.UnaryOp: build_UnaryOp,
    ast.Compare: build_Compare,
    ast.IfExp: build_IfExp,
    ast.Attribute: build_Attribute,
    ast.Subscript: build_Subscript,
    ast.Slice: build_Slice,
    ast.NamedExpr: build_NamedExpr,
    ast.JoinedStr: build_JoinedStr,
    ast.FormattedValue: build_FormattedValue,
}
