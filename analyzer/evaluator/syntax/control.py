"""Builders of compound statements: branches, loops, exception handling, context managers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import BudgetExhausted, CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.branches import binds_only_names, build_decision, merge_arms, only_raises
from analyzer.evaluator.syntax.loops import Turns
from analyzer.evaluator.syntax.optional_names import by_choice
from analyzer.evaluator.syntax.paths import Question, may_fork, take_both, wait_at_exit
from analyzer.evaluator.syntax.scope import Execute, Expressions, Scope
from analyzer.evaluator.syntax.statements import BREAK
from analyzer.evaluator.syntax.targets import build_target
from analyzer.evaluator.values import UnknownValue


def build_If(node: ast.If, scope: Scope) -> Execute:
    test, body = scope.expression(node.test), scope.block(node.body)
    otherwise = scope.block(node.orelse) if node.orelse else None

    def decide(frame: Frame) -> Any:
        return decision(frame)

    undecided = by_choice(node.test, scope, decide, _build_undecided(node, body, otherwise, scope))
    decision = build_decision(test, body, otherwise or _do_nothing, undecided)
    return decision


def _do_nothing(frame: Frame) -> Any:
    return None


def _build_undecided(
    node: ast.If, body: Execute, otherwise: Execute | None, scope: Scope
) -> Callable[[Frame, CannotEvaluate], Any]:
    """What a branch does whose condition is not known."""
    asked = Question.of(node.test, scope)
    if only_raises(node.body):
        return _build_check(asked.negated, otherwise)
    if only_raises(node.orelse):
        return _build_check(asked.text, body)
    simple = scope.kind == "function" and binds_only_names(node.body) and binds_only_names(node.orelse)

    def undecided(frame: Frame, stop: CannotEvaluate) -> Any:
        if may_fork(frame):
            return take_both(frame, (body, otherwise), stop, asked)
        if simple:
            return merge_arms(frame, (body, otherwise), stop)
        raise stop

    return undecided


def _build_check(text: str, passed: Execute | None) -> Callable[[Frame, CannotEvaluate], Any]:
    def pass_check(frame: Frame, stop: CannotEvaluate) -> Any:
        frame.session.assume("check_passes", text, frame)
        return passed(frame) if passed else None

    return pass_check


def build_For(node: ast.For, scope: Scope) -> Execute:
    source, assign = scope.expression(node.iter), build_target(node.target, scope)
    body = scope.block(node.body)
    otherwise = scope.block(node.orelse) if node.orelse else _do_nothing

    asked = Question.of(node.iter, scope)

    def execute(frame: Frame) -> Any:
        values = source(frame)
        turns = Turns(frame, body)
        possible = frame.session.possible_items(values) if may_fork(frame) else None
        if possible is not None:
            turns.run_possible(possible.items, assign, asked)
            return turns.leave()
        for value in frame.session.iterate(values):
            frame.session.spend()
            if turns.are_alike and isinstance(values, range):
                return turns.widen(lambda frame: _assign_any(frame, assign), ends=True)
            assign(frame, value)
            turns.run()
            if turns.ended:
                return turns.leave()
        return turns.leave(otherwise(frame))

    return execute


def _assign_any(frame: Frame, assign: Callable[[Frame, Any], None]) -> bool:
    assign(frame, frame.session.oracle.data_number())
    return True


def build_While(node: ast.While, scope: Scope) -> Execute:
    test, body = scope.expression(node.test), scope.block(node.body)
    otherwise = scope.block(node.orelse) if node.orelse else None
    asked = Question.of(node.test, scope)

    def goes_on(frame: Frame) -> bool:
        try:
            return frame.session.truth(test(frame), frame)
        except BudgetExhausted:
            raise
        except CannotEvaluate as stop:
            stop.locate(asked.place)
            if not may_fork(frame) or otherwise is not None:
                raise
            wait_at_exit(frame, BREAK, stop, asked)
            return True

    def execute(frame: Frame) -> Any:
        turns = Turns(frame, body)
        while goes_on(frame):
            frame.session.spend()
            turns.run()
            if turns.ended:
                return turns.leave()
            if turns.are_alike:
                return turns.widen(goes_on, ends=False)
        return turns.leave(otherwise(frame) if otherwise else None)

    return execute


def build_Try(node: ast.Try, scope: Scope) -> Execute:
    attempt = _build_attempt(node, scope)
    final = scope.block(node.finalbody) if node.finalbody else None
    if final is None:
        return attempt

    def execute(frame: Frame) -> Any:
        signal = None
        try:
            signal = attempt(frame)
        finally:
            last = final(frame)
        return last if last is not None else signal

    return execute


def _build_attempt(node: ast.Try, scope: Scope) -> Execute:
    body = scope.block(node.body)
    handle = build_handlers(node.handlers, scope)
    otherwise = scope.block(node.orelse) if node.orelse else None
    guards = guards_imports(node)

    def execute(frame: Frame) -> Any:
        frame.session.guarded_imports += guards
        try:
            signal = body(frame)
        except Exception as error:
            return handle(frame, error)
        finally:
            frame.session.guarded_imports -= guards
        return otherwise(frame) if otherwise and signal is None else signal

    return execute


def guards_imports(node: ast.Try) -> bool:
    """Whether this `try` expects that an import may fail."""
    text = " ".join(ast.unparse(handler.type) for handler in node.handlers if handler.type)
    named = "ImportError" in text or "ModuleNotFoundError" in text
    if named or any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in node.body):
        return True
    anything = bool(re.search(r"\b(Base)?Exception\b", text)) or any(handler.type is None for handler in node.handlers)
    return anything and any(_imports_by_name(part) for statement in node.body for part in ast.walk(statement))


def _imports_by_name(node: ast.AST) -> bool:
    """A call of `importlib.import_module`, under whatever name `importlib` goes, or of `__import__`."""
    if not isinstance(node, ast.Call):
        return False
    return ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__")


def build_handlers(handlers: list[ast.ExceptHandler], scope: Scope) -> Callable[[Frame, Exception], Any]:
    """The first handler whose type matches runs; without one the exception goes on."""
    built = [
        (scope.expression(handler.type) if handler.type else None, handler.name, scope.block(handler.body))
        for handler in handlers
    ]

    def handle(frame: Frame, error: Exception) -> Any:
        for kind, name, body in built:
            if kind is not None and not _matches(error, kind(frame)):
                continue
            if name:
                build_target(ast.Name(name, ast.Store()), frame.scope)(frame, error)
            frame.session.handling.append(error)
            try:
                return body(frame)
            finally:
                frame.session.handling.pop()
        raise error

    return handle


def _matches(error: Exception, kinds: Any) -> bool:
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    known = tuple(kind for kind in wanted if isinstance(kind, type))
    return isinstance(error, known)


def build_With(node: ast.With, scope: Scope) -> Execute:
    run = scope.block(node.body)
    for item in reversed(node.items):
        run = _build_item(item, run, scope)
    return run


def _build_item(item: ast.withitem, body: Execute, scope: Scope) -> Execute:
    manager = scope.expression(item.context_expr)
    assign = build_target(item.optional_vars, scope) if item.optional_vars else None

    def execute(frame: Frame) -> Any:
        session = frame.session
        entered = manager(frame)
        value = enter_context(session, entered)
        if isinstance(entered, UnknownValue) or isinstance(value, UnknownValue):
            session.assume("unknown_context_manager", ast.unparse(item.context_expr), frame)
        if assign:
            assign(frame, value)
        try:
            signal = body(frame)
        except Exception as error:
            if leave_context(session, entered, error):
                return None
            raise
        except BaseException:
            leave_context(session, entered, None)
            raise
        leave_context(session, entered, None)
        return signal

    return execute


def enter_context(session: Any, manager: Any) -> Any:
    if isinstance(manager, UnknownValue):
        return manager
    return session.call(session.attribute(manager, "__enter__"), (), {})


def leave_context(session: Any, manager: Any, error: Exception | None) -> bool:
    """Whether the context manager swallows the exception."""
    if isinstance(manager, UnknownValue):
        return False
    details = (None, None, None) if error is None else (type(error), error, None)
    swallowed = session.call(session.attribute(manager, "__exit__"), details, {})
    return error is not None and not isinstance(swallowed, UnknownValue) and bool(swallowed)


CONTROL: Expressions = {
    ast.If: build_If,
    ast.For: build_For,
    ast.While: build_While,
    ast.Try: build_Try,
    ast.With: build_With,
}
