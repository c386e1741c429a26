"""What is known, what is not, and why.

A fact is `Known` with its place and the way it was found, or `Unknown` with its reason; there is no third
state. Reasons are identifiers: their sentences, in both languages, stand in `report_templates/wording/reasons.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from analyzer.records.source import Span

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

How = Literal["read", "evaluated", "traced", "counted"]
Arguments = tuple[tuple[str, str], ...]
"""Named values that a sentence in the wording files is filled with."""


@dataclass(frozen=True)
class Known(Generic[T_co]):
    """A fact: `read` off the source, `evaluated` by the evaluator, `traced` by running our own reference
    model, or `counted` over other facts.
    """

    value: T_co
    where: tuple[Span, ...]
    how: How


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be derived; `cause` is the earlier gap that this one rests on."""

    reason: str
    arguments: Arguments = ()
    where: Span | None = None
    cause: Unknown | None = None

    def root(self) -> Unknown:
        """The first gap of the chain of causes."""
        return self if self.cause is None else self.cause.root()


@dataclass(frozen=True)
class Evidence:
    """Lines that decided something, with the identifier of the rule that they satisfied."""

    where: Span
    rule: str
    arguments: Arguments = ()


@dataclass(frozen=True)
class Gap:
    """Something the report does not say; `where` is a path or a span as text, `unlocks` the number of rows
    of the shape tables, lines and module calls, that are unknown because of it first.
    """

    where: str
    reason: str
    arguments: Arguments = ()
    unlocks: int = 0


@dataclass(frozen=True)
class Assumption:
    """Something taken as given: a stand-in for a missing package, an unknown decorator read as identity,
    a skipped statement, a value taken from a hint. `rows` counts the shape rows that rest on it.
    """

    kind: str
    text: str
    where: Span | None
    rows: int = 0


@dataclass(frozen=True)
class Condition:
    """A branch of the target's code that symbolic sizes decided: `T <= block_size` at its line."""

    text: str
    where: Span
    decided: bool
