"""What each layer hands to the next: facts, shapes, findings, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from analyzer.records.configuration import Configuration
from analyzer.records.evidence import Assumption, Gap
from analyzer.records.executions import Execution
from analyzer.records.missing_packages import MissingPackage, missing_packages
from analyzer.records.paper import Paper
from analyzer.records.processes import Processes
from analyzer.records.source import Repository, SourceFile, Span
from analyzer.records.structure import Structure
from analyzer.records.techniques import (
    Claim,
    LineDifference,
    ModeDifference,
    Pitfall,
    TechniqueFinding,
    TechniqueSheet,
    Unspecified,
)
from analyzer.records.tensors import ModelShapes, ReferenceTrace


@dataclass(frozen=True)
class Facts:
    """What the source says without building the model. `files` holds the text that reports quote."""

    repository: Repository
    files: tuple[SourceFile, ...]
    structure: Structure
    configuration: Configuration
    processes: Processes
    gaps: tuple[Gap, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True)
class ProgramBuild:
    """The model as a training program itself constructs it."""

    program: str
    entry: Span
    model: ModelShapes


@dataclass(frozen=True)
class Shapes:
    """Evaluated models, main first, presets beside it, and the reference model as yardstick."""

    models: tuple[ModelShapes, ...] = ()
    presets: tuple[ModelShapes, ...] = ()
    """Other sizes of the main model: built and counted, traced only where cheap."""
    reference: ReferenceTrace | None = None
    gaps: tuple[Gap, ...] = ()
    executions: tuple[Execution, ...] = ()
    """Runs of the target's own code; none unless the user asked for them."""
    program_builds: tuple[ProgramBuild, ...] = ()
    """Of training programs that construct a model themselves, where its build is not the one of `models`."""


@dataclass(frozen=True)
class Findings:
    sheets: tuple[TechniqueSheet, ...] = ()
    """The sheets of the techniques that were found, by id."""
    techniques: tuple[TechniqueFinding, ...] = ()
    claims: tuple[Claim, ...] = ()
    pitfalls: tuple[Pitfall, ...] = ()
    unspecified: tuple[Unspecified, ...] = ()
    mode_differences: tuple[ModeDifference, ...] = ()
    line_differences: tuple[LineDifference, ...] = ()
    paper: Paper | None = None
    """The paper that the user named, compared; None where none was."""
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """The whole result of an analysis, from which documents and facts.json are made."""

    facts: Facts
    shapes: Shapes = field(default_factory=Shapes)
    findings: Findings = field(default_factory=Findings)
    tool_version: str = ""

    def all_gaps(self) -> tuple[Gap, ...]:
        """Gaps of every layer, each once, those that block most rows of one model first."""
        found = [*self.facts.gaps, *self.shapes.gaps, *self.findings.gaps]
        for model in (*self.shapes.models, *self.shapes.presets):
            found += model.all_gaps()
        for pipeline in (*self.facts.processes.training, *self.facts.processes.inference):
            roots = [(item.where or pipeline.entry, item.root()) for item in pipeline.gaps]
            found += [Gap(str(where), root.reason, root.arguments) for where, root in roots]
        most: dict[Gap, Gap] = {}
        for gap in found:
            bare = replace(gap, unlocks=0)
            most[bare] = max(most.get(bare, bare), gap, key=lambda one: one.unlocks)
        return tuple(sorted(most.values(), key=lambda gap: (-gap.unlocks, gap.where, gap.reason, gap.arguments)))

    def missing_packages(self) -> tuple[MissingPackage, ...]:
        """Packages that no stand-in models, those that leave most rows empty first."""
        return missing_packages(self.all_gaps())

    def all_assumptions(self) -> tuple[Assumption, ...]:
        """Assumptions of every layer, each once: also those of the builds that stand beside the main one."""
        found = [*self.facts.assumptions]
        beside = [build.model for build in self.shapes.program_builds]
        for model in (*self.shapes.models, *self.shapes.presets, *beside):
            found += [*model.assumptions, *(item for trace in model.traces for item in trace.assumptions)]
        return tuple(dict.fromkeys(found))
