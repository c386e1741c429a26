"""Builders of simple statements, and the guard that every statement runs under.

The guard keeps the place, counts a step, and turns a refusal into unknown values of the names that the
statement would have bound: an assignment from an unknown value poisons its names.
"""

from __future__ import annotations

import ast
import functools
from typing import Any

from analyzer.evaluator.errors import BudgetExhausted, CannotEvaluate, Unmodelled
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.journal import TABLES
from analyzer.evaluator.partless import is_partless_text
from analyzer.evaluator.syntax.effects import Effects
from analyzer.evaluator.syntax.operators import change_in_place
from analyzer.evaluator.syntax.scope import Execute, Expressions, Scope
from analyzer.evaluator.syntax.targets import build_target, name_targets
from analyzer.evaluator.values import PartlessUnknown, UnknownValue


class Signal:
    """Why a block stops early."""


class Return(Signal):
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


BREAK = Signal()
CONTINUE = Signal()


def guard(node: ast.stmt, inner: Execute) -> Execute:
    """Run a statement with its place noted and its refusals contained."""
    line, last_line = node.lineno, node.end_lineno or node.lineno

    @functools.cache
    def recovery() -> Any:  # few statements ever need theirs
        return _spreading(node, _build_recovery(node))

    def execute(frame: Frame) -> Any:
        frame.line = line
        frame.last_line = last_line
        frame.session.spend()
        try:
            return inner(frame)
        except CannotEvaluate as stop:
            frame.line, frame.last_line = line, last_line
            if isinstance(stop, Unmodelled) and frame.is_of_stand_in:
                raise  # what rests on it is for the target's own statement to lose
            stop.locate(frame.place)
            if isinstance(stop, BudgetExhausted):
                raise
            return recovery()(frame, stop)
        except Exception as error:
            refusal = frame.session.refusal_for(error)
            if refusal is None:
                raise
            frame.line, frame.last_line = line, last_line
            refusal.locate(frame.place)
            return recovery()(frame, refusal)

    return execute


def _build_recovery(node: ast.stmt) -> Any:
    if isinstance(node, ast.Return):
        return lambda frame, stop: Return(_note(frame, stop))
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return _poison_name(node.name)
    if isinstance(node, (ast.Expr, ast.Delete, ast.Assert, ast.Assign, ast.AugAssign, ast.AnnAssign)):
        return _poison_targets(_targets_of(node), _is_partless(node))
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return _raise
    return _poison_body(node)


def _raise(frame: Frame, stop: CannotEvaluate) -> Any:
    raise stop


def _note(frame: Frame, stop: CannotEvaluate) -> UnknownValue:
    frame.session.gap(stop.cause)
    return UnknownValue(stop.cause)


def _targets_of(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []


def _poison_name(name: str) -> Any:
    def recover(frame: Frame, stop: CannotEvaluate) -> None:
        frame.variables[name] = _note(frame, stop)

    return recover


def _is_partless(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and is_partless_text(node.value)


def _poison_targets(targets: list[ast.expr], partless: bool) -> Any:
    def recover(frame: Frame, stop: CannotEvaluate) -> None:
        unknown = _note(frame, stop)
        unknown = PartlessUnknown(unknown.cause) if partless else unknown
        for target in targets:
            poison(frame, target, unknown)

    return recover


def poison(frame: Frame, target: ast.expr, unknown: UnknownValue) -> None:
    """Bind the unknown to a target, whatever its form."""
    if isinstance(target, ast.Starred):
        poison(frame, target.value, unknown)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            poison(frame, item, unknown)
    else:
        build_target(target, frame.scope)(frame, unknown)


def _spreading(node: ast.stmt, recover: Any) -> Any:
    """What a skipped statement could have changed becomes unknown too, not only the names that it binds."""
    effects = Effects(node)

    def spread(frame: Frame, stop: CannotEvaluate) -> Any:
        effects.spread(frame, UnknownValue(stop.cause))
        return recover(frame, stop)

    return spread


def _poison_body(node: ast.stmt) -> Any:
    """What a skipped compound statement could have bound becomes unknown; if it could leave, so does its caller."""
    effects = Effects(node)

    def recover(frame: Frame, stop: CannotEvaluate) -> None:
        unknown = _note(frame, stop)
        for target in effects.targets:
            written = effects.keeps_form(frame, target)
            if written is None:
                poison(frame, target, unknown)
            else:
                frame.session.oracle.forget_contents(written)

    return _raise if effects.leaves else recover


def build_Expr(node: ast.Expr, scope: Scope) -> Execute:
    if isinstance(node.value, ast.Constant):
        return lambda frame: None
    value = scope.expression(node.value)

    def execute(frame: Frame) -> None:
        result = value(frame)
        if isinstance(result, UnknownValue):
            frame.session.gap(result.cause.at(frame.place))

    return execute


def build_Assign(node: ast.Assign, scope: Scope) -> Execute:
    value = scope.expression(node.value)
    targets = [build_target(target, scope) for target in node.targets]
    noted = [pair for target in node.targets for pair in name_targets(target)]
    look = [(text, scope.expression(_loaded(target))) for text, target in noted]
    line, partless = node.lineno, _is_partless(node)

    def execute(frame: Frame) -> None:
        result = value(frame)
        if partless and type(result) is UnknownValue:
            result = PartlessUnknown(result.cause)
        for target in targets:
            target(frame, result)
        if frame.session.recording:
            for text, read in look:
                frame.session.bound(frame, line, text, read(frame))

    return execute


def _loaded(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    assert isinstance(target, ast.Attribute)
    return ast.Attribute(target.value, target.attr, ast.Load())


def build_AugAssign(node: ast.AugAssign, scope: Scope) -> Execute:
    value, kind, line = scope.expression(node.value), type(node.op), node.lineno
    if isinstance(node.target, ast.Subscript):
        return _change_item(node.target, node, scope)
    read = scope.expression(_loaded(node.target))
    write = build_target(node.target, scope)
    noted = name_targets(node.target)

    def execute(frame: Frame) -> None:
        owned = read(frame)
        if frame.session.journals and isinstance(owned, TABLES):
            frame.session.journals.note(owned)
        result = change_in_place(kind, owned, value(frame), frame.session.budget)
        write(frame, result)
        if frame.session.recording and noted:
            frame.session.bound(frame, line, noted[0][0], result)

    return execute


def _change_item(target: ast.Subscript, node: ast.AugAssign, scope: Scope) -> Execute:
    owner, key, value = scope.expression(target.value), scope.expression(target.slice), scope.expression(node.value)
    kind = type(node.op)

    def execute(frame: Frame) -> None:
        container, place, session = owner(frame), key(frame), frame.session
        owned = session.item(container, place)
        if session.journals and isinstance(owned, TABLES):
            session.journals.note(owned)
        result = change_in_place(kind, owned, value(frame), session.budget)
        session.set_item(container, place, result)

    return execute


def build_AnnAssign(node: ast.AnnAssign, scope: Scope) -> Execute:
    annotate = _build_annotation(node, scope)
    if node.value is None:
        return annotate
    assign = build_Assign(ast.copy_location(ast.Assign([node.target], node.value), node), scope)

    def execute(frame: Frame) -> None:
        annotate(frame)
        assign(frame)

    return execute


def _build_annotation(node: ast.AnnAssign, scope: Scope) -> Execute:
    if scope.kind != "class" or not isinstance(node.target, ast.Name):
        return lambda frame: None
    name, text = node.target.id, ast.unparse(node.annotation)

    def annotate(frame: Frame) -> None:
        frame.variables.setdefault("__annotations__", {})[name] = text

    return annotate


def build_Return(node: ast.Return, scope: Scope) -> Execute:
    if node.value is None:
        return lambda frame: Return(None)
    value, line = scope.expression(node.value), node.lineno

    def execute(frame: Frame) -> Return:
        result = value(frame)
        if frame.session.recording:
            frame.line = line
            frame.session.bound(frame, line, "return", result)
        return Return(result)

    return execute


def build_Delete(node: ast.Delete, scope: Scope) -> Execute:
    removals = [_build_removal(target, scope) for target in node.targets]

    def execute(frame: Frame) -> None:
        for remove in removals:
            remove(frame)

    return execute


def _build_removal(target: ast.expr, scope: Scope) -> Execute:
    if isinstance(target, ast.Attribute):
        owner, name = scope.expression(target.value), target.attr
        return lambda frame: frame.session.delete_attribute(owner(frame), name)
    if isinstance(target, ast.Subscript):
        container, key = scope.expression(target.value), scope.expression(target.slice)

        def remove(frame: Frame) -> None:
            owned = container(frame)
            if not isinstance(owned, UnknownValue):
                frame.session.will_change(owned)
                del owned[key(frame)]

        return remove
    name = target.id if isinstance(target, ast.Name) else ""
    return lambda frame: frame.variables.pop(name, None)


def build_Assert(node: ast.Assert, scope: Scope) -> Execute:
    test = scope.expression(node.test)
    message = scope.expression(node.msg) if node.msg else None
    text = ast.unparse(node.test)
    is_equation = isinstance(node.test, ast.Compare) and [type(op) for op in node.test.ops] == [ast.Eq]
    sides = [scope.expression(side) for side in (node.test.left, *node.test.comparators)] if is_equation else []  # type: ignore[attr-defined]

    def execute(frame: Frame) -> None:
        session = frame.session
        before, session.asked_device = session.asked_device, ""
        try:
            holds = session.truth(test(frame), frame)
        finally:
            asked, session.asked_device = session.asked_device, before or session.asked_device
        if not holds and asked:  # it speaks of the machine that the program is meant for
            session.assume("check_passes", text, frame)
        elif not holds:
            error = AssertionError(*([message(frame)] if message else []))
            error.__dict__["sides"] = [side(frame) for side in sides]  # what inputs are to be is read from it
            raise error

    return execute


def build_Raise(node: ast.Raise, scope: Scope) -> Execute:
    error = scope.expression(node.exc) if node.exc else None
    cause = scope.expression(node.cause) if node.cause else None

    def execute(frame: Frame) -> None:
        if error is None:
            raise frame.session.handled_error(frame)
        raised = error(frame)
        if isinstance(raised, UnknownValue):
            raise CannotEvaluate.because(raised.cause)
        if cause is not None:
            raise raised from cause(frame)
        raise raised

    return execute


def build_Pass(node: ast.Pass, scope: Scope) -> Execute:
    return lambda frame: None


def build_Break(node: ast.Break, scope: Scope) -> Execute:
    return lambda frame: BREAK


def build_Continue(node: ast.Continue, scope: Scope) -> Execute:
    return lambda frame: CONTINUE


def build_Scoping(node: ast.Global | ast.Nonlocal, scope: Scope) -> Execute:
    """Already honoured when the scope was compiled."""
    return lambda frame: None


def build_Import(node: ast.Import, scope: Scope) -> Execute:

    def execute(frame: Frame) -> None:
        for alias in node.names:
            module = frame.session.import_module(frame, alias.name, 0)
            name = alias.asname or alias.name.split(".")[0]
            if not alias.asname and "." in alias.name:
                module = frame.session.import_module(frame, name, 0)
            build_target(ast.Name(name, ast.Store()), scope)(frame, module)

    return execute


def build_ImportFrom(node: ast.ImportFrom, scope: Scope) -> Execute:
    dotted, level = node.module or "", node.level

    def execute(frame: Frame) -> None:
        for alias in node.names:
            if alias.name == "*":
                frame.variables.update(frame.module.star_names(dotted, level, frame))
                continue
            value = frame.session.import_name(frame, dotted, alias.name, level)
            build_target(ast.Name(alias.asname or alias.name, ast.Store()), scope)(frame, value)

    return execute


STATEMENTS: Expressions = {
    ast.Expr: build_Expr,
    ast.Assign: build_Assign,
    ast.AugAssign: build_AugAssign,
    ast.AnnAssign: build_AnnAssign,
    ast.Return: build_Return,
    ast.Delete: build_Delete,
    ast.Assert: build_Assert,
    ast.Raise: build_Raise,
    ast.Pass: build_Pass,
    ast.Break: build_Break,
    ast.Continue: build_Continue,
    ast.Global: build_Scoping,
    ast.Nonlocal: build_Scoping,
    ast.Import: build_Import,
    ast.ImportFrom: build_ImportFrom,
}
