"""Everything about one model: built from the first expression that works, counted, called in its modes, named."""

from __future__ import annotations

import ast
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from torch import nn

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.evaluator.dims import DimNamer, source_forms
from analyzer.evaluator.handing import parameters_of
from analyzer.evaluator.objects import origin_of
from analyzer.evaluator.probes import Relations
from analyzer.index import Definition, SourceIndex
from analyzer.records.evidence import Condition, Gap, Known, Unknown
from analyzer.records.source import Span
from analyzer.records.structure import ArgumentInfo
from analyzer.records.tensors import (
    Cost,
    CostBasis,
    Dim,
    ModelInput,
    ModelShapes,
    ModuleRecord,
    ModuleShare,
    ParameterCounts,
    TensorSpec,
    Trace,
)
from analyzer.shapes.accounting import OF_WEIGHTS
from analyzer.shapes.caching import (
    CacheConvention,
    decode_plan,
    filled_cache,
    find_convention,
    new_cache,
    one_position,
    prefill_plan,
)
from analyzer.shapes.cost import CostQuestion, ModeRuns, derive_model_costs
from analyzer.shapes.documented_calls import documented_plans
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import TensorValue, sizes_of
from analyzer.shapes.inputs import LIMIT_NAME, InputPlanner, Plan, PlannedInput
from analyzer.shapes.naming import NamedTraces
from analyzer.shapes.operators import Amount, CallLog
from analyzer.shapes.parameters import Places, count_parameters, find_ties, module_records, module_tree, with_calls
from analyzer.shapes.probing import Probe, Prober
from analyzer.shapes.repeats import exact_divisions
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
LENGTH_NAME = re.compile(f"{LIMIT_NAME.pattern}|block_size")


@dataclass(frozen=True)
class Mode:
    """One way of calling the model."""

    name: str
    plan: Plan
    training: bool


@dataclass(frozen=True)
class Generation:
    """A first call that fills a key/value cache and a later one that uses it."""

    convention: CacheConvention
    prefill: Mode
    decode: Mode


@dataclass(frozen=True)
class Generated:
    """Both calls, and what one position of one sequence takes in the cache."""

    prefill: RawTrace
    decode: RawTrace
    position: Sequence[Amount] | None


@dataclass
class _Draft:
    """What is known so far of one model."""

    request: ModelRequest
    source: ModelSource
    build: BuildPlan
    built: BuiltModel
    gaps: list[Gap] = field(default_factory=list)
    modes: list[ModeRuns] = field(default_factory=list)
    """Runs of all modes, for their costs."""
    relations: Relations = field(default_factory=Relations)
    exact: frozenset[tuple[str, str]] = frozenset()
    """Divisions of names that the source demands to leave nothing."""
    limits: dict[str, str] = field(default_factory=dict)
    """Names that bound a size of the inputs, by that size."""
    called: list[Mode] = field(default_factory=list)
    generation: Generation | None = None
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
    *_, (shapes, _) = derive_stages(interpreter, request)
    return shapes


def derive_stages(interpreter: Interpreter, request: ModelRequest) -> Iterator[tuple[ModelShapes, bool]]:
    """The same as it comes about: counts, then shapes as numbers, then, complete, everything."""
    failures: list[tuple[BuildPlan, Unknown]] = []
    unfinished: ModelShapes | None = None
    for build in request.builds:
        source = ModelSource(interpreter, build.path, build.expression)
        try:
            built = source.build()
        except (CannotEvaluate, TargetRaised, SyntaxError) as error:
            failures.append((build, source.unknown(error)))
            continue
        shapes = yield from _derive_built(_Draft(request, source, build, built))
        if not build.unstated or any(trace.output for trace in shapes.traces):
            yield shapes, True
            return
        unfinished = unfinished or shapes
    yield unfinished or _not_built(interpreter.index, request, failures), True


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


def _derive_built(draft: _Draft) -> Generator[tuple[ModelShapes, bool], None, ModelShapes]:
    """Yields what is known on the way."""
    draft.gaps += gaps_of(draft.source.interpreter.recording, draft.source)
    draft.records = module_records(draft.model, _places(draft))
    if draft.build.unstated:
        draft.records = tuple(replace(record, detail="") for record in draft.records)
    if draft.request.effort == "count":
        return _assemble(draft, (), {})
    yield _assemble(draft, (), {}), False
    for traces, variables, complete in _traces(draft):
        if complete:
            return _assemble(draft, traces, variables)
        yield _assemble(draft, traces, variables), False
    return _assemble(draft, (), {})


def _assemble(draft: _Draft, traces: tuple[Trace, ...], variables: Mapping[str, int]) -> ModelShapes:
    """What is known of the model so far."""
    request, model = draft.request, draft.model
    recording = draft.source.interpreter.recording
    where = draft.build.where
    examples = {size.name for size in draft.build.unstated}
    counts = replace(count_parameters(model), unknown_buffers=unknown_buffers(recording))
    ties = find_ties(model)
    lost = draft.source.interpreter.unknown_parts(model)
    counts = replace(counts, active=_active_parameters(draft))
    parameters: Known[ParameterCounts] | Unknown = Known(counts, (where,), "counted")
    costs, shares = _costs(draft)
    gaps = tuple(draft.gaps)
    if lost:
        reason = Unknown(lost[0].reason, (("detail", ", ".join(lost[0].arguments)),), draft.source.span(lost[0].place))
        parameters, shares = Unknown("incomplete_build", reason.arguments, where, reason), ()
        costs = tuple((name, cost) for name, cost in costs if name not in OF_WEIGHTS)
    if draft.build.unstated:
        parameters = _unstated(draft.build)
        costs, shares = tuple((name, replace(cost, value=parameters)) for name, cost in costs), ()
        gaps = (*gaps, Gap(str(parameters.where), parameters.reason, parameters.arguments))
    return ModelShapes(
        type(model).__name__,
        request.qualified_name,
        request.main,
        request.where,
        draft.build.expression,
        draft.build.origin,
        where,
        tuple((name, size) for name, size in variables.items() if name not in examples),
        parameters,
        traces[0].modules if traces else draft.records,
        module_tree(draft.records),
        traces,
        costs,
        ties,
        assumptions_of(recording, draft.source),
        gaps,
        unstated=draft.build.unstated,
        shares=shares,
    )


def _costs(draft: _Draft) -> tuple[tuple[tuple[str, Cost], ...], tuple[ModuleShare, ...]]:
    """Numbers and closed formulas; formulas only of the main model, in its own modes."""
    tree = module_tree(draft.records)
    formulas = draft.request.effort == "full" and not draft.build.unstated
    question = CostQuestion(draft.source, draft.built, tree, draft.modes, partial(_run_modes, draft), draft.build.where)
    question = replace(question, relations=draft.relations, exact=draft.exact, limits=draft.limits, formulas=formulas)
    return derive_model_costs(question)


def _run_modes(
    draft: _Draft, built: BuiltModel, values: Mapping[str, int]
) -> tuple[dict[str, CallLog], Sequence[Amount] | None]:
    """What each mode computes at further values; a mode that does not finish there is left out."""
    logs: dict[str, CallLog] = {}
    cache: Sequence[Amount] | None = None
    for mode in draft.called:
        raw = _call(draft, built.model, mode, values)
        if raw.stopped is None:
            logs[mode.name] = raw.log
    if draft.generation is not None:
        ran = _generate(draft, built.model, draft.generation, values)
        if ran is not None:
            logs |= {"prefill": ran.prefill.log, "decode": ran.decode.log}
            cache = ran.position
    return logs, cache


def _unstated(build: BuildPlan) -> Unknown:
    """Totals at example sizes are no facts of the repository."""
    names = ", ".join(size.name for size in build.unstated)
    return Unknown("sizes_not_in_source", (("names", names),), build.unstated[0].where)


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


def _traces(draft: _Draft) -> Iterator[tuple[tuple[Trace, ...], dict[str, int], bool]]:
    """The traces with the names that they use: as numbers first, then, complete, by name."""
    planner = InputPlanner(
        draft.source.interpreter, draft.model, draft.built.names, [size.name for size in draft.build.unstated]
    )
    accepted = _accepted_plan(draft, planner)
    if accepted is None:
        yield (), {}, True
        return
    plan, first = accepted
    draft.first = first
    modes = _modes(draft, planner, plan)
    sizes = sizes_of([planned.spec for planned in plan])
    base = [first, *(_call(draft, draft.model, mode, sizes) for mode in modes[1:])]
    names = {**draft.built.names, **sizes}
    examples = {size.name: size.value for size in draft.build.unstated}
    nameless = [NamedTraces(draft.index, DimNamer([names], ()), [raw], examples) for raw in base]
    yield tuple(map(partial(_trace, draft), modes, base, nameless)), {}, False
    probes = _probes(draft, modes[0], sizes, base)
    forms = source_forms(_functions(draft.index, base))
    draft.called, draft.limits = modes, _limits(draft, plan, sizes)
    traces: list[Trace] = []
    used: set[str] = set()
    for number, (mode, raw) in enumerate(zip(modes, base, strict=True)):
        ran = [(p, p.trace if number == 0 else _call(draft, p.built.model, mode, p.values)) for p in probes]
        kept = [(probe, trace) for probe, trace in ran if trace.stopped is None]
        namer = DimNamer([names, *(probe.values for probe, _ in kept)], forms, draft.counts)
        runs = [raw, *(trace for _, trace in kept)]
        named = NamedTraces(draft.index, namer, runs, examples)
        traces.append(replace(_trace(draft, mode, raw, named), conditions=_conditions(draft, mode)))
        used |= named.names_used()
        draft.modes.append(_mode_runs(draft, mode, namer, [probe for probe, _ in kept], runs))
    for mode, kept_probes, runs, positions in _cached_modes(draft, planner, plan, sizes, probes):
        namer = DimNamer([names, *(probe.values for probe in kept_probes)], forms, draft.counts)
        named = NamedTraces(draft.index, namer, runs, examples)
        traces.append(replace(_trace(draft, mode, runs[0], named), conditions=_conditions(draft, mode)))
        used |= named.names_used()
        draft.modes.append(replace(_mode_runs(draft, mode, namer, kept_probes, runs), caches=positions))
    yield tuple(traces), {name: value for name, value in names.items() if name in used}, True


def _mode_runs(
    draft: _Draft, mode: Mode, namer: DimNamer, probes: Sequence[Probe], runs: Sequence[RawTrace]
) -> ModeRuns:
    """The runs of a mode with their models; the base is known by its first values."""
    sizes = tuple(sizes_of([planned.spec for planned in mode.plan]).items())
    base = draft.modes[0].values[0] if draft.modes else namer.runs[0]
    models = [draft.model, *(probe.built.model for probe in probes)]
    basis = CostBasis(mode.name, draft.request.method, sizes, _notes(mode, runs[0]), tuple(draft.limits.items()))
    basis = replace(basis, limit=min((draft.built.names[name] for name in draft.limits.values()), default=0))
    return ModeRuns(basis, [base, *(probe.values for probe in probes)], models, runs, namer)


def _notes(mode: Mode, raw: RawTrace) -> tuple[str, ...]:
    """Whether the call answers for the last position only, although it was given several."""
    given = _batch_and_length(mode.plan, sizes_of([planned.spec for planned in mode.plan]))[1]
    answers = [tensor.shape for tensor in raw.output[:1] if len(tensor.shape) == 3]
    return ("last_position_only",) if given > 1 and any(shape[1] == 1 for shape in answers) else ()


def _limits(draft: _Draft, plan: Plan, sizes: Mapping[str, int]) -> dict[str, str]:
    """The smallest setting that speaks of the length of a sequence, for the second size of the first input."""
    bounds = sorted((size, name) for name, size in draft.built.names.items() if LENGTH_NAME.search(name))
    for value in (planned.spec.value for planned in plan):
        if isinstance(value, TensorValue) and len(value.dims) > 1 and value.dims[1].name in sizes:
            length = str(value.dims[1].name)
            bound = next((name for size, name in bounds[:1] if size > sizes[length]), None)
            return {length: bound} if bound is not None and length not in draft.built.names else {}
    return {}


_CachedRuns = tuple[Mode, list[Probe], list[RawTrace], list["Sequence[Amount] | None"]]


def _cached_modes(
    draft: _Draft, planner: InputPlanner, plan: Plan, sizes: Mapping[str, int], probes: Sequence[Probe]
) -> list[_CachedRuns]:
    """A first call that fills a key/value cache and a later one that uses it, at the base and at each probe."""
    if draft.request.effort != "full" or draft.request.inputs is not None:
        return []
    convention = find_convention(planner, draft.model, _arguments(draft, planner))
    if convention is None:
        return []
    prefill = Mode("prefill", prefill_plan(convention, plan), False)
    generation = Generation(convention, prefill, Mode("decode", decode_plan(convention, plan), False))
    first = _generate(draft, draft.model, generation, sizes)
    if first is None:
        return []
    draft.generation = generation
    ran = [(probe, _generate(draft, probe.built.model, generation, probe.values)) for probe in probes]
    kept = [(probe, pair) for probe, pair in ran if pair is not None]
    found = [probe for probe, _ in kept]
    pairs = [first, *(pair for _, pair in kept)]
    positions = [pair.position for pair in pairs]
    return [
        (generation.prefill, found, [pair.prefill for pair in pairs], positions),
        (generation.decode, found, [pair.decode for pair in pairs], positions),
    ]


def _generate(draft: _Draft, model: nn.Module, generation: Generation, sizes: Mapping[str, int]) -> Generated | None:
    """Both calls; None where the cache is not made or a call does not finish."""
    convention = generation.convention
    batch, length = _batch_and_length(generation.prefill.plan, sizes)
    try:
        given = new_cache(convention, draft.source, model, batch)
    except (CannotEvaluate, TargetRaised):
        return None
    first = _call(draft, model, generation.prefill, sizes, given)
    cache = filled_cache(convention, given, first) if first.stopped is None else None
    if cache is None:
        return None
    lengths = [length, *(size for name, size in {**draft.built.names, **sizes}.items() if LIMIT_NAME.search(name))]
    position = one_position(cache[convention.argument], batch, lengths, _layers(draft.records))
    second = _call(draft, model, generation.decode, sizes, cache)
    return Generated(first, second, position) if second.stopped is None else None


def _layers(records: Sequence[ModuleRecord]) -> tuple[str, ...]:
    """Paths of the first blocks that stand in a row."""
    tree = module_tree(records)
    nodes = [tree] if tree else []
    while nodes:
        found = next((node for node in nodes if node.repeats > 1), None)
        if found is not None:
            return found.paths
        nodes = [child for node in nodes for child in node.children]
    return ()


def _batch_and_length(plan: Plan, sizes: Mapping[str, int]) -> tuple[int, int]:
    for planned in plan:
        if isinstance(planned.spec.value, TensorValue) and len(planned.spec.value.dims) > 1:
            batch, length = planned.spec.value.dims[:2]
            return batch.number(sizes), length.number(sizes)
    return 1, 1


def _accepted_plan(draft: _Draft, planner: InputPlanner) -> tuple[Plan, RawTrace] | None:
    """The user's inputs, or the first derived ones with which the call finishes; with that call."""
    request = draft.request
    if request.inputs is not None:
        plan = tuple(PlannedInput(spec, "user") for spec in request.inputs)
        return (plan, _first_call(draft, plan, request.training)) if plan else None
    first: tuple[Plan, RawTrace] | None = None
    for number, plan in enumerate(_plans(draft, planner)):
        raw = _first_call(draft, plan, False)
        if raw.stopped is None:
            return plan, raw
        first = first or (plan, raw)
        if number >= MAXIMUM_PLANS:
            break
    if first is None:
        draft.gaps.append(Gap(str(request.where), "no_input_found", (("method", request.method),)))
    return first


def _plans(draft: _Draft, planner: InputPlanner) -> Iterator[Plan]:
    """What the documents call the model with; then what its own code says of its arguments."""
    request, arguments = draft.request, _arguments(draft, planner)
    owner = draft.index.symbols.definition(request.qualified_name)
    if owner is not None and request.method == "forward":
        names = [argument.name for argument in arguments]
        yield from documented_plans(draft.index, draft.source.interpreter, planner, owner, names)
    yield from planner.plans(arguments, request.method)


def _first_call(draft: _Draft, plan: Plan, training: bool) -> RawTrace:
    """One call on the base sizes."""
    sizes = sizes_of([planned.spec for planned in plan])
    return _call(draft, draft.model, Mode("inference", plan, training), sizes)


def _arguments(draft: _Draft, planner: InputPlanner) -> tuple[ArgumentInfo, ...]:
    definition = planner.method(draft.request.method)
    if definition is None or not isinstance(definition.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    return arguments_of(definition.node)


def arguments_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ArgumentInfo, ...]:
    """Arguments of a method without `self`."""
    return tuple(
        ArgumentInfo(
            a.arg,
            ast.unparse(a.annotation) if a.annotation else None,
            ast.unparse(d) if d else None,
            "keyword" if a in node.args.kwonlyargs else "positional",
        )
        for a, d in parameters_of(node)
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
    draft.counts, draft.relations = prober.relations.counts, prober.relations
    draft.exact = exact_divisions(trees, draft.built.names)
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
        tuple(_input(planned, mode.plan, draft.request.effort != "numeric") for planned in mode.plan),
        named.rows(),
        with_calls(draft.records, named.calls()),
        named.output(),
        (),
        assumptions_of(raw.recording, draft.source),
        tuple(gaps),
    )


def _input(planned: PlannedInput, plan: Plan, named: bool = True) -> ModelInput:
    """A name has its number from any of the inputs; where no size is named, the inputs' are not either."""
    value = planned.spec.value
    if isinstance(value, TensorValue):
        sizes = sizes_of([other.spec for other in plan])
        dims = tuple(Dim(d.number(sizes), d.text if named else None) for d in value.dims)
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
        dims = [(d.name, sizes[d.name]) if d.name and d.factor == 1 else d.number(sizes) for d in value.dims]
        found[planned.spec.name] = draft.source.interpreter.tensor(dims, value.dtype)
    return found
