"""What guards the drawing of outputs from outside: tokens that are never drawn, and decoding anew.

A result that thresholds do not accept is decoded again with the next setting.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow.contexts import Stack
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.interfaces import stage_of
from analyzer.facts.program import Program
from analyzer.records.processes import Feature

INFINITE = frozenset({"float('-inf')", "-float('inf')", "-torch.inf", "-math.inf", "-np.inf", "-numpy.inf", "-inf"})
FIXED = (ast.Attribute, ast.Constant, ast.List, ast.Slice, ast.BinOp, ast.Call, ast.UnaryOp)


def control_features(program: Program) -> Iterator[Feature]:
    """Features of programs that draw and do not train."""
    if "backward" in program.kinds:
        return
    draws = [o for o in program.occurrences if any(stage_of(dotted) == "sample" for dotted in o.dotted)]
    if draws:
        yield from _suppressed(program)
        yield from _length_penalties(program)
        yield from _candidates(program, draws)
        yield from _repeated(program, draws)


def _suppressed(program: Program) -> Iterator[Feature]:
    """`logits[:, self.never] = -inf`: fixed places among the scores, told once for each function."""
    told: set[str] = set()
    for occurrence in program.occurrences:
        step, statement = occurrence.step, occurrence.step.statement
        is_plain = step.kind == "store" and not occurrence.in_forward and not occurrence.in_construction
        if is_plain and isinstance(step.node, ast.Subscript) and isinstance(statement, ast.Assign):
            is_minimum = ast.unparse(statement.value).lower() in INFINITE
            if is_minimum and _is_fixed(step.node.slice) and step.scope.key not in told:
                told.add(step.scope.key)
                yield _feature(program, "token_suppression", occurrence, step.node)


def _length_penalties(program: Program) -> Iterator[Feature]:
    """`score / ((5 + length) / 6) ** alpha`: a quotient by a power with a setting as its exponent, outside of modules.

    Source: Wu et al. 2016, Google's Neural Machine Translation System, section 7.
    """
    for scope, stack in _functions(program).values():
        for power in (n for n in scope.nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow)):
            if isinstance(power.right, (ast.Name, ast.Attribute)) and _divides(scope, power):
                yield _setting(program, "length_penalty", scope, stack, power, power.right)


def _functions(program: Program) -> dict[str, tuple[CodeScope, Stack]]:
    """Functions that run outside of modules, each with the first way that leads there."""
    found: dict[str, tuple[CodeScope, Stack]] = {program.body.scope.key: (program.body.scope, ())}
    for occurrence in program.occurrences:
        for target in occurrence.step.targets:
            is_own = target.body is not None and not is_forward(program.flow.inference, target)
            if is_own and target.body is not None and not occurrence.in_forward and not occurrence.in_construction:
                stack = (*occurrence.stack, (occurrence.step, target))
                found.setdefault(target.body.scope.key, (target.body.scope, stack))
    return found


def _divides(scope: CodeScope, power: ast.BinOp) -> bool:
    """Something computed is divided by the power, or by the name that it is bound to; no number is."""
    bound = {
        t.id
        for n in scope.nodes
        if isinstance(n, ast.Assign) and any(inner is power for inner in ast.walk(n.value))
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    quotients = (n for n in scope.nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div))
    for node in quotients:
        is_by = any(inner is power for inner in ast.walk(node.right)) or getattr(node.right, "id", "") in bound
        if is_by and not isinstance(node.left, ast.Constant):
            return True
    return False


def _candidates(program: Program, draws: list[Occurrence]) -> Iterator[Feature]:
    """`tokens.repeat_interleave(count, dim=0)` on the way to a draw: every input is continued more than once."""
    leading = {step.scope.key for draw in draws for step, _ in draw.stack} | {draw.step.scope.key for draw in draws}
    for occurrence in program.occurrences:
        call = occurrence.call
        is_own = occurrence.step.scope.key in leading and not occurrence.in_forward
        if call is None or not is_own or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr == "repeat_interleave" and "torch" in " ".join(occurrence.dotted):
            given = [*call.args, *(k.value for k in call.keywords if k.arg == "repeats")]
            amounts = [a for a in given if isinstance(a, (ast.Name, ast.Attribute))]
            if amounts:
                scope, stack = occurrence.step.scope, occurrence.stack
                yield _setting(program, "several_candidates", scope, stack, call, amounts[-1])


def _setting(program: Program, id_: str, scope: CodeScope, stack: Stack, node: ast.AST, amount: ast.expr) -> Feature:
    found = program.flow.values.value(amount, scope, stack)
    index = program.flow.index
    where, code = index.span(scope.path, node), index.segment(scope.path, node)
    return Feature(id_, where, code, ((ast.unparse(amount), found),))


def _is_fixed(node: ast.expr) -> bool:
    """Rows, and then a place that no comparison of scores chose."""
    parts = node.elts if isinstance(node, ast.Tuple) else []
    return (
        len(parts) > 1 and isinstance(parts[-1], FIXED) and not any(isinstance(n, ast.Compare) for n in ast.walk(node))
    )


def _feature(program: Program, id_: str, occurrence: Occurrence, node: ast.AST) -> Feature:
    index, path = program.flow.index, occurrence.step.scope.path
    conditions = occurrence.step.around.conditions
    where, code = index.span(path, node), index.segment(path, node)
    return Feature(id_, where, code, (), conditions[-1] if conditions else None)


def _repeated(program: Program, draws: list[Occurrence]) -> Iterator[Feature]:
    """A loop over settings around a whole decoding, left as soon as a result is accepted."""
    index = program.flow.index
    for occurrence in program.occurrences:
        node, scope = occurrence.step.node, occurrence.step.scope
        if not isinstance(node, ast.For) or isinstance(node.iter, ast.Call) or not isinstance(node.target, ast.Name):
            continue
        places = [[(loop.path, loop.line) for loop in draw.around.loops] for draw in draws]
        here = (scope.path, node.lineno)
        decodes = any(here in loops[:-1] for loops in places)
        if decodes and _leaves_early(node) and _is_given(node, node.target.id):
            amounts = [(ast.unparse(node.iter), node.iter), *_thresholds(node)]
            values = {text: program.flow.values.value(part, scope, occurrence.stack) for text, part in amounts}
            where = index.span(scope.path, node.lineno)
            header = f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
            yield Feature("repeated_decoding", where, header, tuple(values.items()))


def _leaves_early(node: ast.For) -> bool:
    """A `break` under a condition of the loop's own body."""
    return any(isinstance(s, ast.If) and any(isinstance(inner, ast.Break) for inner in s.body) for s in node.body)


def _is_given(node: ast.For, name: str) -> bool:
    """Some call of the body is given the loop's own value."""
    calls = [n for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Call)]
    given = [part for call in calls for part in (*call.args, *(keyword.value for keyword in call.keywords))]
    return any(isinstance(part, ast.Name) and part.id == name for part in given)


def _thresholds(node: ast.For) -> Iterator[tuple[str, ast.expr]]:
    """Names that a part of the result is compared with in the conditions of the loop."""
    tests = [n.test for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.If)]
    for test in tests:
        for part in ast.walk(test):
            if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], (ast.Gt, ast.Lt)):
                sides = (part.left, part.comparators[0])
                names = [side for side in sides if isinstance(side, ast.Name)]
                if len(names) == 1 and any(isinstance(side, ast.Attribute) for side in sides):
                    yield names[0].id, names[0]
