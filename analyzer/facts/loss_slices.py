"""Which call computes the loss: the value that `backward` starts from, followed back through assignments.

Loss functions of torch are recognised by themselves; this finds the forwards that contain them, the code's own loss
functions, and losses written out (`((a - b) ** 2).mean()`). It stops at the first of them on each way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow import Function
from analyzer.facts.flow.frameworks import LOSS_HOOKS
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Step
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.interfaces import stage_of
from analyzer.facts.program import Program, is_unresolved_backward

MAX_DEPTH = 60
REDUCTIONS = frozenset({"mean", "sum", "nanmean", "nansum"})


class LossSlices:
    """Calls of a program that make the value of which gradients are taken."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps: dict[int, list[Step]] = {}
        for occurrence in program.occurrences:
            known = self._steps.setdefault(id(occurrence.step.node), [])
            if occurrence.step not in known:
                known.append(occurrence.step)
        self._loss_calls: set[int] = set()
        self._passed: set[int] = set()
        self._seen: set[tuple[str, str]] = set()
        for start in program.occurrences:
            if is_backward(start) and start.call is not None:
                for node, scope in differentiated_values(program, start, start.call):
                    self._follow(node, scope, 0)

    def is_loss_call(self, step: Step) -> bool:
        """True for a call of own code, or the outermost reduction, that computes the loss."""
        return id(step.node) in self._loss_calls

    def is_on_the_way(self, step: Step) -> bool:
        """True for calls through which the loss is followed: the model's forward that contains it."""
        return id(step.node) in self._passed

    def _follow(self, node: ast.AST, scope: CodeScope, depth: int) -> bool:
        """Follow a value back; True where something on the way computes a loss."""
        if depth > MAX_DEPTH:
            return False
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._value(node, scope, depth)
        return any([self._follow(part, scope, depth + 1) for part in _carried(node)])

    def _call(self, call: ast.Call, scope: CodeScope, depth: int) -> bool:
        verdicts = [self._verdict(step) for step in self._steps.get(id(call), ())]
        if True in verdicts or False in verdicts:
            return True in verdicts
        is_reduction = isinstance(call.func, ast.Attribute) and call.func.attr in REDUCTIONS
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        parts = () if is_reduction and _has_arithmetic(call) else (*receiver, *call.args)
        if any([self._follow(part, scope, depth + 1) for part in parts]):
            return True
        is_term = is_reduction and (not parts or (depth > 0 and not call.args and not call.keywords))
        if is_term:
            self._loss_calls.add(id(call))
        return is_term

    def _verdict(self, step: Step) -> bool | None:
        """Whether a call is a loss (True), ends the search (False), or only passes its operands on (None)."""
        if any(stage_of(dotted) == "loss" for dotted in step.foreign):
            self._passed.add(id(step.node))
            return True
        for target in step.targets:
            if target.body is None or target.note:
                continue
            if "loss" in self._program.flow.kinds(target.body):
                self._passed.add(id(step.node))
                return True
            if is_forward(self._program.flow.inference, target):
                return False
            if isinstance(target.type, Function):
                if self._computes(target.body, 0):
                    self._loss_calls.add(id(step.node))
                    return True
                return False
        return None

    def _computes(self, body: Body, depth: int) -> bool:
        """Arithmetic and a reduction, in the function itself or in what it calls."""
        nodes = list(self._nodes_below(body, depth))
        reduces = any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in REDUCTIONS for n in nodes
        )
        return reduces and any(isinstance(n, ast.BinOp) for n in nodes)

    def _nodes_below(self, body: Body, depth: int) -> Iterator[ast.AST]:
        yield from body.scope.nodes
        for inner in (t.body for step in body.steps for t in step.targets if t.body is not None and not t.note):
            if depth < 3:
                yield from self._nodes_below(inner, depth + 1)

    def _value(self, node: ast.Name | ast.Attribute, scope: CodeScope, depth: int) -> bool:
        text = ast.unparse(node)
        owner = self._program.flow.inference.scopes.owner_of(scope, node.id) if isinstance(node, ast.Name) else scope
        owner = owner or scope
        if (owner.key, text) in self._seen:
            return False
        self._seen.add((owner.key, text))
        found = False
        for statement in _bindings(text, owner):
            found = self._follow(statement.value, owner, depth + 1) or found
        if not found and isinstance(node, ast.Attribute):
            return self._follow(node.value, scope, depth + 1)
        return found


def differentiated_values(program: Program, start: Occurrence, call: ast.Call) -> Iterator[tuple[ast.expr, CodeScope]]:
    """What a `backward` takes gradients of; a framework takes them of what the method returns that it calls."""
    if start.step.act is None:
        yield from ((node, start.step.scope) for node in _differentiated(call))
        return
    for other in program.occurrences:
        act = other.step.act
        if other.step.driver is not start.step.driver or act is None:
            continue
        if act.kind == "forward" and isinstance(other.step.node, ast.expr):
            yield other.step.node, other.step.scope
        elif act.hook in LOSS_HOOKS:
            for scope in (t.body.scope for t in other.step.targets if t.body is not None):
                yield from ((node, scope) for node in losses_of_return(scope))


def losses_of_return(scope: CodeScope) -> Iterator[ast.expr]:
    """The loss among what a framework's hook returns: itself, under the key `loss`, or first of a tuple."""
    for node in scope.nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _losses_in(node.value, scope)


def _losses_in(node: ast.expr, scope: CodeScope) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from _losses_in(node.body, scope)
        yield from _losses_in(node.orelse, scope)
    elif isinstance(node, ast.Tuple) and node.elts:
        yield node.elts[0]
    elif isinstance(node, ast.Dict):
        keyed = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in keyed if isinstance(key, ast.Constant) and key.value == "loss")
    elif isinstance(node, ast.Name):
        bound = [n.value for n in _bindings(node.id, scope) if isinstance(n.value, ast.Dict)]
        found = [loss for value in bound for loss in _losses_in(value, scope)]
        yield from found or [node]
    else:
        yield node


def is_backward(occurrence: Occurrence) -> bool:
    if occurrence.step.act is not None:
        return occurrence.step.act.kind == "backward"
    return is_unresolved_backward(occurrence.step) or any(stage_of(d) == "backward" for d in occurrence.dotted)


def _differentiated(call: ast.Call) -> list[ast.expr]:
    """The value whose gradients a `backward` call takes: its receiver, or its argument."""
    if call.args:
        return list(call.args[:1])
    return [call.func.value] if isinstance(call.func, ast.Attribute) else []


def _bindings(text: str, scope: CodeScope) -> Iterator[ast.Assign | ast.AugAssign]:
    """Statements of the scope that bind a name, attribute, or an item of it."""
    for node in scope.nodes:
        if isinstance(node, ast.Assign):
            targets = [p for t in node.targets for p in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        else:
            continue
        if any(ast.unparse(t.value if isinstance(t, ast.Subscript) else t) == text for t in targets):
            yield node


def _carried(node: ast.AST) -> list[ast.expr]:
    """Parts that carry the value on: no divisors, indices or conditions."""
    if isinstance(node, ast.BinOp):
        return [node.left] if isinstance(node.op, (ast.Div, ast.FloorDiv)) else [node.left, node.right]
    if isinstance(node, ast.Subscript):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return [node.elt]
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _has_arithmetic(call: ast.Call) -> bool:
    """The receiver or an argument is computed, not merely named."""
    parts = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    operators = (ast.BinOp, ast.UnaryOp)
    return any(isinstance(n, operators) for part in (*parts, *call.args) for n in _without_indices(part))


def _without_indices(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Subscript) and child is node.slice) and not isinstance(node, ast.keyword):
            yield from _without_indices(child)
