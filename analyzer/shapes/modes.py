"""The traces of a model in each way of calling it: as numbers first, then with the names of its sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from analyzer.evaluator.dims import DimNamer, source_forms
from analyzer.evaluator.objects import origin_of
from analyzer.index import SourceIndex
from analyzer.records.evidence import Gap
from analyzer.records.tensors import CostBasis, Dim, ModelInput, TensorSpec, Trace
from analyzer.shapes.accepted_inputs import accepted_plan
from analyzer.shapes.conditions import conditions_on_sizes
from analyzer.shapes.cost import ModeRuns
from analyzer.shapes.draft import Draft, Mode, arguments_of_method, call_in_mode, first_call
from analyzer.shapes.generation import batch_and_length, cached_modes, generate
from analyzer.shapes.input_spec import TensorValue, sizes_of
from analyzer.shapes.inputs import LIMIT_NAME, InputPlanner, Plan, PlannedInput
from analyzer.shapes.naming import NamedTraces
from analyzer.shapes.operators import Amount, CallLog
from analyzer.shapes.parameters import with_calls
from analyzer.shapes.probing import Probe, Prober
from analyzer.shapes.repeats import exact_divisions
from analyzer.shapes.runs import BuiltModel, RawTrace, assumptions_of
from analyzer.shapes.taken_arms import taken_arms
from analyzer.shapes.waiting_rows import gaps_of

LENGTH_NAME = re.compile(f"{LIMIT_NAME.pattern}|block_size")


def modes_of(draft: Draft, planner: InputPlanner, plan: Plan) -> list[Mode]:
    if draft.request.inputs is not None:
        return [Mode("training" if draft.request.training else "inference", plan, draft.request.training)]
    if draft.request.effort in ("brief", "numeric"):
        return [Mode("inference", plan, False)]
    targets = planner.targets(arguments_of_method(draft, planner), plan, draft.request.method)
    accepted = (one for one in targets if first_call(draft, one, training=True).stopped is None)
    return [Mode("inference", plan, False), Mode("training", next(accepted, plan), True)]


def run_modes(
    draft: Draft, built: BuiltModel, values: Mapping[str, int]
) -> tuple[dict[str, CallLog], Sequence[Amount] | None]:
    """What each mode computes at further values; a mode that does not finish there is left out."""
    logs: dict[str, CallLog] = {}
    cache: Sequence[Amount] | None = None
    for mode in draft.called:
        raw = call_in_mode(draft, built.model, mode, values)
        if raw.stopped is None:
            logs[mode.name] = raw.log
    if draft.generation is not None:
        ran = generate(draft, built.model, draft.generation, values)
        if ran is not None:
            logs |= {"prefill": ran.prefill.log, "decode": ran.decode.log}
            cache = ran.position
    return logs, cache


def traces_by_name(draft: Draft) -> Iterator[tuple[tuple[Trace, ...], dict[str, int], bool]]:
    """The traces with the names that they use: as numbers first, then, complete, by name."""
    planner = InputPlanner(
        draft.source.interpreter, draft.model, draft.built.names, [size.name for size in draft.build.unstated]
    )
    accepted = accepted_plan(draft, planner)
    if accepted is None:
        yield (), {}, True
        return
    plan, first = accepted
    draft.first = first
    modes = modes_of(draft, planner, plan)
    sizes = sizes_of([planned.spec for planned in plan])
    base = [first, *(call_in_mode(draft, draft.model, mode, sizes) for mode in modes[1:])]
    names = {**draft.built.names, **sizes}
    examples = {size.name: size.value for size in draft.build.unstated}
    nameless = [NamedTraces(draft.index, DimNamer([names], ()), [raw], examples) for raw in base]
    yield tuple(map(partial(_trace, draft), modes, base, nameless)), {}, False
    probes = _probes(draft, modes[0], sizes, base)
    forms = source_forms(bodies_that_ran(draft.index, base))
    draft.called, draft.limits = modes, _limits(draft, plan, sizes)
    traces: list[Trace] = []
    used: set[str] = set()
    for number, (mode, raw) in enumerate(zip(modes, base, strict=True)):
        ran = [(p, p.trace if number == 0 else call_in_mode(draft, p.built.model, mode, p.values)) for p in probes]
        kept = [(probe, trace) for probe, trace in ran if trace.stopped is None]
        namer = DimNamer([names, *(probe.values for probe, _ in kept)], forms, draft.counts)
        runs = [raw, *(trace for _, trace in kept)]
        named = NamedTraces(draft.index, namer, runs, examples)
        traces.append(replace(_trace(draft, mode, raw, named), conditions=conditions_on_sizes(draft, mode)))
        used |= named.names_used()
        draft.modes.append(_mode_runs(draft, mode, namer, [probe for probe, _ in kept], runs))
    for mode, kept_probes, runs, positions in cached_modes(draft, planner, plan, sizes, probes):
        namer = DimNamer([names, *(probe.values for probe in kept_probes)], forms, draft.counts)
        named = NamedTraces(draft.index, namer, runs, examples)
        traces.append(replace(_trace(draft, mode, runs[0], named), conditions=conditions_on_sizes(draft, mode)))
        used |= named.names_used()
        draft.modes.append(replace(_mode_runs(draft, mode, namer, kept_probes, runs), caches=positions))
    yield tuple(traces), {name: value for name, value in names.items() if name in used}, True


def _mode_runs(
    draft: Draft, mode: Mode, namer: DimNamer, probes: Sequence[Probe], runs: Sequence[RawTrace]
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
    given = batch_and_length(mode.plan, sizes_of([planned.spec for planned in mode.plan]))[1]
    answers = [tensor.shape for tensor in raw.output[:1] if len(tensor.shape) == 3]
    return ("last_position_only",) if given > 1 and any(shape[1] == 1 for shape in answers) else ()


def _limits(draft: Draft, plan: Plan, sizes: Mapping[str, int]) -> dict[str, str]:
    """The smallest setting that speaks of the length of a sequence, for the second size of the first input."""
    bounds = sorted((size, name) for name, size in draft.built.names.items() if LENGTH_NAME.search(name))
    for value in (planned.spec.value for planned in plan):
        if isinstance(value, TensorValue) and len(value.dims) > 1 and value.dims[1].name in sizes:
            length = str(value.dims[1].name)
            bound = next((name for size, name in bounds[:1] if size > sizes[length]), None)
            return {length: bound} if bound is not None and length not in draft.built.names else {}
    return {}


def _probes(draft: Draft, mode: Mode, sizes: Mapping[str, int], base: Sequence[RawTrace]) -> tuple[Probe, ...]:
    if base[0].stopped is not None or draft.request.effort == "numeric":
        return ()

    def runs(built: BuiltModel, values: Mapping[str, int]) -> RawTrace:
        return call_in_mode(draft, built.model, mode, values)

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


def bodies_that_ran(index: SourceIndex, traces: Sequence[RawTrace]) -> list[ast.AST]:
    """Bodies of the classes whose lines ran."""
    wanted = {(site.path, site.function.partition(".")[0]) for trace in traces for site in trace.lines}
    tables = index.symbols.definitions
    found = (tables.get(path, {}).get(name) for path, name in sorted(wanted))
    return [definition.node for definition in found if definition is not None]


def _trace(draft: Draft, mode: Mode, raw: RawTrace, named: NamedTraces) -> Trace:
    gaps = list(gaps_of(raw.recording, draft.source))
    if raw.stopped is not None:
        gaps.insert(0, Gap(str(raw.stopped.where or draft.request.where), raw.stopped.reason, raw.stopped.arguments))
    return Trace(
        mode.name,  # type: ignore[arg-type]
        draft.request.method,
        tuple(_input(draft, planned, mode.plan, named.varied) for planned in mode.plan),
        named.rows(),
        with_calls(draft.records, named.calls()),
        named.output(),
        (),
        assumptions_of(raw.recording, draft.source),
        tuple(gaps),
        taken_arms(raw.recording, draft.index),
    )


def _input(draft: Draft, planned: PlannedInput, plan: Plan, varied: Collection[str]) -> ModelInput:
    """A name has its number from any of the inputs; where no size is named, the inputs' are not either, and a setting
    of the model names one only where the size followed its other values. A size that rests on an example value has no
    number.
    """
    value = planned.spec.value
    if isinstance(value, TensorValue):
        sizes = sizes_of([other.spec for other in plan])
        named = draft.request.effort != "numeric"
        examples = {size.name for size in draft.build.unstated}
        numbers = [None if d.name in examples else d.number(sizes) for d in value.dims]
        unproved = draft.built.names.keys() - varied - examples if planned.reason != "user" else ()
        texts = [d.text if named and d.name not in unproved else None for d in value.dims]
        dims = tuple(Dim(size, text) for size, text in zip(numbers, texts, strict=True))
        return ModelInput(planned.spec.name, TensorSpec(dims, value.dtype), planned.reason, planned.where)
    return ModelInput(planned.spec.name, str(value), planned.reason, planned.where)
