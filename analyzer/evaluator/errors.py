"""How an evaluation stops: a refusal with its reason, an exhausted budget, or an exception of the target.

Refusals derive from BaseException, so that neither the target's `except Exception` nor torch's own
can swallow them. An ordinary exception that the target raises travels as itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Lines of a source file of the target (or of a stand-in)."""

    path: str
    first_line: int
    last_line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.first_line}"


@dataclass(frozen=True)
class Cause:
    """Why a value is not known: a reason id, its arguments, and the line where knowledge ended."""

    reason: str
    arguments: tuple[str, ...] = ()
    place: Place | None = None
    origin: Cause | None = None
    """What made it unknown, where that is another thing: the package of a part of a model."""

    def at(self, place: Place | None) -> Cause:
        """The same cause, located, unless it is located already."""
        return self if self.place or place is None else Cause(self.reason, self.arguments, place)

    def __str__(self) -> str:
        detail = f": {', '.join(self.arguments)}" if self.arguments else ""
        where = f" ({self.place})" if self.place else ""
        return f"{self.reason}{detail}{where}"


class CannotEvaluate(BaseException):
    """The evaluator refuses; the statement that asked binds unknown values instead."""

    def __init__(self, reason: str, *arguments: object, place: Place | None = None) -> None:
        self.cause = Cause(reason, tuple(str(argument) for argument in arguments), place)
        super().__init__(self.cause)

    @classmethod
    def because(cls, cause: Cause) -> CannotEvaluate:
        """A refusal that passes on an earlier cause."""
        return cls(cause.reason, *cause.arguments, place=cause.place)

    def locate(self, place: Place) -> None:
        self.cause = self.cause.at(place)

    @property
    def reason(self) -> str:
        return self.cause.reason

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.cause.arguments

    @property
    def place(self) -> Place | None:
        return self.cause.place

    def __str__(self) -> str:
        return str(self.cause)


class BudgetExhausted(CannotEvaluate):
    """A refusal that no statement may recover from: steps, depth, size or time are used up."""


class Unmodelled(CannotEvaluate):
    """A stand-in knows this by name only: its function ends there, whatever statement it stands in."""


class TargetRaised(Exception):
    """The target's own code raised and did not handle it; `error` is its exception."""

    def __init__(self, error: Exception, place: Place | None) -> None:
        self.error = error
        self.place = place
        super().__init__(f"{type(error).__name__}: {error}" + (f" ({place})" if place else ""))
