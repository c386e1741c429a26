"""The ways through the stages of a program: of the arms of a choice each way takes one, and an arrow joins what follows
upon what on some way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod

from analyzer.records.processes import Arm, Stage, exclude_each_other

MOST_WAYS = 512
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Choices = Mapping[int, tuple[int, ...]]
"""Numbers of the arms by choice, also of those whose stages are not drawn."""


@dataclass(frozen=True)
class Fork:
    """A choice before the stages of its arms; `at` is the place of the first of them, `outer` the arms around it."""

    choice: Arm
    at: int
    arms: int
    outer: tuple[Arm, ...]
    loops: tuple[str, ...]


def choice_name(choice: int) -> str:
    return LETTERS[choice - 1] if choice <= len(LETTERS) else f"Z{choice - 1}."


def arm_name(arm: Arm) -> str:
    """A letter for the choice and a number for the arm."""
    return f"{choice_name(arm.choice)}{arm.number}"


def choices_of(stages: Sequence[Stage]) -> dict[int, tuple[int, ...]]:
    """Every choice around the stages with the numbers of its arms."""
    found: dict[int, dict[int, None]] = {}
    for arm in (arm for stage in stages for arm in stage.arms):
        found.setdefault(arm.choice, {}).setdefault(arm.number)
    return {choice: tuple(numbers) for choice, numbers in found.items()}


def forks_of(stages: Sequence[Stage], choices: Choices) -> tuple[Fork, ...]:
    """The choices of which something is drawn, in the order of their first stages."""
    found: dict[int, Fork] = {}
    for at, stage in enumerate(stages):
        for place, arm in enumerate(stage.arms):
            arms = len(choices[arm.choice])
            if arm.choice not in found and arms > 1:
                found[arm.choice] = Fork(arm, at, arms, stage.arms[:place], stage.loops[: arm.depth])
    return tuple(sorted(found.values(), key=lambda fork: (fork.at, len(fork.outer))))


def within_arms(stages: Sequence[Stage]) -> list[Stage]:
    """What several callers share stands where its first caller is: between two stages of one arm it is on that way."""
    found = list(stages)
    for at, stage in enumerate(stages[1:-1], 1):
        before, behind = found[at - 1].arms, next((one.arms for one in stages[at + 1 :] if one.arms), ())
        shared = tuple(arm for arm in before if arm in behind)
        if not stage.arms and shared:
            found[at] = replace(stage, arms=shared)
    return found


def followers(stages: Sequence[Stage], choices: Choices) -> list[tuple[int, int]]:
    """Pairs of stages of which the second follows the first on some way; neighbours where there are too many ways."""
    if prod(len(numbers) for numbers in choices.values()) > MOST_WAYS:
        pairs = pairwise(range(len(stages)))
        return [(one, two) for one, two in pairs if not exclude_each_other(stages[one], stages[two])]
    found: dict[tuple[int, int], None] = {}
    for taken in product(*choices.values()):
        way = dict(zip(choices, taken, strict=True))
        on_it = [at for at, stage in enumerate(stages) if all(way[arm.choice] == arm.number for arm in stage.arms)]
        found.update(dict.fromkeys(pairwise(on_it)))
    return sorted(found)
