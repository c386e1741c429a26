"""Drivers: the statements of a generator function as Python generators, so that they can pause at `yield`.

Statements without a `yield` inside run by their plain closure. A `yield` inside an expression is taken out and
comes first; one that may not be reached (in `a if b else (yield)`) is refused.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from typing import Any

from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.control import build_handlers, enter_context, leave_context
from analyzer.evaluator.syntax.scope import Drive, Scope, Turns
from analyzer.evaluator.syntax.statements import BREAK, CONTINUE, Return
from analyzer.evaluator.syntax.targets import build_target

YIELDS = (ast.Yield, ast.YieldFrom)
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def has_yield(nodes: Sequence[ast.AST]) -> bool:
    """Whether a `yield` belongs to these nodes and not to a function inside them."""
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, YIELDS):
            return True
        if not isinstance(node, INNER):
            pending += ast.iter_child_nodes(node)
    return False


def drive_block(nodes: Sequence[ast.stmt], scope: Scope) -> Drive:
    """The statements in order; what is returned through StopIteration is the signal."""
    steps = [(drive(node, scope), None) if has_yield([node]) else (None, scope.statement(node)) for node in nodes]

    def run(frame: Frame) -> Turns:
        for driven, plain in steps:
            if driven is not None:
                signal = yield from driven(frame)
            else:
                assert plain is not None
                signal = plain(frame)
            if signal is not None:
                return signal
        return None

    return run


HOISTED = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.If, ast.For)
STOPS = (ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, *INNER)


class _Hoist(ast.NodeTransformer):
    """Takes each `yield` out of an expression, in the order of evaluation; `conditional` tells of one that might
    not be reached, which stays refused.
    """

    def __init__(self) -> None:
        self.taken: list[ast.stmt] = []
        self.conditional = False
        self._called = False

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, YIELDS):
            return self._take(node)
        if isinstance(node, STOPS) and has_yield([node]):
            self.conditional = True
        visited = self.generic_visit(node)
        self._called = self._called or isinstance(node, ast.Call)
        return visited

    def _take(self, node: ast.Yield | ast.YieldFrom) -> ast.expr:
        self.conditional = self.conditional or self._called  # a call before it would come after it
        self.generic_visit(node)
        self._called = False
        name = f"yield {len(self.taken)}"  # no identifier: no name of the target is the same
        self.taken.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], node), node))
        return ast.copy_location(ast.Name(name, ast.Load()), node)


def _hoisted(node: ast.stmt, scope: Scope) -> Drive | None:
    """A statement with `yield` deeper inside its expressions, as the yields first and then the statement."""
    if not isinstance(node, HOISTED):
        return None
    heads = [node.test] if isinstance(node, ast.If) else [node.iter] if isinstance(node, ast.For) else [node]
    value = getattr(node, "value", None)
    if isinstance(value, YIELDS) and not has_yield([part for part in ast.iter_child_nodes(value)]):
        return None
    if not has_yield(heads):
        return None
    copied, hoist = copy.deepcopy(node), _Hoist()
    if isinstance(copied, ast.If):
        copied.test = hoist.visit(copied.test)
    elif isinstance(copied, ast.For):
        copied.iter = hoist.visit(copied.iter)
    else:
        copied = hoist.visit(copied)
    if hoist.conditional:
        return None
    scope.names |= {f"yield {at}" for at in range(len(hoist.taken))}
    return drive_block([*hoist.taken, copied], scope)


def drive(node: ast.stmt, scope: Scope) -> Drive:
    hoisted = _hoisted(node, scope)
    if hoisted is not None:
        return hoisted
    builder = scope.tables.drivers.get(type(node))
    if builder is None:
        return _refuse(node)
    inner, line, last = builder(node, scope), node.lineno, node.end_lineno or node.lineno

    def run(frame: Frame) -> Turns:
        frame.line, frame.last_line = line, last
        frame.session.spend()
        return (yield from inner(frame))

    return run


def _refuse(node: ast.AST) -> Drive:
    def run(frame: Frame) -> Turns:
        raise frame.refuse("yield_inside_expression", type(node).__name__)
        yield

    return run


def _drive_value(node: ast.expr, scope: Scope) -> Drive:
    if isinstance(node, ast.YieldFrom):
        source = scope.expression(node.value)

        def delegate(frame: Frame) -> Turns:
            return (yield from frame.session.iterate(source(frame)))

        return delegate
    if not isinstance(node, ast.Yield):
        return _refuse(node)
    value = scope.expression(node.value) if node.value else None

    def hand_over(frame: Frame) -> Turns:
        return (yield value(frame) if value else None)

    return hand_over


def drive_Expr(node: ast.Expr, scope: Scope) -> Drive:
    value = _drive_value(node.value, scope)

    def run(frame: Frame) -> Turns:
        yield from value(frame)

    return run


def drive_Assign(node: ast.Assign, scope: Scope) -> Drive:
    value = _drive_value(node.value, scope)
    targets = [build_target(target, scope) for target in node.targets]

    def run(frame: Frame) -> Turns:
        sent = yield from value(frame)
        for target in targets:
            target(frame, sent)

    return run


def drive_Return(node: ast.Return, scope: Scope) -> Drive:
    assert node.value is not None
    value = _drive_value(node.value, scope)

    def run(frame: Frame) -> Turns:
        return Return((yield from value(frame)))

    return run


def drive_If(node: ast.If, scope: Scope) -> Drive:
    test = scope.expression(node.test)
    body, otherwise = drive_block(node.body, scope), drive_block(node.orelse, scope)

    def run(frame: Frame) -> Turns:
        return (yield from (body if frame.session.truth(test(frame), frame) else otherwise)(frame))

    return run


def drive_For(node: ast.For, scope: Scope) -> Drive:
    source, assign = scope.expression(node.iter), build_target(node.target, scope)
    body, otherwise = drive_block(node.body, scope), drive_block(node.orelse, scope)

    def run(frame: Frame) -> Turns:
        for value in frame.session.iterate(source(frame)):
            frame.session.spend()
            assign(frame, value)
            signal = yield from body(frame)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
        return (yield from otherwise(frame))

    return run


def drive_While(node: ast.While, scope: Scope) -> Drive:
    test = scope.expression(node.test)
    body, otherwise = drive_block(node.body, scope), drive_block(node.orelse, scope)

    def run(frame: Frame) -> Turns:
        while frame.session.truth(test(frame), frame):
            frame.session.spend()
            signal = yield from body(frame)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
        return (yield from otherwise(frame))

    return run


def drive_Try(node: ast.Try, scope: Scope) -> Drive:
    body, otherwise = drive_block(node.body, scope), drive_block(node.orelse, scope)
    final = scope.block(node.finalbody)
    handle = build_handlers(node.handlers, scope)
    if has_yield(node.finalbody) or has_yield(node.handlers):
        return _refuse(node)

    def run(frame: Frame) -> Turns:
        try:
            try:
                signal = yield from body(frame)
            except Exception as error:
                return handle(frame, error)
            return signal if signal is not None else (yield from otherwise(frame))
        finally:
            final(frame)

    return run


def drive_With(node: ast.With, scope: Scope) -> Drive:
    managers = [
        (scope.expression(item.context_expr), build_target(item.optional_vars, scope) if item.optional_vars else None)
        for item in node.items
    ]
    body = drive_block(node.body, scope)

    def run(frame: Frame) -> Turns:
        session, entered = frame.session, []
        for manager, assign in managers:
            context = manager(frame)
            value = enter_context(session, context)
            entered.append(context)
            if assign:
                assign(frame, value)
        try:
            signal = yield from body(frame)
        except Exception as error:
            if not any([leave_context(session, context, error) for context in reversed(entered)]):
                raise
            return None
        for context in reversed(entered):
            leave_context(session, context, None)
        return signal

    return run


DRIVERS: dict[type[ast.AST], Callable[[Any, Scope], Drive]] = {
    ast.Expr: drive_Expr,
    ast.Assign: drive_Assign,
    ast.Return: drive_Return,
    ast.If: drive_If,
    ast.For: drive_For,
    ast.While: drive_While,
    ast.Try: drive_Try,
    ast.With: drive_With,
}
