"""Puts the findings together: techniques first, then what needs facts, shapes and techniques at once."""

from __future__ import annotations

from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Findings, Shapes
from analyzer.records.processes import Pipeline
from analyzer.records.techniques import TechniqueFinding
from analyzer.techniques.built_forms import without_other_forms
from analyzer.techniques.claims import all_claims
from analyzer.techniques.findings.modes import line_differences, mode_differences
from analyzer.techniques.findings.pipeline_pitfalls import find_pipeline_pitfalls
from analyzer.techniques.findings.pitfalls import find_pitfalls
from analyzer.techniques.findings.syntax_pitfalls import find_syntax_pitfalls
from analyzer.techniques.findings.training_pitfalls import find_training_pitfalls
from analyzer.techniques.findings.unspecified import find_unspecified
from analyzer.techniques.program import Program
from analyzer.techniques.reachability import reached_definitions
from analyzer.techniques.recognise import find_techniques
from analyzer.techniques.sheets import load_sheets


def assemble(index: SourceIndex, facts: Facts, shapes: Shapes) -> Findings:
    """All findings; each part states what it could not tell."""
    program = Program(index)
    sheets = load_sheets()
    techniques = without_other_forms(index, shapes, with_use(program, facts, find_techniques(program, sheets)))
    techniques = in_order_of_pipelines(facts, techniques, {sheet.card.id: sheet.card.category for sheet in sheets})
    found = {finding.sheet_id for finding in techniques}
    pitfalls = (
        *find_pitfalls(program), *find_syntax_pitfalls(index), *find_pipeline_pitfalls(program, facts, techniques),
        *find_training_pitfalls(program, facts, shapes, techniques),
    )  # fmt: skip
    return Findings(
        sheets=tuple(sheet.card for sheet in sheets if sheet.card.id in found),
        techniques=techniques,
        claims=all_claims(index, facts, shapes),
        pitfalls=tuple(sorted(pitfalls, key=lambda p: (p.where, p.rule))),
        unspecified=find_unspecified(
            program, reached_definitions(program, facts), trains=bool(facts.processes.training)
        ),
        mode_differences=mode_differences(program, facts, shapes, techniques),
        line_differences=line_differences(shapes),
    )


def with_use(program: Program, facts: Facts, findings: tuple[TechniqueFinding, ...]) -> tuple[TechniqueFinding, ...]:
    """Findings marked by whether the main model or a main pipeline reaches the code they stand in."""
    reached = reached_definitions(program, facts)
    if not reached:
        return findings
    return tuple(replace(f, in_use=any(_is_reached(name, reached) for name in f.models)) for f in findings)


def in_order_of_pipelines(
    facts: Facts, findings: tuple[TechniqueFinding, ...], categories: dict[str, str]
) -> tuple[TechniqueFinding, ...]:
    """Findings by sheet; of a technique of training first what the main training pipeline's own files show, of
    decoding what those of the main inference do, and what is in use before what is not.
    """
    training, inference = (_own_files(p) for p in (facts.processes.training, facts.processes.inference))
    files = {"training": training, "loss": training, "system": training, "decoding": inference}

    def rank(path: str, sheet: str) -> int:
        own = files.get(categories.get(sheet, ""), ())
        return own.index(path) if path in own else len(own)

    ordered = [
        replace(f, where=tuple(sorted(f.where, key=lambda s, sheet=f.sheet_id: rank(s.path, sheet))))  # type: ignore[misc]
        for f in findings
    ]
    return tuple(sorted(ordered, key=lambda f: (f.sheet_id, not f.in_use, rank(f.where[0].path, f.sheet_id), f.where)))


def _own_files(pipelines: tuple[Pipeline, ...]) -> tuple[str, ...]:
    """The entry's file of the main pipeline, then those of its steps."""
    main = next((pipeline for pipeline in pipelines if pipeline.main), None)
    paths = (main.entry.path, *(stage.where.path for stage in main.stages)) if main is not None else ()
    return tuple(dict.fromkeys(paths))


def _is_reached(name: str, reached: frozenset[str]) -> bool:
    """A function inside a reached function or class counts with it."""
    path, _, inner = name.rpartition(":")
    parts = inner.split(".")
    return any(f"{path}:{'.'.join(parts[:size])}" in reached for size in range(len(parts), 0, -1)) or name in reached
