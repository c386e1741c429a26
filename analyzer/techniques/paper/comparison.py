"""Numbers of the paper against the values of the source: agree, differ, cannot be told; both places each.

A number differs only where the source has one value for the quantity and no preset or variant has the paper's; the
paper's number for a variant that the repository names is held against that variant alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from analyzer.records.bundles import Facts, Shapes
from analyzer.records.configuration import ConfigTable, ConfigValue, Preset
from analyzer.records.evidence import Known, Unknown
from analyzer.records.paper import Paper, PaperClaim, PaperNumber
from analyzer.records.source import Span
from analyzer.records.tensors import ParameterCounts
from analyzer.techniques.paper.quantities import BY_ID
from analyzer.techniques.paper.reading import PaperText

Candidate = tuple[str, object, Span]
"""Name, value and place of a value in the source."""
ROUNDING = 0.02
"""Counts of parameters are printed with few digits."""
MOST = 6


def compared(paper: PaperText, facts: Facts, shapes: Shapes) -> Paper:
    """The paper with every number held against the source."""
    return Paper(
        paper.name,
        paper.sha256,
        paper.pages,
        paper.title,
        paper.abstract,
        paper.problem,
        paper.contributions,
        paper.equations,
        tuple(_claim(number, facts, shapes) for number in paper.numbers),
        paper.has_tables,
    )


def _claim(number: PaperNumber, facts: Facts, shapes: Shapes) -> PaperClaim:
    if number.quantity == "parameters":
        return _judged(number, list(_totals(shapes)), alone=False)
    variants = [p for p in facts.configuration.presets if number.column and _same_name(p.name, number.column)]
    of_variant = [c for preset in variants for c in _of_preset(preset, number.quantity)]
    if of_variant:
        return _judged(number, of_variant, alone=True)
    own = list(_of_tables(facts.configuration.tables, number.quantity))
    other = [c for preset in facts.configuration.presets for c in _of_preset(preset, number.quantity)]
    return _judged(number, [*own, *other], alone=not number.column and not other)


def _judged(number: PaperNumber, candidates: Sequence[Candidate], *, alone: bool) -> PaperClaim:
    equal = [c for c in candidates if _equals(number, c[1])]
    if equal:
        return PaperClaim(number, "agree", _shown(equal))
    values = {repr(value) for _, value, _ in candidates}
    verdict = "differ" if alone and len(values) == 1 else "unknown"
    return PaperClaim(number, verdict, _shown(candidates))  # type: ignore[arg-type]


def _shown(candidates: Sequence[Candidate]) -> tuple[tuple[str, str, Span], ...]:
    unique = dict.fromkeys((name, repr(value), where) for name, value, where in candidates)
    return tuple(unique)[:MOST]


def _equals(number: PaperNumber, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if number.quantity == "parameters":
        return math.isclose(value, number.value, rel_tol=ROUNDING)
    return math.isclose(value, number.value, rel_tol=1e-6, abs_tol=1e-12)


def _totals(shapes: Shapes) -> Iterator[Candidate]:
    for model in (*shapes.models, *shapes.presets):
        if isinstance(model.parameters, Known) and isinstance(model.parameters.value, ParameterCounts):
            yield model.build_expression, model.parameters.value.total, model.build_where or model.where


def _of_tables(tables: Sequence[ConfigTable], quantity: str) -> Iterator[Candidate]:
    """Values under one of the quantity's names, with what finally counts where something overrides them."""
    names = BY_ID[quantity].names
    for table in tables:
        for value in table.values:
            known = _counting(value)
            if value.name.rpartition(".")[2].lower() in names and known is not None:
                yield value.name, known.value, known.where[0]


def _counting(value: ConfigValue) -> Known[object] | None:
    found: Known[object] | Unknown = value.effective or value.value
    return found if isinstance(found, Known) and isinstance(found.value, (int, float)) else None


def _of_preset(preset: Preset, quantity: str) -> Iterator[Candidate]:
    names = BY_ID[quantity].names
    for name, known in preset.values:
        if name.rpartition(".")[2].lower() in names and isinstance(known, Known):
            yield f"{preset.name}.{name}", known.value, known.where[0]


def _same_name(one: str, other: str) -> bool:
    """Letters and digits alone decide: `GPT-2 XL` is `gpt2-xl`."""
    plain = [re.sub(r"[^a-z0-9]", "", text.lower().rpartition("/")[2]) for text in (one, other)]
    return plain[0] == plain[1] and bool(plain[0])
