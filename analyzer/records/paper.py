"""A paper beside the repository: what its pages say, and how its numbers stand to those of the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.source import Span


@dataclass(frozen=True)
class Passage:
    """Words of the paper as they stand on a page, counted from 1."""

    text: str
    page: int


@dataclass(frozen=True)
class PaperEquation:
    """A numbered equation, as the text of its page gives it: without its layout."""

    number: str
    text: str
    page: int


@dataclass(frozen=True)
class PaperNumber:
    """A number that the paper states for a quantity: in a sentence, or in a cell of a table."""

    quantity: str
    """Id of the quantity: its sentence stands in the wording."""
    value: float
    printed: str
    page: int
    quoted: str
    """The sentence or the row."""
    column: str = ""
    """Heading of the cell's column or row that names a variant of the model."""


@dataclass(frozen=True)
class PaperClaim:
    """A number of the paper against the values of the source that bear one of the quantity's names."""

    number: PaperNumber
    verdict: Literal["agree", "differ", "unknown"]
    candidates: tuple[tuple[str, str, Span], ...] = ()
    """Name, value and place in the source: the equal ones where it agrees, else all."""


@dataclass(frozen=True)
class Paper:
    name: str
    """Name of the file, without its directory."""
    sha256: str
    pages: int
    title: str = ""
    abstract: tuple[Passage, ...] = ()
    problem: tuple[Passage, ...] = ()
    """Sentences that say what is missing so far."""
    contributions: tuple[Passage, ...] = ()
    equations: tuple[PaperEquation, ...] = ()
    claims: tuple[PaperClaim, ...] = ()
    has_tables: bool = True
    """False where tables were not looked for, because the library for them is not installed."""
