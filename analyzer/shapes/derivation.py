"""Which models of a repository are evaluated, in which order, within which time."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from analyzer.evaluator.worker import WorkerLimits, WorkerOutcome, run_worker
from analyzer.index import Definition, SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.codec import decode
from analyzer.records.errors import UserError
from analyzer.records.evidence import Gap, Unknown
from analyzer.records.tensors import ModelShapes, ReferenceTrace
from analyzer.shapes.build_expression import check_build
from analyzer.shapes.commanded_builds import find_chosen_builds, find_commanded_builds
from analyzer.shapes.configured_builds import find_bare_build, find_configured_builds
from analyzer.shapes.documented_factories import find_documented_factories
from analyzer.shapes.entry_points import BuildPlan, find_builds, find_presets
from analyzer.shapes.example_sizes import find_example_builds
from analyzer.shapes.execution import Choices, execute_models
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.parts import part_builds, part_classes
from analyzer.shapes.program_builds import other_builds, program_builds, program_requests
from analyzer.shapes.reference import derive_reference
from analyzer.shapes.requests import Effort, ModelRequest
from analyzer.shapes.script_builds import find_dynamic_builds, find_script_builds, trains
from analyzer.shapes.tasks import payload_of

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK = "analyzer.shapes.tasks:evaluate"
MAXIMUM_MODELS = 60
MAXIMUM_PRESETS = 24
MAXIMUM_NAMED = 8
"""Models beside the main one whose sizes are named; of more than these all are told in numbers."""
PROGRAM_SECONDS = 25.0
"""For what training programs build, where a repository has so many models that these need all of their own time."""
MINIMUM_SECONDS = 5.0
"""Less is not enough for a worker to come up."""
WALL_FACTOR = 8


@dataclass(frozen=True)
class ShapesOptions:
    """What a user may choose of the evaluation; `seconds` is the time for all models together."""

    model: str | None = None
    build: str | None = None
    inputs: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    packages: tuple[str, ...] = ()
    method: str = "forward"
    training: bool = False
    default_dtype: str | None = None
    seconds: float = 100.0
    """Processor time of all models together."""
    execute: bool = False
    """Run the target's own code as well, in a process of its own; only where the user asks for it."""

    def for_worker(self) -> Mapping[str, object]:
        return {
            "environment": [list(pair) for pair in self.environment],
            "packages": list(self.packages),
            "settings": [list(pair) for pair in self.settings],
            "default_dtype": self.default_dtype,
        }


class UnknownModel(UserError):
    """The user named a file or class that the repository does not have."""


def derive_shapes(index: SourceIndex, facts: Facts, options: ShapesOptions | None = None) -> Shapes:
    """The main model in its modes, its presets counted, the other models of the repository."""
    options = options or ShapesOptions()
    requests = _requests(index, facts, options)
    if not requests:
        reference, gaps = _reference(None)
        return Shapes(reference=reference, gaps=(Gap(index.repository.name, "no_model_found"), *gaps))
    presets = _preset_requests(index, facts, requests[0])
    asked = program_requests(index, facts, requests[0]) if options.build is None else ()
    programs = tuple(one.request for one in asked)
    together = programs if len(requests) <= MAXIMUM_NAMED else ()
    evaluated = evaluate_all(index, (requests[0], *presets, *together, *requests[1:]), options)
    number = 1 + len(presets)
    models = (*evaluated[:number], *evaluated[number + len(together) :])
    apart = replace(options, seconds=PROGRAM_SECONDS)
    made = evaluated[number : number + len(together)] if together else evaluate_all(index, programs, apart)
    builds = program_builds(asked, made)
    reference, gaps = _reference(models[0])
    inner = _part_requests(index, facts, requests, models[0]) if options.method == "forward" else ()
    main_first = (models[0], *evaluate_all(index, inner, options), *models[number:])
    requests = [requests[0], *inner, *requests[1:]]
    runs = execute_models(index, requests, main_first, _choices(options)) if options.execute else ()
    return Shapes(main_first, models[1:number], reference, gaps, runs, other_builds(builds, main_first))


def _choices(options: ShapesOptions) -> Choices:
    return Choices(options.settings, options.environment, options.default_dtype)


def _reference(model: ModelShapes | None) -> tuple[ReferenceTrace | None, tuple[Gap, ...]]:
    found = derive_reference(model)
    if isinstance(found, ReferenceTrace):
        return found, ()
    return None, (Gap("reference_model", found.reason, found.arguments),)


def derive_model_shapes(index: SourceIndex, options: ShapesOptions, facts: Facts | None = None) -> ModelShapes:
    """One model as the user asked for it: `--model`, `--build`, `--input`, `--method`, `--train`."""
    owner = find_model(index, options.model or "", options.build)
    inputs = tuple(parse_input_spec(text) for text in options.inputs) or None
    builds = _user_builds(index, owner, options) or derived_builds(index, facts, owner)
    request = ModelRequest(
        owner.name,
        owner.qualified_name,
        index.span(owner.path, owner.node),
        builds,
        main=True,
        inputs=inputs,
        method=options.method,
        training=options.training,
    )
    return evaluate_all(index, (request,), options)[0]


def derive_main_model(index: SourceIndex, facts: Facts, options: ShapesOptions) -> ModelShapes:
    """The repository's main model, built and called as the repository says."""
    requests = _requests(index, facts, options)
    if not requests:
        raise UnknownModel(f"{index.repository.name} defines no model")
    return evaluate_all(index, requests[:1], options)[0]


def find_model(index: SourceIndex, name: str, build: str | None = None) -> Definition:
    """The class that `FILE` or `FILE:CLASS` means; the last module class of the file where only that is named, or the
    function that `build` names where the file holds no class.
    """
    path, _, class_name = name.partition(":")
    if path not in index.files:
        raise UnknownModel(f"{path!r} is no file of the repository")
    defined = index.symbols.definitions.get(path, {})  # of this file alone: a repository may have thousands
    classes = {d.name: d for d in defined.values() if isinstance(d.node, ast.ClassDef)}
    if class_name:
        if class_name not in classes:
            raise UnknownModel(f"{path} has no class {class_name!r}; it has {', '.join(classes) or 'none'}")
        return classes[class_name]
    functions = (d for d in defined.values() if not isinstance(d.node, ast.ClassDef))
    makers = (d for d in functions if build and re.search(rf"\b{d.name}\b", build))
    found = list(classes.values())[-1] if classes else next(makers, None)
    if found is None:
        raise UnknownModel(f"{path} defines no class")
    return found


def evaluate_all(
    index: SourceIndex, requests: Sequence[ModelRequest], options: ShapesOptions
) -> tuple[ModelShapes, ...]:
    """Each request's shapes, in order; a model that ends its worker costs only what was not yet known of it.

    The time is processor time, so that a busy machine gives the same results; a wall limit far beyond it is a net.
    """
    left = options.seconds
    done: list[ModelShapes] = []
    failures: list[Unknown] = []
    while len(done) < len(requests):
        rest = tuple(requests[len(done) :])
        if left < MINIMUM_SECONDS:
            failures.append(Unknown("worker_out_of_time", (("seconds", f"{options.seconds:g}"),)))
        if left < MINIMUM_SECONDS or _is_hopeless(failures):
            return (*done, *(_unevaluated(request, failures[-1]) for request in rest))
        limits = WorkerLimits(cpu_seconds=ceil(left), wall_seconds=left * WALL_FACTOR)
        outcome = run_worker(TASK, payload_of(index, rest, options.for_worker()), limits)
        left -= outcome.cpu_seconds
        stages = [(result["complete"], result["shapes"]) for result in outcome.results]
        complete = [decode(ModelShapes, shapes) for is_complete, shapes in stages if is_complete]
        done += [replace(shapes, nets=outcome.nets) for shapes in complete]
        failures = [] if complete else failures
        if outcome.failure is not None and len(done) < len(requests):
            failures.append(outcome.failure)
            begun = decode(ModelShapes, stages[-1][1]) if stages and not stages[-1][0] else None
            done.append(_unfinished(requests[len(done)], begun, outcome))
    return tuple(done)


def _unfinished(request: ModelRequest, begun: ModelShapes | None, outcome: WorkerOutcome) -> ModelShapes:
    """What was known of a model when its worker ended."""
    assert outcome.failure is not None
    if begun is None:
        return _unevaluated(request, outcome.failure, outcome.nets)
    gap = Gap(str(request.where), outcome.failure.reason, outcome.failure.arguments)
    return replace(begun, gaps=(*begun.gaps, gap), nets=outcome.nets)


def _is_hopeless(failures: Sequence[Unknown]) -> bool:
    """The worker itself does not come up: it failed three times without a single result."""
    return len(failures) >= 3


def _unevaluated(request: ModelRequest, reason: Unknown, nets: tuple[str, ...] = ()) -> ModelShapes:
    build = request.builds[0] if request.builds else None
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
        gaps=(Gap(str(request.where), reason.reason, reason.arguments),),
        nets=nets,
    )


def _requests(index: SourceIndex, facts: Facts, options: ShapesOptions) -> list[ModelRequest]:
    inputs = tuple(parse_input_spec(text) for text in options.inputs) or None
    chosen = [find_model(index, options.model, options.build)] if options.model else []
    for candidate in facts.structure.models:
        owner = index.symbols.definition(candidate.qualified_name)
        if owner is not None and owner not in chosen:
            chosen.append(owner)
    if not chosen:
        return []
    main, others = chosen[0], chosen[1:MAXIMUM_MODELS]
    builds = _user_builds(index, main, options) or derived_builds(index, facts, main)
    request = _request(index, main, builds, "full", main=True)
    effort: Effort = "brief" if len(others) <= MAXIMUM_NAMED else "numeric"
    return [
        replace(request, inputs=inputs, method=options.method, training=options.training),
        *(_request(index, owner, _stated_builds(index, facts, owner), effort) for owner in others),
    ]


def _request(
    index: SourceIndex, owner: Definition, builds: tuple[BuildPlan, ...], effort: Effort, *, main: bool = False
) -> ModelRequest:
    where = index.span(owner.path, owner.node)
    return ModelRequest(owner.name, owner.qualified_name, where, builds, main, effort=effort)


def derived_builds(index: SourceIndex, facts: Facts | None, owner: Definition) -> tuple[BuildPlan, ...]:
    """What the repository states comes first; of many presets the one that a training program chooses; example sizes
    only where none of that can be built.
    """
    stated = _stated_builds(index, facts, owner)
    first = next((n for n, plan in enumerate(stated) if plan.origin == "factory"), len(stated))
    trained = [plan for plan in stated[first:] if plan.path != owner.path and trains(index, plan.path)]
    trained += find_dynamic_builds(index, owner)
    by_choice = find_chosen_builds(index, [*dict.fromkeys((*trained, *stated))])
    every = (*stated[:first], *trained, *stated[first:], *find_documented_factories(index, owner), *by_choice)
    return (*dict.fromkeys(every), *find_example_builds(index, owner))


def _stated_builds(index: SourceIndex, facts: Facts | None, owner: Definition) -> tuple[BuildPlan, ...]:
    scripts = find_script_builds(index, owner)
    configured = (*find_configured_builds(index, owner), *find_commanded_builds(index, scripts))
    return (*find_builds(index, facts, owner), *scripts, *configured, *find_bare_build(index, owner))


def _user_builds(index: SourceIndex, owner: Definition, options: ShapesOptions) -> tuple[BuildPlan, ...]:
    if options.build is None:
        return ()
    check_build(index, owner.path, options.build)
    return (BuildPlan(owner.path, options.build, "user", index.span(owner.path, owner.node)),)


def _part_requests(
    index: SourceIndex, facts: Facts, requests: Sequence[ModelRequest], main: ModelShapes
) -> tuple[ModelRequest, ...]:
    """Models inside of a main one that could not be called."""
    if requests[0].inputs is not None or any(trace.output for trace in main.traces):
        return ()
    asked = {request.qualified_name for request in requests}
    parts = [part for part in part_classes(index, main) if part.qualified_name not in asked]
    whole = requests[0].builds
    return tuple(
        _request(index, part, (*derived_builds(index, facts, part), *part_builds(whole, part)), "full")
        for part in parts
    )


def _preset_requests(index: SourceIndex, facts: Facts, main: ModelRequest) -> tuple[ModelRequest, ...]:
    """Other sizes of the main model: built and counted."""
    owner = index.symbols.definition(main.qualified_name)
    plans = find_presets(facts, owner) if owner is not None else ()
    return tuple(
        replace(main, class_name=plan.name or main.class_name, builds=(plan,), main=False, effort="count", inputs=None)
        for plan in plans[:MAXIMUM_PRESETS]
    )
