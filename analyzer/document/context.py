"""What every chapter is built from: the analysis, the words of one language, the drawings, and quick look-ups.

It searches records and adds no fact of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from analyzer.document.drawing_words import in_language
from analyzer.document.family import Family, derive_family
from analyzer.document.wording import Words, read_template
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram
from analyzer.records.document import Block, DiagramRef, Plain
from analyzer.records.processes import Pipeline
from analyzer.records.shown_model import main_model, shown_model
from analyzer.records.source import SourceFile, Span, digest_of
from analyzer.records.structure import ClassInfo
from analyzer.records.techniques import TechniqueFinding, TechniqueSheet
from analyzer.records.tensors import ModelShapes, ModuleNode, ModuleRecord, ShapeRow, Trace

MODEL_CATEGORIES = {"attention", "position", "norm", "activation", "feed_forward", "convolution"}
"""Categories whose techniques a model has or has not, whatever else its files define."""


@dataclass(frozen=True)
class Context:
    """One analysis seen in one language."""

    analysis: Analysis
    words: Words
    drawings: tuple[Diagram, ...] = ()

    @property
    def name(self) -> str:
        return self.analysis.facts.repository.name

    @cached_property
    def family(self) -> Family:
        return derive_family(self.analysis)

    @cached_property
    def model(self) -> ModelShapes | None:
        """The model that the chapters go deep into."""
        return shown_model(self.analysis.shapes.models)

    @cached_property
    def missing(self) -> ModelShapes | None:
        """The main model, where it could not be evaluated and another is shown in its place."""
        main = main_model(self.analysis.shapes.models)
        return None if main is self.model else main

    @cached_property
    def trace(self) -> Trace | None:
        """The trace that the shape tables follow: training where it was traced, else the first."""
        traces = self.model.traces if self.model else ()
        return self.trace_of("training") or (traces[0] if traces else None)

    def trace_of(self, *modes: str) -> Trace | None:
        traces = self.model.traces if self.model else ()
        return next((trace for mode in modes for trace in traces if trace.mode == mode), None)

    @cached_property
    def records(self) -> dict[str, ModuleRecord]:
        """Modules of the main trace by path, else those that were counted."""
        if self.model is None:
            return {}
        modules = self.trace.modules if self.trace and self.trace.modules else self.model.modules
        return {module.path: module for module in modules}

    @cached_property
    def training(self) -> Pipeline | None:
        return _main(self.analysis.facts.processes.training)

    @cached_property
    def inference(self) -> Pipeline | None:
        return _main(self.analysis.facts.processes.inference)

    @cached_property
    def runner(self) -> Pipeline | None:
        """The inference pipeline where a program, evaluation or method is one: a bare forward starts nothing."""
        return self.inference if self.inference and self.inference.start != "forward" else None

    def runs_main(self, pipeline: Pipeline) -> bool:
        """Whether a program was seen to run the main model, so that the model's shapes hold for its stages."""
        return self.missing is None and any(item.rule == "runs_main_model" for item in pipeline.evidence)

    @cached_property
    def sheets(self) -> dict[str, TechniqueSheet]:
        return {sheet.id: sheet for sheet in self.analysis.findings.sheets}

    @cached_property
    def used_techniques(self) -> tuple[TechniqueFinding, ...]:
        """Findings in use whose sheet is known, in the order in which they were found; what is in use is told of the
        main model, so that another one shown in its place brings its own.
        """
        known = (found for found in self.analysis.findings.techniques if found.sheet_id in self.sheets)
        used = (found for found in known if found.in_use or (self.missing is not None and self.is_shown(found)))
        return tuple(found for found in used if self.in_model(found))

    def is_shown(self, found: TechniqueFinding) -> bool:
        """Whether the shown model ran it or was built by it, or consists of a class that holds it."""
        return self.ran(found) or self.is_computed(found) or bool(set(found.models) & self.built_classes)

    @cached_property
    def executed(self) -> frozenset[tuple[str, int]]:
        """Lines (file, number) that ran in the main trace."""
        rows = self.trace.rows if self.trace else ()
        return frozenset((row.where.path, row.where.first_line) for row in rows)

    def ran(self, found: TechniqueFinding) -> bool:
        """Whether a line of the finding ran in the main trace."""
        return any(
            (span.path, line) in self.executed
            for span in found.where
            for line in range(span.first_line, span.last_line + 1)
        )

    @cached_property
    def built_at(self) -> frozenset[tuple[str, int]]:
        """Lines that constructed or define a module of the built model."""
        nodes = list(walk(self.model.tree if self.model else None))
        spans = [node.created_at for node in nodes if node.created_at]
        return frozenset((span.path, line) for span in spans for line in range(span.first_line, span.last_line + 1))

    def in_model(self, found: TechniqueFinding) -> bool:
        """Whether the built model has the technique: its lines ran, or constructed one of the model's modules. Where
        nothing was traced, and outside the model's own categories, every finding counts.
        """
        category = self.sheets[found.sheet_id].category
        if self.is_computed(found):
            return True
        if self.executed and category == "structure" and not self.ran(found):
            return self.is_built(found)
        if not self.executed or category not in MODEL_CATEGORIES or self.ran(found):
            return True
        if self.trace and self.trace.gaps:
            return self.is_built(found)
        return any(
            (span.path, line) in self.built_at
            for span in found.where
            for line in range(span.first_line, span.last_line + 1)
        )

    @cached_property
    def _building(self) -> frozenset[tuple[str, int]]:
        """Lines (file, number) that ran while the model was built."""
        by_file = self.model.built_lines if self.model else ()
        return frozenset((path, line) for path, lines in by_file for line in lines)

    def is_computed(self, found: TechniqueFinding) -> bool:
        """Whether a constructor of the model computed it, as a table of positions, or a function that it calls made a
        layer. One that a constructor itself makes may have been replaced since; of those the built modules tell.
        """
        built = bool(found.where) and all((span.path, span.first_line) in self._building for span in found.where)
        made = any(item.rule == "call" for item in found.evidence)
        return built and (not made or not {item.qualified_name for item in self.classes.values()} & set(found.models))

    @cached_property
    def built_classes(self) -> frozenset[str]:
        """Qualified names of the repository's classes that the built model consists of."""
        places = [node.defined_at for node in walk(self.model.tree if self.model else None) if node.defined_at]
        found = [self.class_at(place) for place in places]
        return frozenset(item.qualified_name for item in found if item)

    def is_built(self, found: TechniqueFinding) -> bool:
        """Whether a class that holds the finding is part of the built model; code outside module classes counts."""
        modules = {item.qualified_name for item in self.classes.values() if item.is_module}
        owners = set(found.models) & modules
        return not owners or bool(owners & self.built_classes)

    def distinct(self, findings: Iterable[TechniqueFinding]) -> tuple[TechniqueFinding, ...]:
        """One finding per technique: the one whose lines ran, else the first; in the order of interest."""
        first: dict[str, TechniqueFinding] = {}
        for found in sorted(findings, key=lambda item: not self.ran(item)):
            first.setdefault(found.sheet_id, found)
        return tuple(sorted(first.values(), key=lambda item: (self.interest(item.sheet_id), item.sheet_id)))

    def interest(self, sheet_id: str) -> tuple[int, bool]:
        """Rank of a technique: by category, and within it the plain ones behind the telling ones."""
        common = read_template("knowledge", "common")
        order = common["common"]["categories"]
        category = self.sheets[sheet_id].category if sheet_id in self.sheets else ""
        return (order.index(category) if category in order else len(order), sheet_id in common["common"]["techniques"])

    def techniques_of(self, *categories: str) -> tuple[TechniqueFinding, ...]:
        return tuple(found for found in self.used_techniques if self.sheets[found.sheet_id].category in categories)

    def technique_name(self, sheet_id: str) -> str:
        return self.words.pick(self.sheets[sheet_id].name) if sheet_id in self.sheets else sheet_id

    @cached_property
    def files(self) -> dict[str, SourceFile]:
        return {file.path: file for file in self.analysis.facts.files}

    @cached_property
    def classes(self) -> dict[tuple[str, int], ClassInfo]:
        """The repository's classes by file and first line."""
        return {(item.where.path, item.where.first_line): item for item in self.analysis.facts.structure.classes}

    def class_at(self, span: Span | None) -> ClassInfo | None:
        return self.classes.get((span.path, span.first_line)) if span else None

    @cached_property
    def examples(self) -> frozenset[int]:
        """Values that stand for sizes which the repository does not state; no number may rest on them."""
        return frozenset(size.value for size in self.model.unstated) if self.model else frozenset()

    def is_open(self, node: ModuleNode) -> bool:
        """Whether the number of a node's copies may be an example value."""
        return node.repeats > 1 and node.repeats in self.examples

    def repeats(self, node: ModuleNode) -> str:
        """How often a node stands in the model; where that is open in names, or a question mark."""
        named = dict(self.model.repetitions if self.model else ())
        return named.get(node.path, "?") if self.is_open(node) else f"{node.repeats:,}"

    @cached_property
    def opened(self) -> tuple[ModuleNode, ...]:
        """Nodes whose number of copies is open."""
        return tuple(node for node in walk(self.model.tree if self.model else None) if self.is_open(node))

    def times(self, row: ShapeRow) -> str:
        """How often a line ran; a question mark where example values may decide it."""
        inside = any(module.startswith(path) for node in self.opened for path in node.paths for module in row.modules)
        counted = any(row.times > 1 and row.times % node.repeats == 0 for node in self.opened)
        return "?" if inside or counted else f"{row.times:,}"

    def variants(self, row: ShapeRow) -> int:
        """With how many different shapes a row's line ran in the main trace."""
        return self._variants.get((str(row.where), row.class_name, row.function), 0)

    @cached_property
    def _variants(self) -> Counter[tuple[str, str, str]]:
        rows = self.trace.rows if self.trace else ()
        return Counter((str(row.where), row.class_name, row.function) for row in rows)

    @cached_property
    def model_files(self) -> frozenset[str]:
        """Files that define the main model's class and the classes of its parts."""
        if self.model is None:
            return frozenset()
        places = (node.defined_at for node in walk(self.model.tree) if node.defined_at)
        return frozenset((self.model.where.path, *(place.path for place in places)))

    def quote(self, span: Span) -> str:
        """The lines of a span, unaltered; empty where the file's text is not at hand."""
        return "\n".join(self._lines(span.path)[span.first_line - 1 : span.last_line])

    def _lines(self, path: str) -> list[str]:
        if path not in self._split:
            self._split[path] = self.files[path].text.split("\n") if path in self.files else []
        return self._split[path]

    @cached_property
    def _split(self) -> dict[str, list[str]]:
        """Lines of the files quoted so far."""
        return {}

    def part(self, span: Span, first: int, last: int) -> Span:
        """Some lines of a span's file as a span of their own, with the digest of what it quotes."""
        bare = replace(span, first_line=first, last_line=last, sha256="")
        return replace(bare, sha256=digest_of(self.quote(bare)))

    def drawing(self, *ids: str) -> tuple[Block, ...]:
        """References to the drawings of these ids that exist for this repository."""
        wanted = [diagram for identifier in ids for diagram in self.drawings if diagram.id == identifier]
        return tuple(
            DiagramRef(in_language(diagram, self.words), (Plain(self.words.pick(diagram.title)),)) for diagram in wanted
        )


def walk(node: ModuleNode | None) -> Iterable[ModuleNode]:
    """The module tree from the top down."""
    if node is not None:
        yield node
        for child in node.children:
            yield from walk(child)


def _main(pipelines: tuple[Pipeline, ...]) -> Pipeline | None:
    return next((pipeline for pipeline in pipelines if pipeline.main), pipelines[0] if pipelines else None)
