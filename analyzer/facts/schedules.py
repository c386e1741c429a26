"""Learning-rate schedules with their curves: torch's schedulers, and the code that sets the rate itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.facts.branch_values import returned_value
from analyzer.facts.evaluation import ValueOf
from analyzer.facts.flow import Foreign, Function, Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import is_scheduler
from analyzer.facts.keyword_items import Place
from analyzer.facts.optimization import POSITIONAL, named_arguments
from analyzer.facts.program import Program
from analyzer.facts.rate_formulas import partly_known, rate_curve, written_factor, written_rate
from analyzer.facts.schedule_forms import closed_form, sample_steps
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Optimizer, Schedule, Stage

Value = Known[object] | Unknown
COPIED = Foreign("dataclasses.replace()")
"""A changed copy has the class of what it was made from."""
PERCENT = 100
HORIZONS = {"CosineAnnealingLR": "T_max", "LinearLR": "total_iters", "PolynomialLR": "total_iters"}
"""The argument that a scheduler's step is divided by."""
FACTOR = "lr_lambda"
"""The argument that holds a function of the step."""


def find_schedules(
    program: Program, stages: Sequence[tuple[Stage, Occurrence]], optimizers: Sequence[Optimizer], value_of: ValueOf
) -> tuple[Schedule, ...]:
    """Torch's schedulers, and functions of the code that compute the rate it sets."""
    found: dict[object, Schedule] = {}
    for occurrence in program.occurrences:
        for target in occurrence.step.targets:
            if is_scheduler(target.dotted) and occurrence.call is not None:
                schedule = _torch_schedule(program, occurrence, occurrence.call, target.dotted, optimizers, value_of)
                found.setdefault(schedule.where, schedule)
    updates = [set(occurrence.around.conditions) for stage, occurrence in stages if stage.kind == "step"]
    for stage, occurrence in stages:
        if stage.kind == "schedule" and occurrence.step.kind == "store":
            is_sure = any(set(occurrence.around.conditions) <= conditions for conditions in updates)
            set_at = stage.where if is_sure and _replaces(occurrence) else None
            own = list(_own_schedules(program, occurrence, value_of))
            for schedule in (
                own if any(one.curve for one in own) else _written_schedule(program, occurrence, own, value_of)
            ):
                found.setdefault(schedule.where, replace(schedule, set_at=set_at))
    return tuple(found.values())


def _replaces(store: Occurrence) -> bool:
    """The new rate is not made from the one that stands in the group."""
    statement, key = store.step.statement, ast.unparse(store.step.node).replace('"', "'")
    value = statement.value if isinstance(statement, ast.Assign) else None
    return value is not None and key not in ast.unparse(value).replace('"', "'")


def _written_schedule(
    program: Program, store: Occurrence, own: list[Schedule], value_of: ValueOf
) -> Sequence[Schedule]:
    """The rate as one expression, where the line that sets it and what it calls can be written out."""
    formula = written_rate(program, store)
    if formula is None or not formula.counters or not (formula.values or own):
        return own
    curve = rate_curve(formula, value_of)
    scope = store.step.scope
    is_own = bool(own) and not scope.is_function
    where = own[0].where if is_own else program.flow.index.span(scope.path, scope.node)
    kind = own[0].kind if is_own else scope.key
    names = (*formula.open, *([] if len(formula.counters) == 1 else formula.counters))
    gap = None if curve else Unknown("schedule_needs_run", (("names", ", ".join(names)),), where)
    if not curve and not names:
        gap = Unknown("schedule_has_no_end", (("function", kind),), where)
    return (Schedule(kind, where, formula.rows(), curve, gap, formula.text, next(iter(formula.counters))),)


def _torch_schedule(
    program: Program,
    occurrence: Occurrence,
    call: ast.Call,
    name: str,
    optimizers: Sequence[Optimizer],
    value_of: ValueOf,
) -> Schedule:
    last, flow, scope = name.rpartition(".")[2], program.flow, occurrence.step.scope
    pairs = list(named_arguments(call, POSITIONAL.get(last, ("optimizer",))))
    arguments = tuple(
        (key, flow.index.segment(scope.path, node), _value(program, occurrence, node))
        for key, node in pairs
        if key != "optimizer"
    )
    where = flow.index.span(scope.path, call)
    values = {key: value.value for key, _, value in arguments if isinstance(value, Known)}
    handed_over = next((node for key, node in pairs if key == "optimizer"), None)
    rate = _base_rate(_scheduled(program, scope, handed_over, optimizers))
    curve = closed_form(last, values, rate) if rate is not None else ()
    gap = None if curve else Unknown("schedule_not_sampled", (("schedule", last),), where)
    handed = next((node for key, node in pairs if key == FACTOR), None)
    found = written_factor(program, Place(handed, scope, tuple(occurrence.stack))) if handed is not None else None
    horizon = HORIZONS.get(last, "")
    if (found is None or rate is None) and (open_steps := _open_horizon(arguments, horizon)) and rate is not None:
        curve = closed_form(last, {**values, horizon: PERCENT}, rate)
        counter = f"{PERCENT} * step / {open_steps}" if curve else ""
        told = None if curve else gap
        return Schedule(name, where, arguments, curve, told, counter=counter, in_percent=bool(curve))
    if found is None or rate is None:
        return Schedule(name, where, arguments, curve, gap)
    curve = rate_curve(found, value_of, rate)
    rows = (*(item for item in arguments if item[0] != FACTOR), *found.rows())
    text, counter = f"{rate!r} * {found.factor_text()}", next(iter(found.counters), "")
    return Schedule(name, where, rows, curve, None if curve else gap, text, counter)


def _value(program: Program, occurrence: Occurrence, node: ast.expr) -> Value:
    """The value, or what it is made of."""
    found = program.flow.values.value(node, occurrence.step.scope, occurrence.stack)
    is_open = isinstance(found, Unknown) and found.reason == "not_derived"
    return (partly_known(program, node, occurrence) if is_open else None) or found


def _open_horizon(arguments: Sequence[tuple[str, str, Value]], horizon: str) -> str:
    """What the code gives for the number of steps, where that is the only thing that is not known."""
    unknown = [(key, text) for key, text, value in arguments if isinstance(value, Unknown)]
    return unknown[0][1] if [key for key, _ in unknown] == [horizon] else ""


def _base_rate(optimizers: Sequence[Optimizer]) -> float | None:
    rates = {v.value for o in optimizers for k, _, v in o.arguments if k == "lr" and isinstance(v, Known)}
    only = next(iter(rates)) if len(rates) == 1 else None
    return float(only) if isinstance(only, (int, float)) else None


def _scheduled(
    program: Program, scope: CodeScope, node: ast.expr | None, optimizers: Sequence[Optimizer]
) -> Sequence[Optimizer]:
    """The optimizer that a scheduler is handed, where its function binds it by that name; else all of them."""
    if node is None or len(optimizers) < 2:
        return optimizers
    lines = {
        program.flow.index.span(scope.path, bound.value)
        for bound in scope.nodes
        if isinstance(bound, ast.Assign) and [ast.unparse(target) for target in bound.targets] == [ast.unparse(node)]
    }
    found = [optimizer for optimizer in optimizers if optimizer.where in lines]
    return found if len(found) == 1 else optimizers


def _own_schedules(program: Program, store: Occurrence, value_of: ValueOf) -> Iterator[Schedule]:
    """Functions whose result the store writes into the groups."""
    statement = store.step.statement
    value = statement.value if isinstance(statement, (ast.Assign, ast.AugAssign)) else None
    for call, scope in _calls_behind(program, value, store.step.scope, 0):
        for target in sorted(program.flow.inference.types(call.func, scope), key=repr):
            if isinstance(target, Function):
                yield _own_schedule(program, store, (call, scope), target.name, value_of)


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
    share = _share_of(inner, open_names)
    if share is not None and inner.parent is not None and not inner.parent.is_class:
        return _by_share(Schedule(function, where, listed), inner, given, share, value_of)
    if len(open_names) != 1 or inner.parent is None or inner.parent.is_class:
        read = open_names or _own_attributes(inner)
        gap = Unknown("schedule_needs_run", (("names", ", ".join(read)),), where)
        return Schedule(function, where, listed, (), gap)
    last = _last_step(program, inner, [v.value for _, _, v in given if isinstance(v, Known)])
    listed = (*listed, *_fields(given))
    curve, gap_ = _sampled(inner, given, last, value_of)
    if curve:  # the one open argument is the step that runs along the curve
        listed = tuple(item for item in listed if isinstance(item[2], Known)) + tuple(_settings_read(program, inner))
    return Schedule(function, where, listed, curve, gap_, counter=open_names[0])


def _share_of(inner: CodeScope, names: Sequence[str]) -> tuple[str, str] | None:
    """Two parameters that a function reads only as `step / steps`: its result is one of the share that is done."""
    value = returned_value(getattr(inner.node, "body", [])) if len(names) == 2 else None
    for done, whole in (tuple(names), tuple(reversed(names))) if value is not None else ():
        divisions = [
            n
            for n in ast.walk(value or ast.Pass())
            if isinstance(n, ast.BinOp)
            and isinstance(n.op, ast.Div)
            and ast.unparse(n.right) == whole
            and [ast.unparse(factor) for factor in _factors(n.left)].count(done) == 1
        ]
        read = [n for n in ast.walk(value or ast.Pass()) if isinstance(n, ast.Name) and n.id in names]
        if divisions and len(read) == 2 * len(divisions):
            return done, whole
    return None


def _factors(node: ast.expr) -> list[ast.expr]:
    """`pi * step` as its two factors."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _by_share(
    schedule: Schedule, inner: CodeScope, given: Sequence[tuple[str, ast.expr, Value]], share: tuple[str, str],
    value_of: ValueOf,
) -> Schedule:  # fmt: skip
    """The curve in percent of what is to be done."""
    done, whole = share
    filled = [(key, node, Known(PERCENT, (), "evaluated") if key == whole else value) for key, node, value in given]
    curve, gap = _sampled(inner, filled, PERCENT, value_of)
    rows = tuple(item for item in schedule.arguments if item[0] not in share) if curve else schedule.arguments
    counter = f"{PERCENT} * {done} / {whole}" if curve else ""
    return replace(schedule, arguments=rows, curve=curve, curve_gap=gap, counter=counter, in_percent=bool(curve))


def _settings_read(program: Program, inner: CodeScope) -> Iterator[tuple[str, str, Value]]:
    """The settings of its file that a function of the step reads."""
    names = {n.id: n for n in inner.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for name, node in sorted(names.items()):
        option = program.flow.values.option(node, inner)
        found = program.flow.values.value(node, inner) if option is not None else None
        if option is not None and isinstance(found, Known):
            yield name, option.expression, replace(found, where=(option.where,))


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
