"""How training programs themselves construct their models, where that is not the build that the article shows.

A program's line says which arguments it gives; what it gives may differ from the defaults of the class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.index import Definition, SourceIndex
from analyzer.records.bundles import Facts, ProgramBuild
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline
from analyzer.records.source import Span
from analyzer.records.tensors import ModelShapes, ModuleNode
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.requests import Effort, ModelRequest
from analyzer.shapes.script_builds import find_builds_at, find_script_builds

MOST_PROGRAMS = 2
MOST_PLANS = 3


@dataclass(frozen=True)
class ProgramRequest:
    """A training program and what is asked about its model."""

    pipeline: Pipeline
    request: ModelRequest


def program_requests(index: SourceIndex, facts: Facts, main: ModelRequest) -> tuple[ProgramRequest, ...]:
    """One request for each of the first programs whose construction of a model can be pointed at."""
    found = []
    programs = facts.processes.training[:MOST_PROGRAMS]
    scripts = _script_builds(index, facts) if any(map(_build_places, programs)) else ()
    for pipeline in programs:
        owner, plans = _plans_of(index, facts, pipeline, scripts)
        if owner is not None and plans:
            where = index.span(owner.path, owner.node)
            effort: Effort = "numeric" if owner.qualified_name == main.qualified_name else "brief"
            request = ModelRequest(owner.name, owner.qualified_name, where, plans, effort=effort, absent_files=True)
            found.append(ProgramRequest(pipeline, request))
    return tuple(found)


def program_builds(asked: Sequence[ProgramRequest], models: Sequence[ModelShapes]) -> tuple[ProgramBuild, ...]:
    """The models as their programs construct them, in the order of the requests."""
    pairs = zip(asked, models, strict=True)
    return tuple(ProgramBuild(one.pipeline.entry_name, one.pipeline.entry, model) for one, model in pairs)


def other_builds(builds: Sequence[ProgramBuild], models: Sequence[ModelShapes]) -> tuple[ProgramBuild, ...]:
    """Those that are not the build of the main model or of a part of it, and do not have its class and its total."""
    main = [
        (model.qualified_name, model.parameters.value) for model in models[:1] if isinstance(model.parameters, Known)
    ]
    places = [(model.qualified_name, model.build_where) for model in models[:1]]
    parts = {place for model in models[:1] if model.tree is not None for place in _classes_below(model.tree)}
    return tuple(
        one
        for one in builds
        if (one.model.where.path, one.model.where.first_line) not in parts
        and (one.model.qualified_name, one.model.build_where) not in places
        and (one.model.qualified_name, getattr(one.model.parameters, "value", None)) not in main
        and not _is_empty(one.model)
    )


def _is_empty(model: ModelShapes) -> bool:
    """Without parameters it is a loss or a metric, whatever class it extends, and not what is trained."""
    return isinstance(model.parameters, Known) and model.parameters.value.total == 0


def _classes_below(node: ModuleNode) -> Iterator[tuple[str, int]]:
    """Where the classes of a model's parts are defined."""
    for child in node.children:
        if child.defined_at is not None:
            yield child.defined_at.path, child.defined_at.first_line
        yield from _classes_below(child)


def _build_places(pipeline: Pipeline) -> list[Span]:
    return [stage.where for stage in pipeline.stages if stage.kind == "build"]


def _script_builds(index: SourceIndex, facts: Facts) -> tuple[tuple[Definition, BuildPlan], ...]:
    """How the repository's scripts construct each of its models."""
    named = (index.symbols.definition(candidate.qualified_name) for candidate in facts.structure.models)
    owners = [owner for owner in named if owner is not None]
    return tuple((owner, plan) for owner in owners for plan in find_script_builds(index, owner, checked=True))


def _plans_of(
    index: SourceIndex, facts: Facts, pipeline: Pipeline, scripts: Sequence[tuple[Definition, BuildPlan]]
) -> tuple[Definition | None, tuple[BuildPlan, ...]]:
    """The class that the program's first build makes, and the plans of its builds in the order of its stages."""
    places = _build_places(pipeline)
    ranked = [(place, owner, plan) for owner, plan in scripts for place in _rank(plan, pipeline, places)]
    ranked.sort(key=lambda item: item[0])
    if not ranked:
        return _plans_at(index, facts, pipeline, places)
    first = ranked[0][1]
    return first, tuple(plan for _, owner, plan in ranked if owner == first)[:MOST_PLANS]


def _plans_at(
    index: SourceIndex, facts: Facts, pipeline: Pipeline, places: Sequence[Span]
) -> tuple[Definition | None, tuple[BuildPlan, ...]]:
    """The statements of the program's builds as they stand, where the program runs the main model."""
    main = next((model.qualified_name for model in facts.structure.models if model.main), "")
    owner = index.symbols.definition(main) if main else None
    if owner is None or not any(item.rule == "runs_main_model" for item in pipeline.evidence):
        return None, ()
    plans = [plan for span in places for plan in find_builds_at(index, owner, span)]
    return owner, tuple(plan for plan in plans if plan.path == pipeline.entry.path)[:MOST_PLANS]


def _rank(plan: BuildPlan, pipeline: Pipeline, places: Sequence[Span]) -> Iterator[int]:
    """The place of the stage that a plan stands in; only plans whose way begins in the program's own file."""
    if plan.path == pipeline.entry.path:
        yield from (at for at, span in enumerate(places) if _covers(span, plan.where))


def _covers(span: Span, inner: Span) -> bool:
    return span.path == inner.path and span.first_line <= inner.first_line <= span.last_line
