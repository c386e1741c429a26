"""Stages as a program's way meets them, each line once: in which loops again, in which arms of choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from analyzer.facts.flow.steps import Branch, Place
from analyzer.facts.flow.trace import Occurrence
from analyzer.index import SourceIndex
from analyzer.records.processes import Arm, Stage

Staged = tuple[Stage, Occurrence]
T = TypeVar("T")


class CollectedStages:
    """Further visits of a line add the loops that they happen in; what they do not share is no condition of it."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Staged] = {}
        self._conditions: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._branches: dict[Occurrence, tuple[Branch, ...]] = {}

    def add(self, key: tuple[object, ...], stage: Stage, occurrence: Occurrence) -> None:
        around = occurrence.around
        if key not in self._found:
            self._found[key] = stage, occurrence
            self._conditions[key], self._branches[occurrence] = around.conditions, around.branches
            return
        first, where = self._found[key]
        conditions = _shared(self._conditions[key], around.conditions)
        if conditions != self._conditions[key]:
            first = replace(first, condition=conditions[-1] if conditions else None)
        self._conditions[key] = conditions
        self._branches[where] = _shared(self._branches[where], around.branches)
        self._found[key] = _with_loops(first, stage), where

    def stages(self) -> list[Staged]:
        return list(self._found.values())

    def with_choices(self, stages: Sequence[Staged], index: SourceIndex) -> Iterator[Staged]:
        """Each stage with the arms that it stands in, of choices of which several arms hold stages."""
        taken: dict[Place, set[int]] = {}
        for branch in (branch for _, place in stages for branch in self._branches.get(place, ())):
            taken.setdefault(branch.choice, set()).add(branch.number)
        numbers = {choice: at for at, choice in enumerate((c for c, arms in taken.items() if len(arms) > 1), 1)}
        for stage, occurrence in stages:
            arms = tuple(
                Arm(
                    numbers[branch.choice],
                    branch.number,
                    branch.condition,
                    index.span(branch.choice.path, branch.choice.line, branch.choice.line),
                    branch.depth,
                )
                for branch in self._branches.get(occurrence, ())
                if branch.choice in numbers
            )
            yield (replace(stage, arms=arms) if arms else stage), occurrence


def _shared(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
    """The beginning that both have."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return tuple(first for first, _ in pairs)


def _with_loops(first: Stage, again: Stage) -> Stage:
    """The stage of the first visit with the innermost loop of another one, where that is a different way to it."""
    header = again.loops[-1] if again.loops else ""
    known = {*first.again, first.loops[-1] if first.loops else ""}
    if header in known:
        return first
    return replace(first, again=(*first.again, header))
