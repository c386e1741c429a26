"""Terms of the loss that the model's forward returns beside its output: `logits, penalty = model(x)`, and then
`loss + penalty * weight` is what gradients are taken of.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow import Function, Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.loss_slices import differentiated_values, is_backward
from analyzer.facts.program import Program
from analyzer.records.processes import Loss

MAX_DEPTH = 8


def returned_terms(program: Program) -> tuple[Loss, ...]:
    """Summands of the differentiated value that stand for a part of what a forward returns."""
    found: dict[tuple[str, str], Loss] = {}
    forwards = {id(o.call): o for o in program.occurrences if o.call is not None and _runs_forward(program, o)}
    for start in program.occurrences:
        if is_backward(start) and start.call is not None:
            for node, scope in differentiated_values(program, start, start.call):
                for name, factors in _summands(node, scope, (), 0):
                    loss = _term(program, scope, name, factors, forwards)
                    if loss is not None:
                        found.setdefault((scope.key, name.id), loss)
    return tuple(found.values())


def _runs_forward(program: Program, occurrence: Occurrence) -> bool:
    return any(is_forward(program.flow.inference, target) for target in occurrence.step.targets)


def _summands(
    node: ast.expr, scope: CodeScope, factors: tuple[str, ...], depth: int
) -> Iterator[tuple[ast.Name, tuple[str, ...]]]:
    """Names that a sum adds up, with the factors that it gives them."""
    if depth > MAX_DEPTH:
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _summands(node.left, scope, factors, depth + 1)
        yield from _summands(node.right, scope, factors, depth + 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for part, factor in ((node.left, node.right), (node.right, node.left)):
            if isinstance(part, (ast.Name, ast.BinOp)):
                yield from _summands(part, scope, (*factors, ast.unparse(factor)), depth + 1)
    elif isinstance(node, ast.Name):
        bound = [n for n in scope.nodes if isinstance(n, ast.Assign) and _binds_alone(n, node.id)]
        if len(bound) == 1:
            yield from _summands(bound[0].value, scope, factors, depth + 1)
        elif not bound:
            yield node, factors


def _binds_alone(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)


def _term(
    program: Program, scope: CodeScope, name: ast.Name, factors: tuple[str, ...], forwards: dict[int, Occurrence]
) -> Loss | None:
    """The loss that a name stands for, where one statement takes it out of a forward's result."""
    taking = [
        n
        for n in scope.nodes
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple) and name.id in _names(n.targets[0])
    ]
    occurrence = forwards.get(id(taking[0].value)) if len(taking) == 1 else None
    if occurrence is None:
        return None
    where = program.flow.index.span(scope.path, taking[0])
    weight = " * ".join(factors)
    node = ast.parse(weight, mode="eval").body if weight else None
    value = program.flow.values.value(node, scope, occurrence.stack) if node is not None else None
    return Loss(_forward_name(occurrence), where, name.id, weight=weight or None, weight_value=value)


def _names(target: ast.Tuple) -> list[str]:
    return [element.id for element in target.elts if isinstance(element, ast.Name)]


def _forward_name(occurrence: Occurrence) -> str:
    for target in occurrence.step.targets:
        found = target.type.receiver if isinstance(target.type, Function) else target.type
        if isinstance(found, Instance):
            return f"{found.owner}.forward"
    return "forward"
