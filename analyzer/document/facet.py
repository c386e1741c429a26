"""One row of the fact sheet."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.records.document import Line
from analyzer.records.source import Span


@dataclass(frozen=True)
class Facet:
    """`key` names its label in the wording."""

    key: str
    value: Line
    where: tuple[Span, ...] = ()
