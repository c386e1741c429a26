"""What was recognised in facts and shapes together: techniques, claims, pitfalls, mode differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.evidence import Arguments, Evidence, Known, Unknown
from analyzer.records.source import Span


@dataclass(frozen=True)
class Text:
    """One sentence or paragraph in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Symbol:
    """A symbol of a sheet's formula with its meaning; `hole` names the binding that fills it."""

    symbol: str
    hole: str
    meaning: Text


@dataclass(frozen=True)
class Citation:
    """A published source: authors and title as printed there, with an arXiv id or DOI."""

    label: str
    title: str
    year: int
    identifier: str
    """`arXiv:1706.03762` or `doi:…`."""
    place: str = ""


@dataclass(frozen=True)
class TechniqueSheet:
    """A technique as the sheets under `report_templates/techniques/` describe it."""

    id: str
    name: Text
    category: str
    """attention, position, norm, activation, convolution, structure, loss, training, decoding, system …"""
    formula: str
    symbols: tuple[Symbol, ...]
    motivation: Text
    """Why this and not the alternative; `{name}` places are filled from the finding's bindings."""
    sources: tuple[Citation, ...]
    diagram: str | None = None


@dataclass(frozen=True)
class Binding:
    """A symbol of the formula bound to the code's own name at its line, with its value where known."""

    hole: str
    code: str
    where: Span
    value: Known[object] | Unknown | None = None


@dataclass(frozen=True)
class TechniqueFinding:
    """A technique in the code. `form` names the variant of the recogniser that matched."""

    sheet_id: str
    where: tuple[Span, ...]
    form: str
    bindings: tuple[Binding, ...] = ()
    models: tuple[str, ...] = ()
    """Qualified names of the classes or functions that contain it."""
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[tuple[str, Arguments], ...] = ()
    """Ways in which this code differs from the textbook form, by wording id."""
    in_use: bool = True
    """False where it is defined but the main model or pipelines never reach it."""
    formula: str | None = None
    """Formula of the form found, where it differs from the sheet's."""


@dataclass(frozen=True)
class Claim:
    """A statement of a document or comment against what the source says."""

    text: str
    claimed: str
    derived: str
    verdict: Literal["agree", "differ", "unknown"]
    where: Span
    derived_where: tuple[Span, ...] = ()
    subject: str = ""
    reason: str = ""
    """Why it cannot be told, by wording id; empty where it could."""


@dataclass(frozen=True)
class Pitfall:
    """A finding a careful reviewer would mark; `rule` names its sentence in the wording files."""

    rule: str
    where: tuple[Span, ...]
    arguments: Arguments = ()


@dataclass(frozen=True)
class Unspecified:
    """A parameter that the source leaves to a library, with the library's actual default."""

    parameter: str
    where: Span
    library_default: str
    citation: str


@dataclass(frozen=True)
class ModeDifference:
    """One row of the table training against inference; sides are source quotations or wording ids."""

    aspect: str
    """Wording id of the row: goal, gradient, batch, augmentation, mode, modules, resources, flow, input, output …"""
    training: tuple[Span, ...]
    inference: tuple[Span, ...]
    training_text: str
    inference_text: str


@dataclass(frozen=True)
class LineDifference:
    """A line of `forward` that runs, or whose shapes differ, in only one of two traces."""

    where: Span
    code: str
    training: str | None
    """Shapes in training; None where the line does not run."""
    inference: str | None
