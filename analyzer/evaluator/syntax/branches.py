"""Branches whose condition is not known: checks that only raise, and arms that agree in what they bind.

An arm is tried only if nothing but local names can come of it. A result that both arms give with the same
shape and type is known; it has no contents. Everything else stays unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import torch

from analyzer.evaluator.errors import BudgetExhausted, CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.effects import MUTATORS
from analyzer.evaluator.syntax.scope import Evaluate, Execute
from analyzer.evaluator.values import UnknownValue

PLAIN = (bool, int, float, str, type(None))
ENDING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)


def build_decision(
    test: Evaluate, body: Execute, otherwise: Execute, undecided: Callable[[Frame, CannotEvaluate], Any]
) -> Execute:
    """`if` as a statement and as an expression: one arm, or what `undecided` makes of both."""

    def decide(frame: Frame) -> Any:
        try:
            decided = frame.session.truth(test(frame), frame)
        except BudgetExhausted:
            raise
        except CannotEvaluate as stop:
            stop.locate(frame.place)
            return undecided(frame, stop)
        return body(frame) if decided else otherwise(frame)

    return decide


def only_raises(body: Sequence[ast.stmt]) -> bool:
    """Whether running these statements can end in nothing but an exception."""
    parts = [part for node in body for part in ast.walk(node)]
    return bool(body) and isinstance(body[-1], ast.Raise) and not any(isinstance(part, ENDING) for part in parts)


def binds_only_names(body: Sequence[ast.stmt]) -> bool:
    """Whether these statements do no more than bind names to the results of expressions without visible effects."""
    return all(isinstance(node, ast.Pass) or _binds_names(node) for node in body)


def _binds_names(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or not all(isinstance(target, ast.Name) for target in node.targets):
        return False
    return changes_nothing(node.value)


def changes_nothing(node: ast.expr) -> bool:
    """Whether an expression calls nothing that is named like a change; what it does call is watched when it runs."""
    for part in ast.walk(node):
        if isinstance(part, (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda)):
            return False
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else ""
            if name in MUTATORS or (name.endswith("_") and not name.endswith("__")):
                return False
            if any(keyword.arg in (None, "out", "inplace") for keyword in part.keywords):
                return False
    return True


def merge_arms(frame: Frame, arms: Sequence[Execute | None], stop: CannotEvaluate) -> None:
    """Run each arm on its own copy of the variables; names on which they agree are known afterwards."""
    before = dict(frame.variables)
    results = []
    try:
        for arm in arms:
            frame.variables.clear()
            frame.variables.update(before)
            _try(frame, lambda arm=arm: arm(frame) if arm else None)  # type: ignore[misc]
            results.append(dict(frame.variables))
    finally:
        frame.variables.clear()
        frame.variables.update(before)
    changed = {name for result in results for name in result if result[name] is not before.get(name, result)}
    for name in sorted(changed):
        values = [result.get(name, UnknownValue(stop.cause)) for result in results]
        frame.variables[name] = _agreed(frame, values, stop)


def merge_values(frame: Frame, arms: Sequence[Callable[[Frame], Any]], stop: CannotEvaluate) -> Any:
    """The value on which both arms of an expression agree, else an unknown one."""
    return _agreed(frame, [_try(frame, lambda arm=arm: arm(frame)) for arm in arms], stop)  # type: ignore[misc]


def _try(frame: Frame, run: Callable[[], Any]) -> Any:
    """A trial: nothing is recorded, and code of the target is not entered, since it could change what it likes."""
    session = frame.session
    recording, session.recording = session.recording, False
    session.trials += 1
    try:
        return run()
    except BudgetExhausted:
        raise
    except CannotEvaluate as stop:
        return UnknownValue(stop.cause)
    finally:
        session.trials -= 1
        session.recording = recording


def _agreed(frame: Frame, values: Sequence[Any], stop: CannotEvaluate) -> Any:
    first = values[0]
    if all(isinstance(value, torch.Tensor) for value in values):
        if len({frame.session.form_of(value) for value in values}) == 1 and frame.session.form_of(first) is not None:
            return frame.session.oracle.as_fake(first)
    elif isinstance(first, PLAIN) and all(type(value) is type(first) and value == first for value in values):
        return first
    unknown = UnknownValue(stop.cause)
    frame.session.gap(stop.cause)
    return unknown
