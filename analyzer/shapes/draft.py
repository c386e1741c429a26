"""One model while it is being derived: what is known so far, and calls of it in one of its modes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.evaluator.constructor_arguments import Given
from analyzer.evaluator.errors import Cause
from analyzer.evaluator.handing import parameters_of
from analyzer.evaluator.probes import Relations
from analyzer.index import Definition, SourceIndex
from analyzer.records.evidence import Gap
from analyzer.records.source import Span
from analyzer.records.structure import ArgumentInfo
from analyzer.records.tensors import ModuleRecord, ParameterCounts
from analyzer.shapes.caching import CacheConvention
from analyzer.shapes.cost import ModeRuns
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import sizes_of
from analyzer.shapes.inputs import InputPlanner, Plan
from analyzer.shapes.parameters import Places
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.runs import BuiltModel, ModelSource, RawTrace


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


@dataclass
class Draft:
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
    built_counts: ParameterCounts | None = None
    """As built: a call may register further buffers."""
    lost: tuple[Cause, ...] = ()
    """Parts that the built model may lack; what a call leaves unknown in it is none of them."""
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


def call_in_mode(
    draft: Draft, model: nn.Module, mode: Mode, sizes: Mapping[str, int], extra: Mapping[str, object] | None = None
) -> RawTrace:
    source = draft.source
    try:
        specs = [planned.spec for planned in mode.plan]
        return source.call(model, specs, sizes, draft.request.method, training=mode.training, extra=extra)
    except (CannotEvaluate, TargetRaised) as error:
        return RawTrace(stopped=source.unknown(error))


def first_call(draft: Draft, plan: Plan, training: bool) -> RawTrace:
    """One call on the base sizes."""
    sizes = sizes_of([planned.spec for planned in plan])
    return call_in_mode(draft, draft.model, Mode("inference", plan, training), sizes)


def arguments_of_method(draft: Draft, planner: InputPlanner) -> tuple[ArgumentInfo, ...]:
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


def places_of(draft: Draft) -> Places:
    """Lines where modules were made; classes of the repository also have a line where they are defined."""
    created: dict[str, Span] = {}
    defined: dict[str, Span] = {}
    given: dict[str, Given] = {}
    for path, module in draft.model.named_modules():
        cls, arguments = draft.built.given.get(id(module), (None, ()))
        given[path] = arguments if cls is type(module) else ()
        span = draft.source.span(draft.built.created.get(id(module)))
        if span is not None:
            created[path] = span
        definition = class_definition(draft.index, type(module))
        if definition is not None:
            defined[path] = draft.index.span(definition.path, definition.node)
    return Places(created, defined, given)


def class_definition(index: SourceIndex, cls: type) -> Definition | None:
    """The definition of a class of the repository."""
    for suffix in (".py", "/__init__.py", ".ipynb"):
        path = cls.__module__.replace(".", "/") + suffix
        found = index.symbols.definitions.get(path, {}).get(cls.__qualname__)
        if found is not None:
            return found
    return None
