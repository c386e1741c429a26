"""Shape of the learning-rate schedule: linear warm-up and cosine decay, by what the function computes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.flow import Function
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import is_scheduler
from analyzer.facts.optimization import POSITIONAL, named_arguments
from analyzer.facts.program import Program
from analyzer.records.evidence import Known
from analyzer.records.processes import Feature, Stage

Stages = Sequence[tuple[Stage, Occurrence]]
COSINE = ("CosineAnnealingLR", "CosineAnnealingWarmRestarts", "OneCycleLR", "cosine", "CosineLRScheduler")
WARMUP = ("LinearLR", "OneCycleLR", "with_warmup")


def schedule_features(program: Program, stages: Stages) -> Iterator[Feature]:
    """Warm-up and cosine of torch's schedulers and of the code's own functions."""
    for occurrence in program.occurrences:
        for dotted in occurrence.dotted:
            if is_scheduler(dotted):
                yield from _named(program, occurrence, dotted)
                yield from _given_functions(program, occurrence)
    for stage, occurrence in stages:
        if stage.kind == "schedule" and occurrence.step.kind == "store":
            for scope in _rate_functions(program, occurrence):
                yield from _shape(program, scope)


def _named(program: Program, occurrence: Occurrence, dotted: str) -> Iterator[Feature]:
    index, step = program.flow.index, occurrence.step
    where, code = index.span(step.scope.path, step.node), index.segment(step.scope.path, step.node)
    if any(word in dotted for word in COSINE):
        yield Feature("cosine_schedule", where, code)
    if any(word in dotted for word in WARMUP) and not _falls(program, occurrence, dotted):
        yield Feature("linear_warmup", where, code)


def _falls(program: Program, occurrence: Occurrence, dotted: str) -> bool:
    """A straight line that is not known to rise: torch's begins at a third and ends at the whole."""
    name, call = dotted.rpartition(".")[2], occurrence.call
    if name != "LinearLR" or call is None:
        return False
    given = dict(named_arguments(call, POSITIONAL[name]))
    factors = [1.0 / 3, 1.0]
    for at, key in enumerate(("start_factor", "end_factor")):
        if key in given:
            found = program.flow.values.value(given[key], occurrence.step.scope, occurrence.stack)
            if not isinstance(found, Known) or not isinstance(found.value, (int, float)):
                return True
            factors[at] = float(found.value)
    return factors[0] >= factors[1]


def _given_functions(program: Program, occurrence: Occurrence) -> Iterator[Feature]:
    call = occurrence.call
    for node in (*call.args, *(k.value for k in call.keywords)) if call is not None else ():
        for found in sorted(program.flow.inference.types(node, occurrence.step.scope), key=repr):
            if isinstance(found, Function):
                yield from _shape(program, program.flow.inference.scopes.by_key[found.name])


def _rate_functions(program: Program, store: Occurrence) -> Iterator[CodeScope]:
    """Functions whose result is stored, directly or through a name; the storing function for written-out code."""
    statement = store.step.statement
    value = getattr(statement, "value", None)
    yield from _called(program, value, store.step.scope, 0)
    if store.step.scope.is_function:
        yield store.step.scope


def _called(program: Program, node: ast.AST | None, scope: CodeScope, depth: int) -> Iterator[CodeScope]:
    if node is None or depth > 3:
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            for found in sorted(program.flow.inference.types(part.func, scope), key=repr):
                if isinstance(found, Function):
                    yield program.flow.inference.scopes.by_key[found.name]
        elif isinstance(part, ast.Name):
            owner = program.flow.inference.scopes.owner_of(scope, part.id)
            for bound in owner.nodes if owner is not None else ():
                names = bound.targets if isinstance(bound, ast.Assign) else []
                if isinstance(bound, ast.Assign) and any(isinstance(t, ast.Name) and t.id == part.id for t in names):
                    yield from _called(program, bound.value, owner or scope, depth + 1)


def _shape(program: Program, scope: CodeScope) -> Iterator[Feature]:
    index = program.flow.index
    for node in scope.nodes:
        if _is_cosine(node):
            yield Feature("cosine_schedule", index.span(scope.path, node), index.segment(scope.path, node))
        elif isinstance(node, ast.If):
            ramp = _ramp(node)
            if ramp is not None:
                yield Feature(
                    "linear_warmup",
                    index.span(scope.path, ramp),
                    index.segment(scope.path, ramp),
                    (),
                    ast.unparse(node.test),
                )


def _is_cosine(node: ast.AST) -> bool:
    """`cos(pi * …)`."""
    is_cos = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "cos"
    return is_cos and any(isinstance(n, ast.Attribute) and n.attr == "pi" for n in ast.walk(node))


def _ramp(node: ast.If) -> ast.stmt | None:
    """The statement under `if step < n` that computes something over n."""
    test = node.test
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Lt, ast.LtE)):
        return None
    limit = ast.unparse(test.comparators[0])
    for statement in node.body:
        for part in ast.walk(statement):
            if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div) and _mentions(part.right, limit):
                return statement
    return None


def _mentions(node: ast.expr, text: str) -> bool:
    return any(ast.unparse(n) == text for n in ast.walk(node) if isinstance(n, ast.expr))
