"""Puts the findings together: techniques first, then what needs facts, shapes and techniques at once."""

from __future__ import annotations

from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Findings, Shapes
from analyzer.records.techniques import TechniqueFinding
from analyzer.techniques.findings.claims import find_claims
from analyzer.techniques.findings.commands import check_commands
from analyzer.techniques.findings.comments import audit_comments
from analyzer.techniques.findings.modes import line_differences, mode_differences
from analyzer.techniques.findings.pipeline_pitfalls import find_pipeline_pitfalls
from analyzer.techniques.findings.pitfalls import find_pitfalls
from analyzer.techniques.findings.unspecified import find_unspecified
from analyzer.techniques.program import Program
from analyzer.techniques.reachability import reached_definitions
from analyzer.techniques.recognise import find_techniques
from analyzer.techniques.sheets import load_sheets


def assemble(index: SourceIndex, facts: Facts, shapes: Shapes) -> Findings:
    """All findings; each part states what it could not tell."""
    program = Program(index)
    sheets = load_sheets()
    techniques = with_use(program, facts, find_techniques(program, sheets))
    found = {finding.sheet_id for finding in techniques}
    pitfalls = (*find_pitfalls(program), *find_pipeline_pitfalls(program, facts, techniques))
    return Findings(
        sheets=tuple(sheet.card for sheet in sheets if sheet.card.id in found),
        techniques=techniques,
        claims=(*find_claims(index, facts, shapes), *check_commands(facts), *audit_comments(index, shapes)),
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


def _is_reached(name: str, reached: frozenset[str]) -> bool:
    """A function inside a reached function or class counts with it."""
    path, _, inner = name.rpartition(":")
    parts = inner.split(".")
    return any(f"{path}:{'.'.join(parts[:size])}" in reached for size in range(len(parts), 0, -1)) or name in reached
