"""The evaluations that trainings call, as programs of their own, and what of the training they leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.facts.evaluation_calls import bodies_below
from analyzer.facts.flow.steps import Body, Step
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.framework_stages import UPDATING
from analyzer.facts.preludes import prelude
from analyzer.facts.program import Program
from analyzer.records.processes import Stage

LEFT_OUT = UPDATING - {"loss"}


def evaluation_programs(trainings: Sequence[Program]) -> Iterator[Program]:
    """Functions in which programs evaluate, each once, with what its first caller has made for it."""
    seen: set[str] = set()
    for program in trainings:
        for occurrence in program.occurrences:
            is_outermost = id(occurrence.step) in program.evaluation_calls and not program.in_evaluation(occurrence)
            for target in occurrence.step.targets if is_outermost else ():
                body = target.body
                if body is not None and body.scope.is_function and body.scope.key not in seen:
                    seen.add(body.scope.key)
                    yield _evaluation(program, occurrence, body)


def _evaluation(program: Program, call: Occurrence, body: Body) -> Program:
    flow = program.flow
    entry = flow.index.span(body.scope.path, body.scope.node)
    made = prelude(flow.inference, program.occurrences, call)
    before = tuple(
        one for one in made if not one.around.loops and not _is_driven(one)
    )  # a loop trains, it sets up nothing
    name = body.scope.key
    return Program(flow, name, body, entry, before=before, start="evaluation", trained_by=program)


def _is_driven(one: Occurrence) -> bool:
    """A framework does it: the loop that also evaluates."""
    return any(step.act is not None for step in (one.step, *(outer for outer, _ in one.stack)))


def left_out(evaluation: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> tuple[Stage, ...]:
    """Statements of shared functions from which the training (its `stages`) updates and the evaluation does not."""
    index, shared = evaluation.flow.index, {body.scope.key for body in bodies_below(evaluation.body)}
    run = {id(step.node) for body in bodies_below(evaluation.body) for step in body.steps}
    found: dict[tuple[str, object], Stage] = {}
    for stage, occurrence in stages:
        step = _last_within(occurrence, shared) if stage.kind in LEFT_OUT and stage.framework is None else None
        if step is not None and id(step.node) not in run:
            where = index.span(step.scope.path, step.statement)
            code = index.segment(step.scope.path, step.node)
            found.setdefault((stage.kind, where), Stage(stage.kind, where, code, step.scope.key))
    return tuple(found.values())


def _last_within(occurrence: Occurrence, functions: set[str]) -> Step | None:
    steps = [*(step for step, _ in occurrence.stack), occurrence.step]
    return next((step for step in reversed(steps) if step.scope.key in functions), None)


def left_out_by(evaluation: Program) -> tuple[tuple[str, str], ...]:
    """Arguments that the evaluation gives otherwise than its training to a function that both run."""
    if evaluation.trained_by is None:
        return ()
    inner = {id(body) for body in bodies_below(evaluation.body)}
    training = [body for body in bodies_below(evaluation.trained_by.body) if id(body) not in inner]
    found: dict[str, str] = {}
    for body in bodies_below(evaluation.body):
        for other in (one for one in training if one.scope is body.scope and "backward" in evaluation.flow.kinds(one)):
            for name, value in body.constants.items():
                if name in other.constants and other.constants[name] != value:
                    found.setdefault(name, repr(value))
    return tuple(sorted(found.items()))
