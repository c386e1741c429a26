"""Everything about one model: built from the first expression that works, counted, called in its modes, named."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.evaluator.errors import Cause
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.evidence import Gap, Known, Unknown
from analyzer.records.source import Span
from analyzer.records.tensors import Cost, ModelShapes, ParameterCounts, Trace
from analyzer.shapes.accounting import OF_WEIGHTS
from analyzer.shapes.built_lines import whole_statements
from analyzer.shapes.cost import Account, CostQuestion, derive_model_costs
from analyzer.shapes.draft import Draft, class_definition, places_of
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.first_values import derive_first_values
from analyzer.shapes.modes import run_modes, traces_by_name
from analyzer.shapes.parameters import count_parameters, find_ties, module_records, module_tree
from analyzer.shapes.partial_builds import complete_builds
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.routing import ActiveParameters
from analyzer.shapes.runs import ModelSource, assumptions_of, unknown_buffers
from analyzer.shapes.waiting_rows import gaps_of


def derive_model(interpreter: Interpreter, request: ModelRequest) -> ModelShapes:
    """Shapes of one model; what cannot be derived is a gap or an Unknown with its reason."""
    *_, (shapes, _) = derive_stages(interpreter, request)
    return shapes


def derive_stages(interpreter: Interpreter, request: ModelRequest) -> Iterator[tuple[ModelShapes, bool]]:
    """The same as it comes about: counts, then shapes as numbers, then, complete, everything."""
    failures: list[tuple[BuildPlan, Unknown]] = []
    incomplete: list[BuildPlan] = []
    unfinished: ModelShapes | None = None
    for build in _builds(interpreter, request):
        with _own_gaps(interpreter):
            draft = _begun(interpreter, request, build, failures)
            if draft is None:
                continue
            by_program = build.origin == "training_script" or bool(build.captured)
            if by_program and interpreter.unknown_parts(draft.model):
                incomplete.append(build)
                continue
            shapes = yield from _derive_built(draft)
        if not build.unstated or any(trace.output for trace in shapes.traces):
            yield shapes, True
            return
        unfinished = unfinished or shapes
    for build in incomplete[:1] if unfinished is None else ():
        draft = _begun(interpreter, request, build, failures)
        unfinished = (yield from _derive_built(draft)) if draft is not None else None
    yield unfinished or _not_built(interpreter.index, request, failures), True


def _begun(
    interpreter: Interpreter, request: ModelRequest, build: BuildPlan, failures: list[tuple[BuildPlan, Unknown]]
) -> Draft | None:
    """The built model; None, and a failure more, where it cannot be built."""
    source = ModelSource(interpreter, build.path, build.expression, build.captured)
    try:
        built = source.build()
        return Draft(request, source, _placed(build, source.span(built.place)), built)
    except (CannotEvaluate, TargetRaised, SyntaxError) as error:
        failures.append((build, source.unknown(error)))
        return None


def _placed(build: BuildPlan, place: Span | None) -> BuildPlan:
    """Of several constructions in a script's file the one that was reached."""
    by_script = build.origin == "training_script" and place is not None and place.path == build.where.path
    lines = range(build.where.first_line, build.where.last_line + 1)
    return replace(build, where=place) if by_script and place is not None and place.first_line not in lines else build


@contextmanager
def _own_gaps(interpreter: Interpreter) -> Iterator[None]:
    """What one way of building leaves open is no gap of the next one."""
    gaps = interpreter.recording.gaps
    before = dict(gaps)
    try:
        yield
    finally:
        gaps.clear()
        gaps.update(before)


def _builds(interpreter: Interpreter, request: ModelRequest) -> Iterator[BuildPlan]:
    """What the repository states; then what it states in part, with example values for the sizes that it leaves open;
    then examples for all sizes; last of all what a test makes up for itself.
    """
    owner = interpreter.index.symbols.definition(request.qualified_name)
    partial: list[BuildPlan] = []
    tested = [build for build in request.builds if is_test_file(interpreter.index, build.where.path)]
    for build in (build for build in request.builds if build not in tested):
        by_script = build.origin == "training_script" and owner is not None and not build.name
        completed = list(complete_builds(interpreter, owner, build)) if by_script else []
        partial += completed
        if not completed and not build.unstated:
            yield build
    yield from (*partial, *(build for build in request.builds if build.unstated), *tested)


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


def _derive_built(draft: Draft) -> Generator[tuple[ModelShapes, bool], None, ModelShapes]:
    """Yields what is known on the way."""
    draft.gaps += gaps_of(draft.source.interpreter.recording, draft.source)
    draft.records = module_records(draft.model, places_of(draft))
    draft.built_counts = count_parameters(draft.model)
    draft.lost = draft.source.interpreter.unknown_parts(draft.model)
    if draft.build.unstated:
        draft.records = tuple(replace(record, detail="") for record in draft.records)
    if draft.request.effort == "count":
        return _assemble(draft, (), {})
    yield _assemble(draft, (), {}), False
    for traces, variables, complete in traces_by_name(draft):
        if complete:
            return _assemble(draft, traces, variables)
        yield _assemble(draft, traces, variables), False
    return _assemble(draft, (), {})


def _assemble(draft: Draft, traces: tuple[Trace, ...], variables: Mapping[str, int]) -> ModelShapes:
    """What is known of the model so far."""
    request, model = draft.request, draft.model
    recording = draft.source.interpreter.recording
    where = draft.build.where
    examples = {size.name for size in draft.build.unstated}
    counts = replace(draft.built_counts or count_parameters(model), unknown_buffers=unknown_buffers(recording))
    ties = find_ties(model)
    lost = draft.lost
    counts = counts if lost else replace(counts, active=_active_parameters(draft))
    parameters: Known[ParameterCounts] | Unknown = Known(counts, (where,), "counted")
    account = _account(draft)
    costs, shares = account.costs, account.shares
    gaps = tuple(draft.gaps)
    if lost:
        reason = _unknown_part(draft, lost[0])
        parameters, shares = Unknown("incomplete_build", reason.arguments, where, reason), ()
        costs = tuple((name, cost) for name, cost in costs if name not in OF_WEIGHTS)
    if draft.build.unstated:
        parameters = _unstated(draft.build)
        costs, shares = tuple((name, _without_example(cost, parameters, examples)) for name, cost in costs), ()
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
        repetitions=account.repetitions,
        first_values=derive_first_values(model, draft.source.interpreter.writes_to, draft.source.span),
        built_lines=whole_statements(draft.built.lines, draft.index),
    )


def _unknown_part(draft: Draft, cause: Cause) -> Unknown:
    """The part that is lacking, and what it is that is not known of it."""
    origin = _unknown_part(draft, cause.origin) if cause.origin is not None else None
    return Unknown(cause.reason, (("detail", ", ".join(cause.arguments)),), draft.source.span(cause.place), origin)


def _account(draft: Draft) -> Account:
    """Numbers and closed formulas; formulas only of the main model, in its own modes."""
    tree = module_tree(draft.records)
    formulas = draft.request.effort == "full"
    question = CostQuestion(draft.source, draft.built, tree, draft.modes, partial(run_modes, draft), draft.build.where)
    question = replace(question, relations=draft.relations, exact=draft.exact, limits=draft.limits, formulas=formulas)
    examples = frozenset(size.name for size in draft.build.unstated)
    return derive_model_costs(replace(question, examples=examples))


def _without_example(cost: Cost, reason: Unknown, examples: Collection[str]) -> Cost:
    """A cost whose formula stands in names; its number at example sizes is no fact of the repository."""
    stated = tuple(variable for variable in cost.variables if variable.name not in examples)
    return replace(cost, value=reason, variables=stated)


def _unstated(build: BuildPlan) -> Unknown:
    """Totals at example sizes are no facts of the repository."""
    names = ", ".join(dict.fromkeys(size.name for size in build.unstated))
    return Unknown("sizes_not_in_source", (("names", names),), build.unstated[0].where)


def _active_parameters(draft: Draft) -> int | Unknown:
    """Parameters that one token uses; what an unfinished call leaves open is unknown."""
    index = draft.index
    return ActiveParameters(draft.model, draft.first, partial(class_definition, index), index.span).count()
