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
        self._first_calls: dict[str, tuple[Branch, ...]] = {}
        self._moved: set[tuple[str, Branch]] = set()

    def pass_by(self, occurrence: Occurrence) -> None:
        """Told of every step on the way. A function that two arms call stands behind what both do before it: its steps
        come at its first call only.
        """
        for target in occurrence.step.targets:
            if target.body is not None and not target.note:
                name, here = target.body.scope.key, occurrence.around.branches
                arm = _other_arm(self._first_calls.setdefault(name, here), here)
                if arm is not None and (name, arm) not in self._moved:
                    self._moved.add((name, arm))
                    self._move_before(name, arm)

    def _move_before(self, function: str, arm: Branch) -> None:
        """The stages of the arm so far go before those of the function that another arm called already."""
        order = list(self._found)
        inside = [at for at, key in enumerate(order) if self._is_below(key, function)]
        if not inside or any(arm.choice == one.choice for at in inside for one in self._arms(order[at])):
            return
        late = [key for key in order[inside[-1] :] if arm in self._arms(key)]
        rest = [key for key in order if key not in late]
        rest[inside[0] : inside[0]] = late
        self._found = {key: self._found[key] for key in rest}

    def _is_below(self, key: tuple[object, ...], function: str) -> bool:
        stack = self._found[key][1].stack
        return any(target.body is not None and target.body.scope.key == function for _, target in stack)

    def _arms(self, key: tuple[object, ...]) -> tuple[Branch, ...]:
        return self._branches.get(self._found[key][1], ())

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


def _other_arm(first: tuple[Branch, ...], later: tuple[Branch, ...]) -> Branch | None:
    """The arm of the later place that excludes the first."""
    taken = {branch.choice: branch.number for branch in first}
    return next((branch for branch in later if taken.get(branch.choice, branch.number) != branch.number), None)


def _with_loops(first: Stage, again: Stage) -> Stage:
    """The stage of the first visit with the innermost loop of another one, where that is a different way to it."""
    header = again.loops[-1] if again.loops else ""
    known = {*first.again, first.loops[-1] if first.loops else ""}
    if header in known:
        return first
    return replace(first, again=(*first.again, header))
