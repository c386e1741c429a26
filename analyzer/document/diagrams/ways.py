"""The ways through the stages of a program: of the arms of a choice each way takes one, and an arrow joins what follows
upon what on some way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from analyzer.records.processes import Arm, Stage, exclude_each_other

MOST_WAYS = 512


@dataclass(frozen=True)
class Fork:
    """A choice before the stages of its arms; `at` is the place of the first of them, `outer` the arms around it."""

    choice: Arm
    at: int
    arms: int
    outer: tuple[Arm, ...]
    loops: tuple[str, ...]


def forks_of(stages: Sequence[Stage]) -> tuple[Fork, ...]:
    """Choices of which several arms hold stages, in the order of their first stages."""
    inside: dict[int, list[int]] = {}
    for at, stage in enumerate(stages):
        for arm in stage.arms:
            inside.setdefault(arm.choice, []).append(at)
    found = []
    for choice, places in inside.items():
        first = stages[places[0]]
        own = next(arm for arm in first.arms if arm.choice == choice)
        numbers = {arm.number for at in places for arm in stages[at].arms if arm.choice == choice}
        outer = first.arms[: first.arms.index(own)]
        if len(numbers) > 1:
            found.append(Fork(own, places[0], len(numbers), outer, first.loops[: own.depth]))
    return tuple(sorted(found, key=lambda fork: (fork.at, len(fork.outer))))


def followers(stages: Sequence[Stage]) -> list[tuple[int, int]]:
    """Pairs of stages of which the second follows the first on some way; neighbours where there are too many ways."""
    arms: dict[int, list[int]] = {}
    for arm in (arm for stage in stages for arm in stage.arms):
        known = arms.setdefault(arm.choice, [])
        known += [arm.number] if arm.number not in known else []
    if prod(len(numbers) for numbers in arms.values()) > MOST_WAYS:
        pairs = pairwise(range(len(stages)))
        return [(one, two) for one, two in pairs if not exclude_each_other(stages[one], stages[two])]
    found: dict[tuple[int, int], None] = {}
    for taken in product(*arms.values()):
        way = dict(zip(arms, taken, strict=True))
        on_it = [at for at, stage in enumerate(stages) if _is_on(stage, way)]
        found.update(dict.fromkeys(pairwise(on_it)))
    return sorted(found)


def _is_on(stage: Stage, way: Mapping[int, int]) -> bool:
    return all(way[arm.choice] == arm.number for arm in stage.arms)
