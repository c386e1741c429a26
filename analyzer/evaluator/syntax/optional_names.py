"""Names that hold a tensor or None, by data: what compares them with None is evaluated once for either.

After the two the name is what it was again; inside, what is done to the tensor is known.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import BudgetExhausted, CannotEvaluate, Place
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.paths import Path, Question, choose_both, may_fork, take_both
from analyzer.evaluator.syntax.scope import Evaluate, Scope
from analyzer.evaluator.values import is_optional

Undecided = Callable[[Frame, CannotEvaluate], Any]


def compared_with_none(test: ast.expr) -> tuple[str, ...]:
    """Names that a condition compares with None."""
    found = []
    for part in ast.walk(test):
        if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], (ast.Is, ast.IsNot)):
            left, right = part.left, part.comparators[0]
            if isinstance(left, ast.Name) and isinstance(right, ast.Constant) and right.value is None:
                found.append(left.id)
    return tuple(dict.fromkeys(found))


def by_choice(test: ast.expr, scope: Scope, run: Path, otherwise: Undecided, *, is_value: bool = False) -> Undecided:
    """What `run`, which asks `test`, does where a name of the test is a tensor or None; else `otherwise`."""
    names = compared_with_none(test)
    place = Place(scope.path, test.lineno, test.end_lineno or test.lineno)
    if not names:
        return otherwise

    def undecided(frame: Frame, stop: CannotEvaluate) -> Any:
        name = next((name for name in names if is_optional(frame.variables.get(name))), None)
        if name is None or not may_fork(frame):
            return otherwise(frame, stop)
        paths = (_with(name, frame.variables[name].tensor, run), _with(name, None, run))
        combine = choose_both if is_value else take_both
        return combine(frame, paths, stop, Question(f"{name} is not None", place))

    return undecided


def _with(name: str, value: Any, run: Path) -> Path:
    def path(frame: Frame) -> Any:
        frame.variables[name] = value
        return run(frame)

    return path


def told_apart(node: ast.BoolOp, scope: Scope, decide: Evaluate) -> Evaluate:
    """`and` and `or` that compare such a name with None."""
    if not compared_with_none(node):
        return decide

    def refused(frame: Frame, stop: CannotEvaluate) -> Any:
        raise stop

    def evaluate(frame: Frame) -> Any:
        try:
            return decide(frame)
        except BudgetExhausted:
            raise
        except CannotEvaluate as stop:
            return undecided(frame, stop)

    undecided = by_choice(node, scope, evaluate, refused, is_value=True)
    return evaluate
