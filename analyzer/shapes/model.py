"""Everything about one model: built from the first expression that works, counted, called in its modes, named."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from torch import nn

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.evaluator.dims import DimNamer, source_forms
from analyzer.evaluator.objects import origin_of
from analyzer.index import Definition, SourceIndex
from analyzer.records.evidence import Condition, Gap, Known, Unknown
from analyzer.records.source import Span
from analyzer.records.structure import ArgumentInfo
from analyzer.records.tensors import (
    Cost,
    Dim,
    ModelInput,
    ModelShapes,
    ModuleRecord,
    ParameterCounts,
    TensorSpec,
    Trace,
)
from analyzer.shapes.caching import (
    CacheConvention,
    bytes_per_token,
    decode_plan,
    filled_cache,
    find_convention,
    new_cache,
    prefill_plan,
)
from analyzer.shapes.cost import call_costs, counting, unknown_costs, weight_costs
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import TensorValue, sizes_of
from analyzer.shapes.inputs import LIMIT_NAME, InputPlanner, Plan, PlannedInput
from analyzer.shapes.naming import NamedTraces
from analyzer.shapes.parameters import Places, count_parameters, find_ties, module_records, module_tree, with_calls
from analyzer.shapes.probing import Probe, Prober
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.routing import ActiveParameters
from analyzer.shapes.runs import (
    BuiltModel,
    ModelSource,
    RawTrace,
    assumptions_of,
    gaps_of,
    readable,
    unknown_buffers,
)

MAXIMUM_PLANS = 12
CALL_COSTS = ("flops", "activation_bytes")


@dataclass(frozen=True)
class Mode:
    """One way of calling the model."""

    name: str
    plan: Plan
    training: bool


@dataclass
class _Draft:
    """What is known so far of one model."""

    request: ModelRequest
    source: ModelSource
    build: BuildPlan
    built: BuiltModel
    gaps: list[Gap] = field(default_factory=list)
    call_costs: tuple[tuple[str, Cost], ...] = ()
    records: tuple[ModuleRecord, ...] = ()
    counts: frozenset[str] = frozenset()
    first: RawTrace | None = None
    """The first call with the accepted inputs."""

    @property
    def model(self) -> nn.Module:
        return self.built.model

    @property
    def index(self) -> SourceIndex:
        found: SourceIndex = self.source.interpreter.index
        return found


def derive_model(interpreter: Interpreter, request: ModelRequest) -> ModelShapes:
    """Shapes of one model; what cannot be derived is a gap or an Unknown with its reason."""
    failures: list[tuple[BuildPlan, Unknown]] = []
    for build in request.builds:
        source = ModelSource(interpreter, build.path, build.expression)
        try:
            built = source.build()
        except (CannotEvaluate, TargetRaised, SyntaxError) as error:
            failures.append((build, source.unknown(error)))
            continue
        return _derive_built(_Draft(request, source, build, built))
    return _not_built(interpreter.index, request, failures)


def _not_built(index: SourceIndex, request: ModelRequest, failures: Sequence[tuple[BuildPlan, Unknown]]) -> ModelShapes:
    build, reason = (
        failures[0] if failures else (None, Unknown("no_build_found", (("class", request.class_name),), request.where))
    )
    gaps = tuple(Gap(str(unknown.where or plan.where), unknown.reason, unknown.arguments) for plan, unknown in failures)
    return ModelShapes(
        request.class_name,
        request.qualified_name,
        request.main,
        request.where,
        build.expression if build else "",
        build.origin if build else "defaults",
        build.where if build else None,
        (),
        reason,
        gaps=gaps or (Gap(str(request.where), reason.reason, reason.arguments),),
    )


def _derive_built(draft: _Draft) -> ModelShapes:
    request, model = draft.request, draft.model
    recording = draft.source.interpreter.recording
    where = draft.build.where
    draft.gaps += gaps_of(recording, draft.source)
    draft.records = module_records(model, _places(draft))
    counts = replace(count_parameters(model), unknown_buffers=unknown_buffers(recording))
    ties = find_ties(model)
    costs = weight_costs(counts, sum(p.numel() * p.element_size() for p in model.parameters()), where)
    lost = draft.source.interpreter.unknown_parts(model)
    traces, variables = _traces(draft) if request.effort != "count" else ((), {})
    counts = replace(counts, active=_active_parameters(draft))
    parameters: Known[ParameterCounts] | Unknown = Known(counts, (where,), "counted")
    if lost:
        reason = Unknown(lost[0].reason, (("detail", ", ".join(lost[0].arguments)),), draft.source.span(lost[0].place))
        parameters, costs = Unknown("incomplete_build", reason.arguments, where, reason), ()
    return ModelShapes(
        type(model).__name__,
        request.qualified_name,
        request.main,
        request.where,
        draft.build.expression,
        draft.build.origin,
        where,
        tuple(variables.items()),
        parameters,
        traces[0].modules if traces else draft.records,
        module_tree(draft.records),
        traces,
        (*draft.call_costs, *costs),
        ties,
        assumptions_of(recording, draft.source),
        tuple(draft.gaps),
    )


def _active_parameters(draft: _Draft) -> int | Unknown:
    """Parameters that one token uses; what an unfinished call leaves open is unknown."""
    index = draft.index
    return ActiveParameters(draft.model, draft.first, partial(class_definition, index), index.span).count()


def _places(draft: _Draft) -> Places:
    """Lines where modules were made; classes of the repository also have a line where they are defined."""
    created: dict[str, Span] = {}
    defined: dict[str, Span] = {}
    for path, module in draft.model.named_modules():
        span = draft.source.span(draft.built.created.get(id(module)))
        if span is not None:
            created[path] = span
        definition = class_definition(draft.index, type(module))
        if definition is not None:
            defined[path] = draft.index.span(definition.path, definition.node)
    return Places(created, defined)


def class_definition(index: SourceIndex, cls: type) -> Definition | None:
    """The definition of a class of the repository."""
    for suffix in (".py", "/__init__.py", ".ipynb"):
        path = cls.__module__.replace(".", "/") + suffix
        found = index.symbols.definitions.get(path, {}).get(cls.__qualname__)
        if found is not None:
            return found
    return None


def _traces(draft: _Draft) -> tuple[tuple[Trace, ...], dict[str, int]]:
    planner = InputPlanner(draft.source.interpreter, draft.model, draft.built.names)
    accepted = _accepted_plan(draft, planner)
    if accepted is None:
        return (), {}
    plan, first = accepted
    draft.first = first
    modes = _modes(draft, planner, plan)
    sizes = sizes_of([planned.spec for planned in plan])
    base = [first, *(_call(draft, draft.model, mode, sizes) for mode in modes[1:])]
    probes = _probes(draft, modes[0], sizes, base)
    names = {**draft.built.names, **sizes}
    forms = source_forms(_functions(draft.index, base))
    traces: list[Trace] = []
    used: set[str] = set()
    for number, (mode, raw) in enumerate(zip(modes, base, strict=True)):
        ran = [(p, p.trace if number == 0 else _call(draft, p.built.model, mode, p.values)) for p in probes]
        kept = [(probe, trace) for probe, trace in ran if trace.stopped is None]
        namer = DimNamer([names, *(probe.values for probe, _ in kept)], forms, draft.counts)
        named = NamedTraces(draft.index, namer, [raw, *(trace for _, trace in kept)])
        traces.append(_trace(draft, mode, raw, named))
        used |= set(re.findall(r"[A-Za-z_]\w*", " ".join(named.used)))
    for mode, runs in _cached_modes(draft, planner, plan, sizes, probes):
        namer = DimNamer([names, *(probe.values for probe, _ in runs[1:])], forms, draft.counts)  # type: ignore[union-attr]
        named = NamedTraces(draft.index, namer, [trace for _, trace in runs])
        traces.append(_trace(draft, mode, runs[0][1], named))
        used |= set(re.findall(r"[A-Za-z_]\w*", " ".join(named.used)))
    return tuple(traces), {name: value for name, value in names.items() if name in used}


_Runs = list[tuple[Probe | None, RawTrace]]


def _cached_modes(
    draft: _Draft, planner: InputPlanner, plan: Plan, sizes: Mapping[str, int], probes: Sequence[Probe]
) -> list[tuple[Mode, _Runs]]:
    """A first call that fills a key/value cache and a later one that uses it, at the base and at each probe."""
    if draft.request.effort != "full" or draft.request.inputs is not None:
        return []
    convention = find_convention(planner, draft.model, _arguments(draft, planner))
    if convention is None:
        return []
    prefill = Mode("prefill", prefill_plan(convention, plan), False)
    decode = Mode("decode", decode_plan(convention, plan), False)
    first = _generate(draft, draft.model, (prefill, decode), convention, sizes)
    if first is None:
        return []
    runs: tuple[_Runs, _Runs] = ([(None, first[0])], [(None, first[1])])
    for probe in probes:
        ran = _generate(draft, probe.built.model, (prefill, decode), convention, probe.values)
        if ran is not None:
            runs[0].append((probe, ran[0]))
            runs[1].append((probe, ran[1]))
    return [(prefill, runs[0]), (decode, runs[1])]


def _generate(
    draft: _Draft, model: nn.Module, modes: tuple[Mode, Mode], convention: CacheConvention, sizes: Mapping[str, int]
) -> tuple[RawTrace, RawTrace] | None:
    """Both calls; None where the cache is not made or a call does not finish."""
    batch, length = _batch_and_length(modes[0].plan, sizes)
    try:
        given = new_cache(convention, draft.source, model, batch)
    except (CannotEvaluate, TargetRaised):
        return None
    first = _call(draft, model, modes[0], sizes, given)
    cache = filled_cache(convention, given, first) if first.stopped is None else None
    if cache is None:
        return None
    if model is draft.model:
        lengths = [length, *(size for name, size in draft.built.names.items() if LIMIT_NAME.search(name))]
        _note_cache_cost(draft, bytes_per_token(cache[convention.argument], batch, lengths))
    second = _call(draft, model, modes[1], sizes, cache)
    return (first, second) if second.stopped is None else None


def _batch_and_length(plan: Plan, sizes: Mapping[str, int]) -> tuple[int, int]:
    for planned in plan:
        if isinstance(planned.spec.value, TensorValue) and len(planned.spec.value.dims) > 1:
            batch, length = planned.spec.value.dims[:2]
            return sizes.get(batch.name or "", batch.size or 1), sizes.get(length.name or "", length.size or 1)
    return 1, 1


def _note_cache_cost(draft: _Draft, amount: int | None) -> None:
    if amount is not None:
        cost = Cost(Known(amount, (draft.request.where,), "counted"), None, "cache_dtypes")
        draft.call_costs = tuple({**dict(draft.call_costs), "kv_bytes_per_token": cost}.items())


def _accepted_plan(draft: _Draft, planner: InputPlanner) -> tuple[Plan, RawTrace] | None:
    """The user's inputs, or the first derived ones with which the call finishes; with that call."""
    request = draft.request
    if request.inputs is not None:
        plan = tuple(PlannedInput(spec, "user") for spec in request.inputs)
        return (plan, _counted_call(draft, plan, request.training)) if plan else None
    first: tuple[Plan, RawTrace] | None = None
    for number, plan in enumerate(planner.plans(_arguments(draft, planner), request.method)):
        raw = _counted_call(draft, plan, False)
        if raw.stopped is None:
            return plan, raw
        first = first or (plan, raw)
        if number >= MAXIMUM_PLANS:
            break
    if first is None:
        draft.gaps.append(Gap(str(request.where), "no_input_found", (("method", request.method),)))
    return first


def _counted_call(draft: _Draft, plan: Plan, training: bool) -> RawTrace:
    """One call on the base sizes, with its operators counted."""
    sizes = sizes_of([planned.spec for planned in plan])
    with counting(draft.source.interpreter) as counter:
        raw = _call(draft, draft.model, Mode("inference", plan, training), sizes)
    if raw.stopped is None:
        draft.call_costs = call_costs(counter, draft.request.where)
    else:
        draft.call_costs = unknown_costs(raw.stopped, *CALL_COSTS)
    return raw


def _arguments(draft: _Draft, planner: InputPlanner) -> tuple[ArgumentInfo, ...]:
    definition = planner.method(draft.request.method)
    if definition is None or not isinstance(definition.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    return arguments_of(definition.node)


def arguments_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ArgumentInfo, ...]:
    """Arguments of a method without `self`."""
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    pairs = [(a, d, False) for a, d in zip(positional, defaults, strict=True)][1:]
    pairs += [(a, d, True) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    return tuple(
        ArgumentInfo(
            a.arg,
            ast.unparse(a.annotation) if a.annotation else None,
            ast.unparse(d) if d else None,
            "keyword" if keyword else "positional",
        )
        for a, d, keyword in pairs
    )


def _modes(draft: _Draft, planner: InputPlanner, plan: Plan) -> list[Mode]:
    if draft.request.inputs is not None:
        return [Mode("training" if draft.request.training else "inference", plan, draft.request.training)]
    if draft.request.effort in ("brief", "numeric"):
        return [Mode("inference", plan, False)]
    with_targets = planner.targets(_arguments(draft, planner), plan, draft.request.method)
    return [Mode("inference", plan, False), Mode("training", with_targets or plan, True)]


def _call(
    draft: _Draft, model: nn.Module, mode: Mode, sizes: Mapping[str, int], extra: Mapping[str, object] | None = None
) -> RawTrace:
    source = draft.source
    try:
        specs = [planned.spec for planned in mode.plan]
        return source.call(model, specs, sizes, draft.request.method, training=mode.training, extra=extra)
    except (CannotEvaluate, TargetRaised) as error:
        return RawTrace(stopped=source.unknown(error))


def _probes(draft: _Draft, mode: Mode, sizes: Mapping[str, int], base: Sequence[RawTrace]) -> tuple[Probe, ...]:
    if base[0].stopped is not None or draft.request.effort == "numeric":
        return ()

    def runs(built: BuiltModel, values: Mapping[str, int]) -> RawTrace:
        return _call(draft, built.model, mode, values)

    sources = draft.source.interpreter.session.sources
    classes = {cls for module in draft.model.modules() for cls in type(module).__mro__}
    paths = _paths(base) | {origin.path for origin in map(origin_of, classes) if origin is not None}
    paths |= set(draft.source.interpreter.session._modules)
    trees = [sources.tree(path) for path in sorted(paths)]
    wanted, attempts = 4, (60 if draft.request.effort == "full" else 12)
    prober = Prober(draft.source, draft.built, sizes, trees, runs, wanted, attempts)
    draft.counts = prober.relations.counts
    return prober.probes()


def _paths(traces: Sequence[RawTrace]) -> set[str]:
    return {site.path for trace in traces for site in trace.lines}


def _functions(index: SourceIndex, traces: Sequence[RawTrace]) -> list[ast.AST]:
    """Bodies of the classes whose lines ran."""
    wanted = {(site.path, site.function.partition(".")[0]) for trace in traces for site in trace.lines}
    tables = index.symbols.definitions
    found = (tables.get(path, {}).get(name) for path, name in sorted(wanted))
    return [definition.node for definition in found if definition is not None]


def _trace(draft: _Draft, mode: Mode, raw: RawTrace, named: NamedTraces) -> Trace:
    gaps = list(gaps_of(raw.recording, draft.source))
    if raw.stopped is not None:
        gaps.insert(0, Gap(str(raw.stopped.where or draft.request.where), raw.stopped.reason, raw.stopped.arguments))
    return Trace(
        mode.name,  # type: ignore[arg-type]
        draft.request.method,
        tuple(_input(planned, raw) for planned in mode.plan),
        named.rows(),
        with_calls(draft.records, named.calls()),
        named.output(),
        _conditions(draft, mode),
        assumptions_of(raw.recording, draft.source),
        tuple(gaps),
    )


def _input(planned: PlannedInput, raw: RawTrace) -> ModelInput:
    value = planned.spec.value
    if isinstance(value, TensorValue):
        sizes = sizes_of([planned.spec])
        dims = tuple(Dim(sizes[d.name], d.name) if d.name else Dim(d.size) for d in value.dims)
        return ModelInput(planned.spec.name, TensorSpec(dims, value.dtype), planned.reason, planned.where)
    return ModelInput(planned.spec.name, str(value), planned.reason, planned.where)


def _conditions(draft: _Draft, mode: Mode) -> tuple[Condition, ...]:
    """Branches that depend on the sizes of inputs, from one call with symbolic sizes."""
    if draft.request.effort != "full" or mode.name not in ("inference", "training"):
        return ()
    symbols = _symbolic_inputs(draft, mode)
    if symbols is None:
        return ()
    recording = draft.source.interpreter.call(
        draft.model, (), symbols, method=draft.request.method, training=mode.training
    )
    found = []
    for condition in recording.conditions:
        where = draft.source.span(condition.place)
        if where is not None and condition.text not in ("True", "False"):
            found.append(Condition(readable(condition.text), where, condition.decided))
    return tuple(dict.fromkeys(found))


def _symbolic_inputs(draft: _Draft, mode: Mode) -> dict[str, object] | None:
    """The inputs with their named dims as symbols; None where an input is no single tensor."""
    sizes = sizes_of([planned.spec for planned in mode.plan])
    found: dict[str, object] = {}
    for planned in mode.plan:
        value = planned.spec.value
        if not isinstance(value, TensorValue):
            return None
        dims = [(d.name, sizes[d.name]) if d.name else d.size for d in value.dims]
        found[planned.spec.name] = draft.source.interpreter.tensor(dims, value.dtype)
    return found
