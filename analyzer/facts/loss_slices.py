"""Which call computes the loss: the value that `backward` starts from, followed back through assignments.

Loss functions of torch are recognised by themselves; this finds the forwards that contain them, the code's own loss
functions, and losses written out (`((a - b) ** 2).mean()`). It stops at the first of them on each way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow import Foreign, Function, Instance
from analyzer.facts.flow.bindings import argument_named
from analyzer.facts.flow.contexts import given_before, has_receiver_of
from analyzer.facts.flow.frameworks import LOSS_HOOKS
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.flow.steps import Body, Step, Target
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.interfaces import stage_of
from analyzer.facts.literal import NotPlain
from analyzer.facts.program import Program, is_unresolved_backward

MAX_DEPTH = 60
MIN_PARAMETERS = 2
"""Of the forward of a loss: the object itself and what it judges."""
PARAMETER = Foreign("torch.nn.Parameter()")
DIRECT, DEEP = 1, 2
"""Inside of a reduction: of a named value itself, or of something computed."""
LIBRARY_REDUCTIONS = frozenset({"torch.mean", "torch.sum", "torch.nanmean"})
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
        self._seen: set[tuple[str, str, int]] = set()
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

    def _follow(self, node: ast.AST, scope: CodeScope, depth: int, inner: int = 0) -> bool:
        """Follow a value back; True where something on the way computes a loss. Inside of a reduction (`inner`) only
        library losses and code that contains them count, besides the function whose own result is reduced (`DIRECT`):
        other sums there are baselines and norms.
        """
        if depth > MAX_DEPTH:
            return False
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth, inner)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._value(node, scope, depth, inner)
        kept = kept_under(node, scope)
        if kept:
            return self._items(node, kept, scope, depth, inner)
        deeper = DEEP if inner and not isinstance(node, ast.Subscript) else inner
        return any([self._follow(part, scope, depth + 1, deeper) for part in _carried(node)])

    def _items(self, node: ast.AST, kept: list[ast.expr], scope: CodeScope, depth: int, inner: int) -> bool:
        """What the function itself stores under the key that is read."""
        text = ast.unparse(node)
        if (scope.key, text, inner) in self._seen:
            return False
        self._seen.add((scope.key, text, inner))
        return any([self._follow(value, scope, depth + 1, inner) for value in kept])

    def _call(self, call: ast.Call, scope: CodeScope, depth: int, inner: int) -> bool:
        steps = self._steps.get(id(call), ())
        verdicts = [self._verdict(step, depth, inner) for step in steps]
        if True in verdicts or False in verdicts:
            return True in verdicts
        is_reduction = isinstance(call.func, ast.Attribute) and call.func.attr in REDUCTIONS
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        is_sum = is_reduction and _has_arithmetic(call)
        parts = () if is_sum and not inner else (*receiver, *call.args)
        is_named = bool(receiver) and isinstance(receiver[0], (ast.Name, ast.Attribute, ast.Subscript))
        deeper = DIRECT if is_reduction and is_named and not inner else DEEP if inner or is_reduction else 0
        if any([self._follow(part, scope, depth + 1, deeper) for part in parts]):
            return True
        operands = 1 if any(d in LIBRARY_REDUCTIONS for step in steps for d in step.foreign) else 0
        is_plain = is_reduction and depth > 0 and len(call.args) == operands and not call.keywords
        is_unknown = bool(steps) and all(not step.targets for step in steps) and _compares(call)
        if (is_sum or is_plain or is_unknown) and not inner:
            self._loss_calls.add(id(call))
            return True
        return False

    def _verdict(self, step: Step, depth: int, inner: int) -> bool | None:
        """Whether a call is a loss (True), ends the search (False), or only passes its operands on (None)."""
        if any(stage_of(dotted) == "loss" for dotted in step.foreign):
            self._passed.add(id(step.node))
            return True
        verdicts = [self._verdict_on(target, step, depth, inner) for target in step.targets]
        return True if True in verdicts else False if False in verdicts else None

    def _verdict_on(self, target: Target, step: Step, depth: int, inner: int) -> bool | None:
        """The verdict on one of the functions that a call may run."""
        if target.body is None or target.note:
            return None
        if "loss" in self._program.flow.kinds(target.body):
            self._passed.add(id(step.node))
            return True
        if is_forward(self._program.flow.inference, target) and not self._is_bare(target):
            return False
        is_function = isinstance(target.type, (Function, Instance))
        return inner != DEEP and self._is_loss_function(step, target.body, depth) if is_function else None

    def _is_bare(self, target: Target) -> bool:
        """An own module that holds no layers and no parameters, called with something: a loss as a class."""
        owner = target.type.receiver if isinstance(target.type, Function) else target.type
        given = parameters_of(target.body.scope.node.args) if target.body is not None else []  # type: ignore[union-attr]
        if not isinstance(owner, Instance) or len(given) < MIN_PARAMETERS:
            return False
        inference = self._program.flow.inference
        held = [types for (site, _), types in inference.slots.items() if site == owner.owner]
        return not any(inference.is_module(t) or t == PARAMETER for types in held for t in types)

    def _is_loss_function(self, step: Step, body: Body, depth: int) -> bool:
        """An own function that computes the loss itself, or returns what another call computes."""
        terms = [v for v in losses_of_return(body.scope) if kept_under(v, body.scope) or self._is_handed_on(v)]
        if terms and any([self._follow(value, body.scope, depth + 1) for value in terms]):
            return True
        if self._computes(body, 0) or self._averages(step, body):
            self._loss_calls.add(id(step.node))
            return True
        return any([self._follow(value, body.scope, depth + 1) for value in losses_of_return(body.scope)])

    def _is_handed_on(self, value: ast.expr) -> bool:
        """The function returns what another method of the object returns: `return super().losses(…)`."""
        is_method = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
        names = [t.type for step in self._steps.get(id(value), ()) for t in step.targets if t.body is not None]
        return is_method and bool(names) and all(isinstance(name, Function) for name in names)

    def _averages(self, step: Step, body: Body) -> bool:
        """An own function that only reduces what the call computes: `mean_flat((target - output) ** 2)`."""
        returned = [n.value for n in body.scope.nodes if isinstance(n, ast.Return)]
        called = [n.func for n in returned if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
        reduces = any(func.attr in REDUCTIONS for func in called)
        return reduces and isinstance(step.node, ast.Call) and _has_arithmetic(step.node)

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

    def _value(self, node: ast.Name | ast.Attribute, scope: CodeScope, depth: int, inner: int) -> bool:
        text = ast.unparse(node)
        owner = self._program.flow.inference.scopes.owner_of(scope, node.id) if isinstance(node, ast.Name) else scope
        owner = owner or scope
        if (owner.key, text, inner) in self._seen:
            return False
        self._seen.add((owner.key, text, inner))
        sources = arguments_for(self._program, owner, text)
        sources += [(statement.value, owner) for statement in _bindings(text, owner)]
        found = any([self._follow(value, place, depth + 1, inner) for value, place in sources])
        if not found and isinstance(node, ast.Attribute):
            return self._follow(node.value, scope, depth + 1, inner)
        return found


def arguments_for(program: Program, function: CodeScope, name: str) -> list[tuple[ast.expr, CodeScope]]:
    """What the calls of a function in this program give for one of its parameters, where nothing binds it again."""
    arguments = getattr(function.node, "args", None)
    is_parameter = isinstance(arguments, ast.arguments) and any(a.arg == name for a in parameters_of(arguments))
    if not is_parameter or any(_bindings(name, function)):
        return []
    found: list[tuple[ast.expr, CodeScope]] = []
    for step, target in program.calls_of.get(function.key, ()):
        try:
            prior = (has_receiver_of(target), given_before(target))
            given = argument_named(step.node, function.node, name, *prior)  # type: ignore[arg-type]
        except NotPlain:
            continue
        found += [(given, step.scope)] if given is not None else []
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
        item = ast.copy_location(ast.Subscript(node, ast.copy_location(ast.Constant("loss"), node), ast.Load()), node)
        if not found and kept_under(item, scope):
            found = [item]
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


def kept_under(node: ast.AST, scope: CodeScope) -> list[ast.expr]:
    """What a function stores under the key of `terms["mse"]`; nothing where it stores under no such key."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
        return []
    text = ast.unparse(node)
    stored = [n for n in scope.nodes if isinstance(n, (ast.Assign, ast.AugAssign))]
    return [n.value for n in stored if text in map(ast.unparse, n.targets if isinstance(n, ast.Assign) else [n.target])]


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


def _compares(call: ast.Call) -> bool:
    """`criterion(output, target)`: a name, or an attribute of the object itself, called with two things or more."""
    base = call.func
    while isinstance(base, ast.Attribute):
        base = base.value
    return isinstance(base, ast.Name) and len(call.args) + len(call.keywords) > 1


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
