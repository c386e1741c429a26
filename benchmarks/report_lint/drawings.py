"""Drawings: Mermaid that the real parser reads, at most twenty-five boxes, no box or label upon another."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.report_lint.finding import Finding, WrittenReport

MOST_BOXES = 25
CHECKER = Path(__file__).parent.parent.parent / "tests" / "mermaid"
MERMAID = re.compile(r"^```mermaid\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def drawing_findings(report: WrittenReport) -> Iterator[Finding]:
    yield from _mermaid(report)
    sheet = report.directory / "diagrams.json"
    for diagram in json.loads(sheet.read_text("utf-8"))["diagrams"] if sheet.is_file() else ():
        yield from _drawn(report, diagram)


def _mermaid(report: WrittenReport) -> Iterator[Finding]:
    found = [(name, match) for name, file in report.texts.items() for match in MERMAID.finditer(file.text)]
    for (name, match), complaint in zip(found, complaints([match[1] for _, match in found]), strict=True):
        if complaint:
            line = report.texts[name].text.count("\n", 0, match.start()) + 1
            yield Finding("mermaid", name, line, complaint.split("\n")[0])


def complaints(texts: Sequence[str]) -> list[str | None]:
    """What Mermaid's own parser says to each text; nothing is said where it is not installed."""
    if not texts or not (CHECKER / "node_modules" / "mermaid").is_dir():
        return [None] * len(texts)
    done = subprocess.run(
        ["node", "check.mjs"], cwd=CHECKER, input=json.dumps(list(texts)), capture_output=True, text=True,
        timeout=600, check=True,
    )  # fmt: skip
    return list(json.loads(done.stdout))


def _drawn(report: WrittenReport, diagram: Mapping[str, Any]) -> Iterator[Finding]:
    name = str(diagram["id"])
    boxes = diagram.get("boxes", ())
    for suffix in ("svg", "jpg"):
        if not (report.directory / "figures" / f"{name}.{suffix}").is_file():
            yield Finding("figure_missing", "diagrams.json", 0, f"{name}.{suffix}")
    if len(boxes) > MOST_BOXES:
        yield Finding("too_many_boxes", "diagrams.json", 0, f"{name}: {len(boxes)}")
    for one, other in combinations(boxes, 2):
        if overlap(one, other):
            yield Finding("boxes_overlap", "diagrams.json", 0, f"{name}: {one['label']!r} and {other['label']!r}")


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two boxes given by their upper left corner, width and height share more than an edge."""
    if not all(key in item for item in (one, other) for key in ("x", "y", "width", "height")):
        return False
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )
