"""Features of the update of weights that show in the structure of the code: accumulation, moving averages, mixup."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.flow import Foreign
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Loop, Step, Target
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Feature, Stage

Stages = Sequence[tuple[Stage, Occurrence]]
Value = Known[object] | Unknown
Stack = tuple[tuple[Step, Target], ...]


def update_features(program: Program, stages: Stages) -> Iterator[Feature]:
    """Gradient accumulation and moving averages of weights."""
    yield from _accumulation(program, stages)
    yield from _moving_averages(program)


def _accumulation(program: Program, stages: Stages) -> Iterator[Feature]:
    """Gradients are taken more often than the optimizer steps: in an inner loop, or the step waits for a multiple."""
    backward = [o for stage, o in stages if stage.kind == "backward"]
    steps = [o for stage, o in stages if stage.kind == "step"]
    for back in backward:
        for step in steps:
            if not step.around.loops:
                continue
            found = _inner_loop(program, back, step) or _waiting_step(program, back, step)
            if found is not None:
                yield found
                return


def _inner_loop(program: Program, back: Occurrence, step: Occurrence) -> Feature | None:
    outer, inner = step.around.loops, back.around.loops
    if len(inner) <= len(outer) or inner[: len(outer)] != outer or step.step.scope is not back.step.scope:
        return None
    loop = inner[len(outer)]
    node = _loop_node(back, loop)
    if (
        node is None
        or not isinstance(node.iter, ast.Call)
        or ast.unparse(node.iter.func) != "range"
        or _is_length(node)
    ):
        return _divided_in(program, back, loop, node) if node is not None else None
    value = program.flow.values.value(node.iter.args[-1], back.step.scope, back.stack)
    where = program.flow.index.span(loop.path, loop.line)
    return Feature("gradient_accumulation", where, loop.header, ((ast.unparse(node.iter.args[-1]), value),))


def _is_length(node: ast.For) -> bool:
    """`for i in range(len(parts))` goes through given things; it counts no micro-steps by itself."""
    last = node.iter.args[-1] if isinstance(node.iter, ast.Call) and node.iter.args else None
    return isinstance(last, ast.Call) and ast.unparse(last.func) == "len"


def _divided_in(program: Program, back: Occurrence, loop: Loop, node: ast.For) -> Feature | None:
    """Any other inner loop in which what gradients are taken of is divided: `loss = loss / parts`."""
    differentiated = {n.id for n in ast.walk(back.step.node) if isinstance(n, ast.Name)}
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Assign) or not isinstance(inner.value, ast.BinOp):
            continue
        target, division = inner.targets[0], inner.value
        is_division = isinstance(division.op, ast.Div) and isinstance(division.right, (ast.Name, ast.Attribute))
        is_division = is_division and ast.unparse(division.left) == ast.unparse(target)
        if isinstance(target, ast.Name) and target.id in differentiated and is_division:
            value = program.flow.values.value(division.right, back.step.scope, back.stack)
            where = program.flow.index.span(loop.path, loop.line)
            return Feature("gradient_accumulation", where, loop.header, ((ast.unparse(division.right), value),))
    return None


def _loop_node(occurrence: Occurrence, loop: Loop) -> ast.For | None:
    for node in occurrence.step.scope.nodes:
        if isinstance(node, ast.For) and node.lineno == loop.line:
            return node
    return None


def _waiting_step(program: Program, back: Occurrence, step: Occurrence) -> Feature | None:
    """`if i % n == 0:` around the step and not around backward, in the same loop or one inside of it."""
    if step.around.loops != back.around.loops[: len(step.around.loops)]:
        return None
    for text in step.around.conditions[len(_shared(back.around.conditions, step.around.conditions)) :]:
        for node in _with_bound(ast.parse(text, mode="eval").body, step.step.scope):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                value = program.flow.values.value(node.right, step.step.scope, step.stack)
                line = _line_of_condition(step, text)
                where = program.flow.index.span(step.step.scope.path, line)
                return Feature("gradient_accumulation", where, f"if {text}", ((ast.unparse(node.right), value),), text)
    return None


def _with_bound(test: ast.expr, scope: CodeScope) -> Iterator[ast.AST]:
    """Parts of a condition, and of what the function binds its names to: `waits = i % n != 0`, `if not waits:`."""
    yield from ast.walk(test)
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    for node in scope.nodes:
        bound = [t.id for t in node.targets if isinstance(t, ast.Name)] if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.Assign) and set(bound) & names:
            yield from ast.walk(node.value)


def _shared(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    size = 0
    while size < min(len(first), len(second)) and first[size] == second[size]:
        size += 1
    return first[:size]


def _line_of_condition(occurrence: Occurrence, text: str) -> int:
    wanted = ast.unparse(ast.parse(text, mode="eval"))
    lines = [n.lineno for n in occurrence.step.scope.nodes if isinstance(n, ast.If) and ast.unparse(n.test) == wanted]
    before = [line for line in lines if line <= occurrence.step.statement.lineno]
    return before[-1] if before else occurrence.step.statement.lineno


def _moving_averages(program: Program) -> Iterator[Feature]:
    """`e.mul_(d).add_(p, alpha=1 - d)`, `e.lerp_(p, 1 - d)` or `d * e + (1 - d) * p` over parameters.

    Updates inside loops come first: a first call that only copies the weights has another decay.
    """
    for occurrence in sorted(program.occurrences, key=lambda o: -_outer_loops(o)):
        call = occurrence.call
        if call is None or occurrence.in_forward or not _handles_parameters(program, occurrence):
            continue
        decay, scope, stack = decay_of_update(call), occurrence.step.scope, occurrence.stack
        if decay is None:
            decay, scope, stack = _decay_in_function(occurrence)
        if decay is not None:
            value = program.flow.values.value(decay, scope, stack)
            where = program.flow.index.span(occurrence.step.scope.path, call)
            code = program.flow.index.segment(occurrence.step.scope.path, call)
            yield Feature("exponential_moving_average", where, code, ((ast.unparse(decay), value),))


def _decay_in_function(occurrence: Occurrence) -> tuple[ast.expr | None, CodeScope, Stack]:
    """`average.data = self.mix(average.data, weight.data)`, where the own function returns the weighted sum."""
    statement, step = occurrence.step.statement, occurrence.step
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    is_stored = any(isinstance(t, ast.Attribute) and t.attr == "data" for t in targets)
    for target in step.targets if is_stored and getattr(statement, "value", None) is step.node else ():
        for node in target.body.scope.nodes if target.body is not None else ():
            decay = _decay_of_sum(node.value) if isinstance(node, ast.Return) and node.value is not None else None
            if decay is not None and target.body is not None:
                return decay, target.body.scope, (*occurrence.stack, (step, target))
    return None, step.scope, occurrence.stack


def _outer_loops(occurrence: Occurrence) -> int:
    return len(occurrence.around.loops) - len(occurrence.step.around.loops)


def decay_of_update(call: ast.Call) -> ast.expr | None:
    if not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr == "add_" and isinstance(call.func.value, ast.Call):
        inner = call.func.value
        is_scaled = isinstance(inner.func, ast.Attribute) and inner.func.attr == "mul_" and bool(inner.args)
        if is_scaled and _is_complement(_amount(call), inner.args[0]):
            return inner.args[0]
    if call.func.attr == "copy_" and call.args:
        return _decay_of_sum(call.args[0])
    if call.func.attr == "lerp_" and len(call.args) == 2:
        weight = call.args[1]
        if isinstance(weight, ast.BinOp) and isinstance(weight.op, ast.Sub) and _is_one(weight.left):
            return weight.right
    return None


def _amount(call: ast.Call) -> ast.expr | None:
    """The factor of what is added: `alpha=…`, or one side of a product."""
    for keyword in call.keywords:
        if keyword.arg == "alpha":
            return keyword.value
    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Mult):
        return argument.left if isinstance(argument.left, ast.BinOp) else argument.right
    return None


def _decay_of_sum(node: ast.expr) -> ast.expr | None:
    """D of `d * a + (1 - d) * b`."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return None
    for first in _factors(node.left):
        for second in _factors(node.right):
            if _is_complement(second, first):
                return first
    return None


def _factors(node: ast.expr) -> list[ast.expr]:
    return [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) else []


def _is_complement(node: ast.expr | None, of: ast.expr) -> bool:
    """`1 - d`."""
    is_difference = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and _is_one(node.left)
    return is_difference and isinstance(node, ast.BinOp) and ast.unparse(node.right) == ast.unparse(of)


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (1, 1.0)


def _handles_parameters(program: Program, occurrence: Occurrence) -> bool:
    """The function goes over parameters or buffers of modules."""
    return any(_lists_parameters(program, occurrence, node) for node in occurrence.step.scope.nodes)


def _lists_parameters(program: Program, occurrence: Occurrence, node: ast.AST) -> bool:
    names = ("parameters", "named_parameters", "state_dict", "buffers", "named_buffers")
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in names:
        return False
    types = program.flow.inference.types(node.func, occurrence.step.scope)
    return not types or any(isinstance(t, Foreign) for t in types)
