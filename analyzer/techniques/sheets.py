"""Technique sheets: one TOML file per technique with its names, formula, motivation, citations, recognition and
examples. Reads them; what a recognition means is decided in `recognise`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from analyzer.records.techniques import Citation, Symbol, TechniqueSheet, Text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Recognition:
    """One way to recognise a technique.

    `form` is `call` (qualified names), `pattern` (source with holes) or `predicate` (a function by name).
    `arguments` maps holes to parameters of a call, `unless` holes to patterns that they must not have, `notes` says
    how this form differs from the textbook's.
    """

    form: str
    id: str
    names: tuple[str, ...] = ()
    source: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    unless: tuple[tuple[str, tuple[str, ...]], ...] = ()
    notes: tuple[str, ...] = ()
    formula: str | None = None


@dataclass(frozen=True)
class Sheet:
    """A sheet with what recognises the technique and the examples that test it."""

    card: TechniqueSheet
    recognitions: tuple[Recognition, ...]
    positive: tuple[str, ...] = field(default=(), repr=False)
    negative: tuple[str, ...] = field(default=(), repr=False)
    stage: str = "model"
    """`model` where the technique counts through the classes that hold it, `process` for pipelines."""


@cache
def load_sheets() -> tuple[Sheet, ...]:
    """All sheets by id."""
    folder = files("report_templates") / "techniques"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(parse_sheet(name.removesuffix(".toml"), (folder / name).read_text("utf-8")) for name in names)


def parse_sheet(identifier: str, text: str) -> Sheet:
    """A sheet from its TOML text; a missing translation or unknown key is an error."""
    raw = tomllib.loads(text)
    unknown = set(raw) - _KEYS
    if unknown:
        raise ValueError(f"{identifier}: unknown keys {sorted(unknown)}")
    card = TechniqueSheet(
        identifier,
        _text(raw["name"]),
        raw["category"],
        raw.get("formula", "").strip(),
        tuple(Symbol(s["symbol"], s.get("hole", ""), _text(s)) for s in raw.get("symbols", ())),
        _text(raw["motivation"]),
        tuple(_citation(source) for source in raw.get("sources", ())),
        raw.get("diagram"),
    )
    recognitions = tuple(_recognition(entry) for entry in raw["recognition"])
    return Sheet(card, recognitions, tuple(raw["positive"]), tuple(raw["negative"]), raw.get("stage", "model"))


_KEYS = {
    "name", "category", "formula", "symbols", "motivation", "sources", "diagram", "recognition", "positive", "negative",
    "stage",
}  # fmt: skip


def _text(entry: dict[str, Any]) -> Text:
    return Text(entry["en"].strip(), entry["zh"].strip())


def _citation(entry: dict[str, Any]) -> Citation:
    return Citation(entry["label"], entry["title"], entry["year"], entry["identifier"], entry.get("place", ""))


def _recognition(entry: dict[str, Any]) -> Recognition:
    return Recognition(
        entry["form"],
        entry["id"],
        tuple(entry.get("names", ())),
        entry.get("source", ""),
        tuple(entry.get("arguments", {}).items()),
        tuple((hole, tuple(sources)) for hole, sources in entry.get("unless", {}).items()),
        tuple(entry.get("notes", ())),
        entry.get("formula"),
    )
