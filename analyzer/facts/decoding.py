"""How outputs are drawn in inference: temperature, top-k, top-p, greedy choice, penalties, caches, guidance.

Each is recognised by the arithmetic on the model's scores in a function that draws the next output; where a value is
an argument, the program's own argument counts, else the default.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from analyzer.facts.flow import Instance
from analyzer.facts.flow.bindings import default_of
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.interfaces import NO_GRAD, stage_of
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Feature

Value = Known[object] | Unknown


@dataclass(frozen=True)
class _Visit:
    """A function that the program runs, with one way that leads there."""

    program: Program
    scope: CodeScope
    first: Occurrence
    samples: bool
    """It draws from a distribution, or works on the scores for a function that does."""
    leads: bool = False
    """It calls a function that draws."""
    condition: str | None = None
    """The condition of the call that leads here, where it helps a function that draws."""

    def feature(self, id_: str, node: ast.AST, amount: ast.expr | None = None) -> Feature:
        """A feature at a node, with the value of the amount that it uses."""
        index = self.program.flow.index
        values = ((ast.unparse(amount), self.value(amount)),) if amount is not None else ()
        where, code = index.span(self.scope.path, node), index.segment(self.scope.path, node)
        return Feature(id_, where, code, values, _condition(self.scope, node) or self.condition)

    def value(self, node: ast.expr) -> Value:
        found = self.program.flow.values.value(node, self.scope, self.first.stack)
        default = default_of(self.scope.node, node.id) if isinstance(node, ast.Name) else None
        is_entry = not self.first.stack
        if isinstance(found, Unknown) and default is not None and is_entry:
            return self.program.flow.values.value(default, self.scope.parent or self.scope)
        return found


def decoding_features(program: Program) -> Iterator[Feature]:
    """Decoding features of a program, function by function; training programs evaluate but do not decode."""
    yield from _gradient_free(program)
    if "backward" in program.kinds:
        return
    for visit in _visits(program):
        for rule in RULES:
            yield from rule(visit)
    yield from _fed_back_cache(program)
    yield from _kept_cache(program)
    yield from _half_precision(program)


def _visits(program: Program) -> Iterator[_Visit]:
    first: dict[str, Occurrence] = {}
    drawing: set[str] = set()
    for occurrence in program.occurrences:
        key = occurrence.step.scope.key
        first.setdefault(key, occurrence)
        if any(stage_of(dotted) == "sample" for dotted in occurrence.dotted):
            drawing.add(key)
    leading = {
        step.scope.key
        for occurrence in program.occurrences
        if occurrence.step.scope.key in drawing
        for step, _ in occurrence.stack[-1:]
    }
    for key, occurrence in first.items():
        caller = occurrence.stack[-1][0] if occurrence.stack else None
        helps = key not in drawing and caller is not None and caller.scope.key in drawing and not occurrence.in_forward
        conditions = caller.around.conditions if helps and caller is not None else ()
        condition = conditions[-1] if conditions else None
        yield _Visit(program, occurrence.step.scope, occurrence, key in drawing or helps, key in leading, condition)


def _gradient_free(program: Program) -> Iterator[Feature]:
    """`no_grad` and `inference_mode` around forwards."""
    index = program.flow.index
    for occurrence in program.occurrences:
        call = occurrence.call
        if call is not None and "torch.set_grad_enabled" in occurrence.dotted and _is_false(call):
            where = index.span(occurrence.step.scope.path, call)
            yield Feature("no_grad", where, index.segment(occurrence.step.scope.path, call))
        if occurrence.in_forward or not any(is_forward(program.flow.inference, t) for t in occurrence.step.targets):
            continue
        for context in occurrence.step.around.contexts:
            names = [dotted for dotted in context.dotted if NO_GRAD.fullmatch(dotted)]
            if names:
                id_ = "inference_mode" if any("inference_mode" in name for name in names) else "no_grad"
                yield Feature(id_, index.span(occurrence.step.scope.path, context.line), context.text)


def _is_false(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value is False


def _half_precision(program: Program) -> Iterator[Feature]:
    index = program.flow.index
    for occurrence in program.occurrences:
        if set(occurrence.dotted) & {"torch.nn.Module().half", "torch.nn.Module().bfloat16"}:
            step = occurrence.step
            yield Feature(
                "half_precision", index.span(step.scope.path, step.node), index.segment(step.scope.path, step.node)
            )


# --- rules over one function


def _temperature(visit: _Visit) -> Iterator[Feature]:
    """Scores divided by an amount before they become a distribution."""
    if not visit.samples:
        return
    drawn = _distribution_inputs(visit.scope)
    penalties = {id(n) for call, _ in _calls_of(visit.scope, "where", "") for n in ast.walk(call)}
    for node in visit.scope.nodes:
        is_division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and id(node) not in penalties
        if is_division and isinstance(node, ast.BinOp) and isinstance(node.right, (ast.Name, ast.Attribute)):
            inside = any(inner is node for call in _distribution_calls(visit.scope) for inner in ast.walk(call))
            if inside or set(_bound_by(visit.scope, node)) & drawn:
                yield visit.feature("temperature", node, node.right)
    for name in ("div", "div_", "divide"):
        for call, amount in _calls_of(visit.scope, name, "other"):
            is_setting = isinstance(amount, (ast.Name, ast.Attribute)) and id(call) not in penalties
            if is_setting and set(_bound_by(visit.scope, call)) & drawn:
                yield visit.feature("temperature", call, amount)


def _distribution_calls(scope: CodeScope) -> list[ast.Call]:
    names = ("softmax", "Categorical", "multinomial", "log_softmax")
    return [n for n in scope.nodes if isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] in names]


def _distribution_inputs(scope: CodeScope) -> set[str]:
    """Names that softmax or a categorical distribution reads."""
    calls = _distribution_calls(scope)
    return {
        n.id
        for call in calls
        for a in (*call.args, *(k.value for k in call.keywords))
        for n in ast.walk(a)
        if isinstance(n, ast.Name)
    }


def _bound_by(scope: CodeScope, node: ast.AST) -> list[str]:
    """Names bound by the statement around a node."""
    for statement in scope.nodes:
        if isinstance(statement, ast.Assign) and any(inner is node for inner in ast.walk(statement.value)):
            return [n.id for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    return []


def _top_k(visit: _Visit) -> Iterator[Feature]:
    """The k largest scores are kept, the others set to minus infinity."""
    if visit.samples and _masks_with_infinity(visit.scope):
        for call, amount in _calls_of(visit.scope, "topk", "k"):
            if amount is not None and not _is_number(amount, 1):
                yield visit.feature("top_k", call, _limited(amount))


def _limited(amount: ast.expr) -> ast.expr:
    """`k` of `min(k, size)`."""
    is_min = isinstance(amount, ast.Call) and isinstance(amount.func, ast.Name) and amount.func.id == "min"
    named = (
        [a for a in amount.args if isinstance(a, (ast.Name, ast.Attribute))]
        if is_min and isinstance(amount, ast.Call)
        else []
    )
    return named[0] if named else amount


def _top_p(visit: _Visit) -> Iterator[Feature]:
    """The cumulated probabilities are cut at an amount."""
    if not visit.samples:
        return
    cumulated = {name for call, _ in _calls_of(visit.scope, "cumsum", "") for name in _bound_by(visit.scope, call)}
    for node in visit.scope.nodes:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Gt, ast.GtE, ast.LtE, ast.Lt)):
            reads = {n.id for n in ast.walk(node.left) if isinstance(n, ast.Name)}
            direct = any(
                isinstance(n, ast.Call) and ast.unparse(n.func).endswith("cumsum") for n in ast.walk(node.left)
            )
            if (direct or reads & cumulated) and isinstance(
                node.comparators[0], (ast.Name, ast.Attribute, ast.Constant)
            ):
                yield visit.feature("top_p", node, node.comparators[0])
    for name in ("lt", "le", "gt", "ge"):
        for call, amount in _calls_of(visit.scope, name, "other"):
            base = call.func.value if isinstance(call.func, ast.Attribute) else None
            is_setting = isinstance(amount, (ast.Name, ast.Attribute))
            if is_setting and isinstance(base, ast.Name) and base.id in cumulated:
                yield visit.feature("top_p", call, amount)


def _min_p(visit: _Visit) -> Iterator[Feature]:
    """Probabilities below a share of the largest one are dropped."""
    for node in visit.scope.nodes if visit.samples else ():
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Lt, ast.LtE)):
            right = node.comparators[0]
            if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult):
                parts = (right.left, right.right)
                largest = [p for p in parts if any(getattr(n, "attr", "") in ("max", "amax") for n in ast.walk(p))]
                amounts = [p for p in parts if isinstance(p, (ast.Name, ast.Attribute)) and p not in largest]
                if largest and amounts:
                    yield visit.feature("min_p", node, amounts[0])


def _greedy(visit: _Visit) -> Iterator[Feature]:
    """The largest score is chosen and appended to the sequence, or returned in place of a drawn one."""
    appended = {
        n.id
        for call in visit.scope.nodes
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).rpartition(".")[2] in ("cat", "concat", "append", "hstack")
        for n in ast.walk(call)
        if isinstance(n, ast.Name)
    }
    found = [call for call, _ in _calls_of(visit.scope, "argmax", "")]
    found += [
        call for call, amount in _calls_of(visit.scope, "topk", "k") if amount is not None and _is_number(amount, 1)
    ]
    for call in found:
        is_returned = visit.samples and any(
            isinstance(n, ast.Return) and n.value is not None and any(part is call for part in ast.walk(n.value))
            for n in visit.scope.nodes
        )
        if set(_bound_by(visit.scope, call)) & appended or is_returned:
            yield visit.feature("greedy_decoding", call)


def _repetition_penalty(visit: _Visit) -> Iterator[Feature]:
    """`where(score > 0, score / p, score * p)`."""
    for call, _ in _calls_of(visit.scope, "where", ""):
        divisors = {
            ast.unparse(n.right): n.right
            for n in ast.walk(call)
            if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)
        }
        factors = {
            ast.unparse(n.right) for n in ast.walk(call) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult)
        }
        for text in sorted(divisors.keys() & factors):
            yield visit.feature("repetition_penalty", call, divisors[text])


def _beam_search(visit: _Visit) -> Iterator[Feature]:
    """The best continuations of every hypothesis, ranked by their summed score."""
    has_ranking = any(isinstance(n, ast.Call) and ast.unparse(n.func) == "sorted" for n in visit.scope.nodes)
    has_sum = any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add) and isinstance(n.left, ast.Subscript)
        for n in visit.scope.nodes
    )
    for call, amount in _calls_of(visit.scope, "topk", "k") if has_ranking and has_sum else ():
        width = amount.left if isinstance(amount, ast.BinOp) else amount
        if width is not None:
            yield visit.feature("beam_search", call, width)


def _guidance(visit: _Visit) -> Iterator[Feature]:
    """`u + s * (c - u)`: the difference to the unconditional prediction is scaled."""
    for node in visit.scope.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.right, ast.BinOp):
            product = node.right
            for scale, difference in ((product.left, product.right), (product.right, product.left)):
                is_difference = isinstance(difference, ast.BinOp) and isinstance(difference.op, ast.Sub)
                if isinstance(product.op, ast.Mult) and is_difference and isinstance(difference, ast.BinOp):
                    same = ast.unparse(difference.right) == ast.unparse(node.left)
                    if same and isinstance(scale, (ast.Name, ast.Attribute, ast.Constant)):
                        yield visit.feature("classifier_free_guidance", node, scale)


def _hooked_cache(visit: _Visit) -> Iterator[Feature]:
    """A hook on modules keeps their outputs, joined to those of earlier steps."""
    hooks = [
        n
        for n in visit.scope.nodes
        if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "register_forward_hook"
    ]
    for call in hooks:
        for found in visit.program.flow.inference.types(call.args[0] if call.args else None, visit.scope):
            inner = visit.program.flow.inference.scopes.by_key.get(getattr(found, "name", ""))
            if inner is not None and _keeps_joined(inner):
                yield visit.feature("kv_cache", call)


def _keeps_joined(scope: CodeScope) -> bool:
    """`cache[module] = torch.cat([cache[module], output])`."""
    for node in scope.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            for call in ast.walk(node.value):
                if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "cat":
                    return True
    return False


def _streams(visit: _Visit) -> Iterator[Feature]:
    """A generator that yields while it draws; one that is a context manager yields once, and no output."""
    decorators = [ast.unparse(decorator) for decorator in getattr(visit.scope.node, "decorator_list", ())]
    is_manager = any(text.endswith("contextmanager") for text in decorators)
    for node in visit.scope.nodes if (visit.samples or visit.leads) and not is_manager else ():
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            yield visit.feature("streaming", node)


RULES: tuple[Callable[[_Visit], Iterator[Feature]], ...] = (
    _temperature, _top_k, _top_p, _min_p, _greedy, _repetition_penalty, _beam_search, _guidance, _hooked_cache, _streams,  # noqa: E501
)  # fmt: skip


def _fed_back_cache(program: Program) -> Iterator[Feature]:
    """A forward in a loop is given what the forward of the turn before returned beside its scores."""
    for occurrence in program.occurrences:
        call = occurrence.call
        is_loop = bool(occurrence.step.around.loops) and not occurrence.in_forward  # a loop there goes over layers
        if (
            call is None
            or not is_loop
            or not any(is_forward(program.flow.inference, t) for t in occurrence.step.targets)
        ):
            continue
        scope = occurrence.step.scope
        outputs = set(_bound_by(scope, call))
        for argument in (*call.args[1:], *(keyword.value for keyword in call.keywords)):
            if isinstance(argument, ast.Name) and _comes_from(scope, argument.id, outputs):
                index = program.flow.index
                yield Feature("kv_cache", index.span(scope.path, call), index.segment(scope.path, call))


def _kept_cache(program: Program) -> Iterator[Feature]:
    """A forward in a loop is given an own object made before, which keeps rows of tensors while the forward runs."""
    keepers = [o for o in program.occurrences if o.in_forward and _keeps_rows(program, o)]
    leading = {id(step) for keeper in keepers for step, _ in keeper.stack}
    for occurrence in program.occurrences:
        call, step = occurrence.call, occurrence.step
        if call is None or occurrence.in_forward or id(step) not in leading or not step.around.loops:
            continue
        if not any(is_forward(program.flow.inference, t) for t in step.targets):
            continue
        for keyword in (*call.args[1:], *(k.value for k in call.keywords)):
            test = _made_under(step.scope, keyword.id) if isinstance(keyword, ast.Name) else None
            visit = _Visit(program, step.scope, occurrence, samples=False)
            if test is not None:
                feature = visit.feature("kv_cache", call, test if isinstance(test, (ast.Name, ast.Attribute)) else None)
                yield replace(feature, condition=feature.condition or ast.unparse(test))


def _keeps_rows(program: Program, occurrence: Occurrence) -> bool:
    """`self.rows[..., a:b] = new` or `self.rows = cat((self.rows, new))` in a class that is no module."""
    step = occurrence.step
    owner = step.scope.parent
    if step.kind != "store" or owner is None or not owner.is_class:
        return False
    if program.flow.inference.is_module(Instance(owner.key)):
        return False
    if isinstance(step.node, ast.Subscript):
        has_slice = any(isinstance(n, ast.Slice) for n in ast.walk(step.node.slice))
        return has_slice and isinstance(step.node.value, ast.Attribute)
    value = getattr(step.statement, "value", None)
    is_joined = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in ("cat", "concat")
    return is_joined and value is not None and ast.unparse(step.node) in ast.unparse(value)


def _made_under(scope: CodeScope, name: str) -> ast.expr | None:
    """The condition of `name = make() if test else None` where all bindings have the same, None elsewhere."""
    values = [
        n.value
        for n in scope.nodes
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
    ]
    tests = {
        ast.unparse(v.test): v.test
        for v in reversed(values)
        if isinstance(v, ast.IfExp) and isinstance(v.body, ast.Call) and isinstance(v.orelse, ast.Constant)
    }
    is_whole = len(tests) == 1 and all(isinstance(v, ast.IfExp) for v in values)
    return next(iter(tests.values())) if is_whole else None


def _comes_from(scope: CodeScope, name: str, outputs: set[str]) -> bool:
    """The name is bound to a part of the outputs."""
    for node in scope.nodes:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            value = node.value.body if isinstance(node.value, ast.IfExp) else node.value
            base = value.value if isinstance(value, (ast.Attribute, ast.Subscript)) else value
            if isinstance(base, ast.Name) and base.id in outputs and base is not value:
                return True
    return False


# --- small questions about syntax


def _calls_of(scope: CodeScope, name: str, amount: str) -> list[tuple[ast.Call, ast.expr | None]]:
    """Calls `torch.name(x, k)` or `x.name(k)` of torch's interface, with their amount."""
    found: list[tuple[ast.Call, ast.expr | None]] = []
    for node in scope.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            is_function = isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "F")
            place = 1 if is_function else 0
            given = next((k.value for k in node.keywords if k.arg == amount), None)
            found.append((node, given or (node.args[place] if len(node.args) > place else None)))
    return found


def _is_number(node: ast.expr, number: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == number


def _masks_with_infinity(scope: CodeScope) -> bool:
    texts = [
        ast.unparse(n).lower().replace(" ", "")
        for n in scope.nodes
        if isinstance(n, (ast.Call, ast.Attribute, ast.UnaryOp))
    ]
    return any(
        text in ("float('-inf')", "-float('inf')", "-torch.inf", "-math.inf", "-np.inf", "-inf") for text in texts
    )


def _condition(scope: CodeScope, node: ast.AST) -> str | None:
    """The nearest condition around a node."""
    best: tuple[int, str] | None = None
    for outer in scope.nodes:
        if isinstance(outer, (ast.If, ast.IfExp)):
            bodies = outer.body if isinstance(outer.body, list) else [outer.body]
            others = outer.orelse if isinstance(outer.orelse, list) else [outer.orelse]
            for branch, text in ((bodies, ast.unparse(outer.test)), (others, f"not ({ast.unparse(outer.test)})")):
                if any(inner is node for part in branch for inner in ast.walk(part)):
                    best = max(best or (0, ""), (outer.lineno, text), key=lambda item: item[0])
    return best[1] if best else None
