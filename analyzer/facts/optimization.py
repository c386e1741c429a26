"""Optimizers with their parameter groups, and learning-rate schedules with their curves."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.evaluation import ValueOf
from analyzer.facts.flow import Foreign, Function, Instance, Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import is_optimizer, is_scheduler
from analyzer.facts.program import OPTIMIZER_BASES, Program
from analyzer.facts.schedule_forms import closed_form, sample_steps
from analyzer.facts.spread_arguments import spread_arguments
from analyzer.facts.trial_steps import trial_scopes
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Optimizer, OptimizerGroup, Schedule, Stage

Value = Known[object] | Unknown
POSITIONAL = {
    "optimizer": ("params", "lr"),
    "create_optimizer": ("args", "model"),
    "create_optimizer_v2": ("model_or_params", "opt", "lr", "weight_decay", "momentum"),
    "CosineAnnealingLR": ("optimizer", "T_max", "eta_min"),
    "StepLR": ("optimizer", "step_size", "gamma"),
    "MultiStepLR": ("optimizer", "milestones", "gamma"),
    "ExponentialLR": ("optimizer", "gamma"),
    "LambdaLR": ("optimizer", "lr_lambda"),
    "get_linear_schedule_with_warmup": ("optimizer", "num_warmup_steps", "num_training_steps"),
    "get_cosine_schedule_with_warmup": ("optimizer", "num_warmup_steps", "num_training_steps", "num_cycles"),
    "get_constant_schedule_with_warmup": ("optimizer", "num_warmup_steps"),
    "get_cosine_with_min_lr_schedule_with_warmup": (
        "optimizer", "num_warmup_steps", "num_training_steps", "num_cycles", "last_epoch", "min_lr", "min_lr_rate",
    ),
}  # fmt: skip
TRAINED = ("params", "model_or_params", "model")
"""Arguments that hold what is optimised."""
COPIED = Foreign("dataclasses.replace()")
"""A changed copy has the class of what it was made from."""


def find_optimizers(program: Program) -> tuple[Optimizer, ...]:
    """Every optimizer that the program trains with, in order."""
    found: dict[object, Optimizer] = {}
    trials = trial_scopes(program)
    for occurrence in program.occurrences:
        name = _optimizer_name(program, occurrence) if occurrence.step.scope.key not in trials else ""
        if name and occurrence.call is not None:
            optimizer = _optimizer(program, occurrence, occurrence.call, name)
            found.setdefault(optimizer.where, optimizer)
    return tuple(found.values())


def _optimizer_name(program: Program, occurrence: Occurrence) -> str:
    for target in occurrence.step.targets:
        if target.dotted and is_optimizer(target.dotted):
            return target.dotted
        if isinstance(target.type, Klass) and program.is_own_class(target.type, OPTIMIZER_BASES):
            return target.type.owner
    return ""


def _optimizer(program: Program, occurrence: Occurrence, call: ast.Call, name: str) -> Optimizer:
    arguments = list(named_arguments(call, POSITIONAL.get(name.rpartition(".")[2], POSITIONAL["optimizer"])))
    values = tuple(
        (key, _text(program, occurrence, node), _value(program, occurrence, node))
        for key, node in arguments
        if key not in TRAINED
    )
    values += tuple(spread_arguments(program, occurrence, call))
    parameters = next((node for key, node in arguments if key in TRAINED), None)
    groups = tuple(_groups(program, occurrence, parameters)) if parameters is not None else ()
    return Optimizer(name, values, groups, program.flow.index.span(occurrence.step.scope.path, call))


def named_arguments(call: ast.Call, names: Sequence[str]) -> Iterator[tuple[str, ast.expr]]:
    """Arguments of a call by name, positional ones by the interface's order; `**` and `*` are left out."""
    for place, node in enumerate(call.args):
        if place < len(names) and not isinstance(node, ast.Starred):
            yield names[place], node
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value


def _text(program: Program, occurrence: Occurrence, node: ast.expr) -> str:
    return program.flow.index.segment(occurrence.step.scope.path, node)


def _value(program: Program, occurrence: Occurrence, node: ast.expr) -> Value:
    return program.flow.values.value(node, occurrence.step.scope, occurrence.stack)


def _groups(program: Program, occurrence: Occurrence, node: ast.expr) -> Iterator[OptimizerGroup]:
    """One group per dictionary of the list that the optimizer is given; else all that it is given."""
    scope = occurrence.step.scope
    written = _written_out(node, scope)
    made = _made_groups(program, occurrence, written)
    if made is not None:
        occurrence, written = made
        scope = occurrence.step.scope
    if not isinstance(written, ast.List) or not all(pairs_of(item) for item in written.elts):
        yield OptimizerGroup(_text(program, occurrence, node), (), program.flow.index.span(scope.path, node))
        return
    for item in written.elts:
        pairs = pairs_of(item)
        options = tuple((key, _value(program, occurrence, value)) for key, value in pairs if key != "params")
        chosen = next((value for key, value in pairs if key == "params"), item)
        rule, place = _selection_rule(chosen, scope)
        where = program.flow.index.span(scope.path, place)
        yield OptimizerGroup(program.flow.index.segment(scope.path, rule), options, where)


def _made_groups(program: Program, occurrence: Occurrence, node: ast.expr) -> tuple[Occurrence, ast.expr] | None:
    """The one list that an own function returns, with the way into that function."""
    for call in program.occurrences if isinstance(node, ast.Call) else ():
        if call.step.node is node:
            bodies = [(t, t.body) for t in call.step.targets if t.body is not None and not t.note]
            target, body = bodies[0] if len(bodies) == 1 else (None, None)
            returned = [n.value for n in body.scope.nodes if isinstance(n, ast.Return)] if body is not None else []
            value = returned[0] if len(returned) == 1 else None
            if body is not None and target is not None and value is not None:
                listed = _written_out(value, body.scope)
                step = replace(call.step, scope=body.scope)
                if isinstance(listed, ast.List) and all(pairs_of(item) for item in listed.elts):
                    return replace(call, step=step, stack=(*call.stack, (call.step, target))), listed
    return None


def _written_out(node: ast.expr, scope: CodeScope) -> ast.expr:
    """What a name stands for where its scope binds it once."""
    if isinstance(node, ast.Name):
        bound = [
            n
            for n in scope.nodes
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)
        ]
        if len(bound) == 1:
            return bound[0].value
    return node


def _selection_rule(node: ast.expr, scope: CodeScope) -> tuple[ast.expr, ast.AST]:
    rule = _written_out(node, scope)
    return rule, rule


# --- schedules


def find_schedules(
    program: Program, stages: Sequence[tuple[Stage, Occurrence]], optimizers: Sequence[Optimizer], value_of: ValueOf
) -> tuple[Schedule, ...]:
    """Torch's schedulers, and functions of the code that compute the rate it sets."""
    found: dict[object, Schedule] = {}
    for occurrence in program.occurrences:
        for target in occurrence.step.targets:
            if is_scheduler(target.dotted) and occurrence.call is not None:
                schedule = _torch_schedule(program, occurrence, occurrence.call, target.dotted, optimizers)
                found.setdefault(schedule.where, schedule)
    for stage, occurrence in stages:
        if stage.kind == "schedule" and occurrence.step.kind == "store":
            for schedule in _own_schedules(program, occurrence, value_of):
                found.setdefault(schedule.where, schedule)
    return tuple(found.values())


def _torch_schedule(
    program: Program, occurrence: Occurrence, call: ast.Call, name: str, optimizers: Sequence[Optimizer]
) -> Schedule:
    last = name.rpartition(".")[2]
    pairs = list(named_arguments(call, POSITIONAL.get(last, ("optimizer",))))
    arguments = tuple(
        (k, _text(program, occurrence, n), _value(program, occurrence, n)) for k, n in pairs if k != "optimizer"
    )
    where = program.flow.index.span(occurrence.step.scope.path, call)
    values = {key: value.value for key, _, value in arguments if isinstance(value, Known)}
    rate = _base_rate(optimizers)
    curve = closed_form(last, values, rate) if rate is not None else ()
    gap = None if curve else Unknown("schedule_not_sampled", (("schedule", last),), where)
    return Schedule(name, where, arguments, curve, gap)


def _base_rate(optimizers: Sequence[Optimizer]) -> float | None:
    rates = {v.value for o in optimizers for k, _, v in o.arguments if k == "lr" and isinstance(v, Known)}
    only = next(iter(rates)) if len(rates) == 1 else None
    return float(only) if isinstance(only, (int, float)) else None


def _own_schedules(program: Program, store: Occurrence, value_of: ValueOf) -> Iterator[Schedule]:
    """Functions whose result the store writes into the groups."""
    statement = store.step.statement
    value = statement.value if isinstance(statement, (ast.Assign, ast.AugAssign)) else None
    for call, scope in _calls_behind(program, value, store.step.scope, 0):
        for target in sorted(program.flow.inference.types(call.func, scope), key=repr):
            if isinstance(target, Function):
                yield _own_schedule(program, store, (call, scope), target.name, value_of)
            elif isinstance(target, Foreign):
                continue


def _calls_behind(
    program: Program, node: ast.expr | None, scope: CodeScope, depth: int
) -> Iterator[tuple[ast.Call, CodeScope]]:
    if node is None or depth > 3:
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            yield part, scope
        elif isinstance(part, ast.Name):
            owner = program.flow.inference.scopes.owner_of(scope, part.id)
            for bound in owner.nodes if owner is not None else ():
                if isinstance(bound, ast.Assign) and any(
                    isinstance(t, ast.Name) and t.id == part.id for t in bound.targets
                ):
                    yield from _calls_behind(program, bound.value, owner or scope, depth + 1)


def _own_schedule(
    program: Program, store: Occurrence, made: tuple[ast.Call, CodeScope], function: str, value_of: ValueOf
) -> Schedule:
    call, scope = made
    flow = program.flow
    inner = flow.inference.scopes.by_key[function]
    where = flow.index.span(inner.path, inner.node)
    arguments = getattr(inner.node, "args", None)
    names = [a.arg for a in arguments.args] if isinstance(arguments, ast.arguments) else []
    given = [(key, node, flow.values.value(node, scope, store.stack)) for key, node in named_arguments(call, names)]
    listed = tuple((key, flow.index.segment(scope.path, node), value) for key, node, value in given)
    given = [(key, node, _configured(program, (node, scope), inner, key, value)) for key, node, value in given]
    open_names = [key for key, _, value in given if isinstance(value, Unknown)]
    if len(open_names) != 1 or inner.parent is None or inner.parent.is_class:
        read = open_names or _own_attributes(inner)
        gap = Unknown("schedule_needs_run", (("names", ", ".join(read)),), where)
        return Schedule(function, where, listed, (), gap)
    last = _last_step(program, inner, [v.value for _, _, v in given if isinstance(v, Known)])
    listed = (*listed, *_fields(given))
    curve, gap_ = _sampled(inner, given, last, value_of)
    if curve:  # the one open argument is the step that runs along the curve
        listed = tuple(item for item in listed if isinstance(item[2], Known))
    return Schedule(function, where, listed, curve, gap_)


def _own_attributes(method: CodeScope) -> list[str]:
    """What a method reads of its own object: `self.n_current_steps`."""
    read = (n for n in method.nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load))
    return list(dict.fromkeys(f"self.{n.attr}" for n in read if isinstance(n.value, ast.Name) and n.value.id == "self"))


@dataclass(frozen=True)
class _Settings:
    """An object of the code's own configuration class, by the fields that a function reads of it."""

    owner: str
    fields: tuple[tuple[str, str, Known[object]], ...]
    """(field, expression as written, value that counts in this program)."""

    def __repr__(self) -> str:
        return f"{self.owner}({', '.join(f'{name}={value.value!r}' for name, _, value in self.fields)})"


def _configured(
    program: Program, given: tuple[ast.expr, CodeScope], inner: CodeScope, name: str, value: Value
) -> Value:
    """The argument as an object with its effective fields, where all that the function reads of it are known."""
    types = program.flow.inference.types(*given) - {COPIED}
    owner = next(iter(types)) if len(types) == 1 else None
    if not isinstance(value, Unknown) or not isinstance(owner, Instance):
        return value
    definition = program.flow.index.symbols.definition(owner.owner)
    local = definition.name.rpartition(".")[2] if definition is not None else ""
    uses = [n for n in inner.nodes if isinstance(n, ast.Name) and n.id == name]
    reads = [n for n in inner.nodes if isinstance(n, ast.Attribute) and any(n.value is use for use in uses)]
    if program.flow.index.symbols.resolve(inner.path, local) != definition or len(uses) != len(reads):
        return value
    fields = {n.attr: (ast.unparse(n), program.flow.values.value(n, inner)) for n in reads}
    known = tuple((key, text, found) for key, (text, found) in fields.items() if isinstance(found, Known))
    return Known(_Settings(local, known), (), "evaluated") if known and len(known) == len(fields) else value


def _fields(given: Sequence[tuple[str, ast.expr, Value]]) -> Iterator[tuple[str, str, Value]]:
    """The fields of configuration objects that the curve was computed with."""
    for _, _, value in given:
        if isinstance(value, Known) and isinstance(value.value, _Settings):
            yield from ((text, text, found) for _, text, found in value.value.fields)


def _last_step(program: Program, inner: CodeScope, given: Sequence[object]) -> int | None:
    """The largest whole number that the function compares its step with or divides it by."""
    sizes = [value for value in given if isinstance(value, int) and not isinstance(value, bool)]
    for node in inner.nodes:
        parts = (
            node.comparators
            if isinstance(node, ast.Compare)
            else _operands(node)
            if isinstance(node, ast.BinOp)
            else []
        )
        for part in parts:
            if isinstance(part, (ast.Name, ast.Attribute)):
                found = program.flow.values.value(part, inner)
                if isinstance(found, Known) and isinstance(found.value, int) and not isinstance(found.value, bool):
                    sizes.append(found.value)
    return max(sizes, default=None)


def _operands(node: ast.BinOp) -> list[ast.expr]:
    """What a step is divided by or lessened by; the number of steps is what a warm-up is taken from."""
    return [node.left, node.right] if isinstance(node.op, ast.Sub) else [node.right]


def _sampled(
    inner: CodeScope, given: Sequence[tuple[str, ast.expr, Value]], last: int | None, value_of: ValueOf
) -> tuple[tuple[tuple[int, float], ...], Unknown | None]:
    if last is None or last <= 1:
        return (), Unknown("schedule_has_no_end", (("function", inner.dotted),))
    name = inner.dotted
    points: list[tuple[int, float]] = []
    for step in sample_steps(last):
        texts = [f"{key}={value.value!r}" if isinstance(value, Known) else f"{key}={step}" for key, _, value in given]
        found = value_of(inner.path, f"{name}({', '.join(texts)})")
        if isinstance(found, Unknown):
            return (), found
        if not isinstance(found.value, (int, float)):
            return (), Unknown("not_a_plain_value", (("expression", f"{name}(…)"),))
        points.append((step, float(found.value)))
    return tuple(points), None
