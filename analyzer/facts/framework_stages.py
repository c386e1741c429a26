"""Stages that a framework does itself: which of them take place in a program, and which line stands for each."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.framework_settings import setting
from analyzer.facts.interfaces import is_scheduler
from analyzer.facts.program import Program
from analyzer.records.evidence import Known
from analyzer.records.processes import Stage, StageKind
from analyzer.records.source import Span

UPDATING: frozenset[StageKind] = frozenset({"loss", "zero_grad", "backward", "clip", "step", "schedule"})
"""What own code does itself under manual optimisation; the framework then leaves it."""
GIVEN_BY_DEFAULT = frozenset({"max_grad_norm", "save_strategy"})
"""Settings that act where the source gives none: transformers clips gradients and saves unless told otherwise."""
OFF = (None, 0, 0.0, False, "no")

Stages = Sequence[tuple[Stage, Occurrence]]


def without_replaced(stages: Stages) -> tuple[tuple[Stage, Occurrence], ...]:
    """The stages without those of a framework that the code does itself."""
    own = {stage.kind for stage, occurrence in stages if stage.framework is None and _is_in_hook(occurrence)}
    return tuple(
        (stage, occurrence)
        for stage, occurrence in stages
        if stage.framework is None or stage.kind not in own & UPDATING
    )


def _is_in_hook(occurrence: Occurrence) -> bool:
    return any(step.act is not None and step.act.loops for step, _ in occurrence.stack)


def is_off(program: Program, occurrence: Occurrence) -> bool:
    """Nothing in the program asks for the stage, or a setting turns it off."""
    act = occurrence.step.act
    if act is None:
        return False
    if act.interval:
        return not any(is_scheduler(d) for o in program.occurrences for d in o.dotted) or (
            act.interval != scheduler_interval(program)
        )
    if act.made:
        return construction_of(program, act.made) is None
    return bool(act.setting) and not occurrence.step.targets and _is_not_set(program, act.setting)


def _is_not_set(program: Program, name: str) -> bool:
    given = setting(program, name)
    if given is None:
        return name not in GIVEN_BY_DEFAULT
    return isinstance(given, Known) and given.value in OFF


def scheduler_interval(program: Program) -> str:
    """`{"interval": "step"}` of what `configure_optimizers` returns; Lightning steps once an epoch without it."""
    for occurrence in program.occurrences:
        act = occurrence.step.act
        for target in occurrence.step.targets if act is not None and act.hook == "configure_optimizers" else ():
            for node in target.body.scope.nodes if target.body is not None else ():
                for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
                    if isinstance(key, ast.Constant) and key.value == "interval" and isinstance(value, ast.Constant):
                        return str(value.value)
    return "epoch"


def construction_of(program: Program, name: str) -> Occurrence | None:
    """The call that constructs a thing of a framework."""
    return next((o for o in program.occurrences for d in o.dotted if d.rpartition(".")[2] == name), None)


def place_of(program: Program, occurrence: Occurrence) -> tuple[Span, str]:
    """The head of the user's method that the framework calls, or the line that hands control over; with its text."""
    index, step = program.flow.index, occurrence.step
    made = construction_of(program, step.act.made) if step.act is not None and step.act.made else None
    if made is not None:
        return index.span(made.step.scope.path, made.step.node), index.segment(made.step.scope.path, made.step.node)
    body = next((target.body for target in step.targets if target.body is not None), None)
    if body is not None and isinstance(body.scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        node = body.scope.node
        last = node.body[0].lineno - 1 if node.body[0].lineno > node.lineno else node.lineno
        where = index.span(body.scope.path, node.lineno, max(node.lineno, min(last, _end_of_head(node))))
    else:
        first = getattr(step.node, "lineno", step.statement.lineno)
        is_simple = not isinstance(step.statement, ast.ClassDef)
        last = (step.statement.end_lineno or first) if is_simple and step.statement.lineno == first else first
        where = index.span(step.scope.path, first, last)
    lines = index.lines(where.path)[where.first_line - 1 : where.last_line]
    return where, "\n".join(lines).strip()


def _end_of_head(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = [a for a in ast.walk(node.args) if hasattr(a, "end_lineno")]
    ends = [getattr(a, "end_lineno", 0) or 0 for a in arguments] + [getattr(node.returns, "end_lineno", 0) or 0]
    return max([node.lineno, *ends])
