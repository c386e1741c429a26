"""Numbers that the repository's own documents state for named quantities, against the configuration.

A line counts only where it names the file that it speaks of, or speaks of the default: documents also tell of other
models and of runs with other options. A number differs only where the source has one value for the quantity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.paper.numbers import in_sentences
from analyzer.techniques.paper.quantities import BY_ID

FENCE = re.compile(r"^\s*(```|~~~)")
DEFAULT = re.compile(r"\bdefaults?\b|默认", re.IGNORECASE)
GENERAL_NAMES = frozenset({"dim", "depth", "width", "heads", "layers", "batch", "clip", "temp", "momentum"})
"""Names so general that a value under one may be another part's."""


def check_documents(index: SourceIndex, facts: Facts) -> tuple[Claim, ...]:
    """One claim per number of a sentence whose quantity the source configures."""
    values = list(_values(facts))
    found: list[Claim] = []
    for path, file in index.files.items():
        if file.kind == "markdown":
            for number, line in _prose(index, path):
                found += _in_line(line, index.span(path, number), values)
    return tuple(sorted(dict.fromkeys(found), key=lambda claim: (claim.where, claim.claimed)))


def _prose(index: SourceIndex, path: str) -> Iterator[tuple[int, str]]:
    """Lines outside code blocks and tables."""
    inside = False
    for number, line in enumerate(index.lines(path), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside and "|" not in line and not line.startswith(("    ", "\t")):
            yield number, line


def _in_line(line: str, where: Span, values: list[tuple[ConfigValue, float]]) -> Iterator[Claim]:
    named = {v.where.path for v, _ in values if re.search(rf"(?<![\\w/.-]){re.escape(v.where.path)}(?![\\w/])", line)}
    for stated in in_sentences([line]):
        names = BY_ID[stated.quantity].names
        own = [(v, n) for v, n in values if v.name.rpartition(".")[2].lower() in names and v.where != where]
        if len(named) == 1:
            own = [(v, n) for v, n in own if v.where.path in named]
        elif not DEFAULT.search(stated.quoted):
            continue
        equal = [v for v, n in own if math.isclose(n, stated.value, rel_tol=1e-9)]
        if equal:
            derived = f"{equal[0].name} = {stated.printed}"
            yield Claim(line.strip(), stated.printed, derived, "agree", where, (equal[0].where,), stated.quantity)
        elif len({n for _, n in own}) == 1 and (named or not _is_general(own[0][0])):
            derived = f"{own[0][0].name} = {own[0][1]:g}"
            yield Claim(line.strip(), stated.printed, derived, "differ", where, (own[0][0].where,), stated.quantity)


def _is_general(value: ConfigValue) -> bool:
    return value.name.rpartition(".")[2].lower() in GENERAL_NAMES


def _values(facts: Facts) -> Iterator[tuple[ConfigValue, float]]:
    """Numbers of every table and, as values of their own, of every preset."""
    tables: tuple[ConfigTable, ...] = facts.configuration.tables
    for table in tables:
        for value in table.values:
            known = value.effective or value.value
            if isinstance(known, Known) and _is_number(known.value):
                yield value, float(known.value)  # type: ignore[arg-type]
    for preset in facts.configuration.presets:
        for name, found in preset.values:
            if isinstance(found, Known) and _is_number(found.value):
                yield ConfigValue(name, "", found, found.where[0]), float(found.value)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
