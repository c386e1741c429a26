"""Configurations at which closed formulas are checked: other sizes, other numbers of blocks, the longest input."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from analyzer.evaluator.probes import ProbeRules, Relations, draw_probes

OTHER_COUNTS = ((3, 2), (2, 4), (5, 3))
CAREFUL_TWOS = 4
MOST_USUAL = 4
"""Probes with values near those of the base."""
MOST_LENGTH = 4096
Values = dict[str, int]


@dataclass(frozen=True)
class HoldoutRules:
    """What must hold of further values: `limits` tells which name bounds a size of the input."""

    base: Mapping[str, int]
    probes: Sequence[Mapping[str, int]]
    relations: Relations
    limits: Mapping[str, str]


def draw_holdouts(rules: HoldoutRules, repeated: Collection[str]) -> Iterator[Values]:
    """Values of all names, the most different ones first; names of numbers of blocks change where given."""
    drawn = _drawn(rules)
    for turn, values in enumerate(drawn):
        yield {**values, **_counts(rules.base, repeated, turn)}
    for turn, probe in enumerate(rules.probes):
        if repeated:
            yield {**probe, **_counts(rules.base, repeated, turn)}
        else:
            yield _other_inputs(probe, rules.relations, turn)


def draw_longest(rules: HoldoutRules, repeated: Collection[str]) -> Iterator[Values]:
    """Values at which the input is as long as the source allows."""
    for start in (*_drawn(rules)[:1], *rules.probes[:1]):
        longest = {size: start[name] for size, name in rules.limits.items() if start[name] <= MOST_LENGTH}
        if longest:
            yield {**start, **_counts(rules.base, repeated, 0), **longest}


def _drawn(rules: HoldoutRules) -> tuple[Values, ...]:
    """Fresh values, and values that no run had together: each group of names from another probe."""
    base, probes = rules.base, rules.probes
    varied = {name for name in base if any(probe.get(name) != base[name] for probe in probes)}
    tied = _tied(base, probes, varied)
    fresh = draw_probes(base, rules.relations, ProbeRules(frozenset(base) - varied, tied, CAREFUL_TWOS), 2)
    usual = probes[:MOST_USUAL]
    mixed = [_mixed(rules, usual, tied, turn) for turn in range(len(usual))]
    return tuple(values for pair in zip_longest(fresh, mixed) for values in pair if values is not None)


def _mixed(rules: HoldoutRules, probes: Sequence[Mapping[str, int]], tied: Mapping[str, str], turn: int) -> Values:
    """Names that may be bound to each other (divisors and what they divide, equal ones) come from one probe, every
    other name from one of its own.
    """
    bound = rules.relations.divisors | tied.keys() | frozenset(tied.values())
    bound |= {n for n in rules.base for d in rules.relations.divisors if n != d and _divides(d, n, probes)}
    found: Values = {}
    for number, name in enumerate(rules.base):
        found[name] = probes[(turn + (1 + number if name not in bound else 0)) % len(probes)][name]
    return found


def _divides(divisor: str, name: str, probes: Sequence[Mapping[str, int]]) -> bool:
    return all(probe[name] % probe[divisor] == 0 for probe in probes)


def _counts(base: Mapping[str, int], repeated: Collection[str], turn: int) -> Values:
    choices = OTHER_COUNTS[turn % len(OTHER_COUNTS)]
    return {name: next(value for value in choices if value != base[name]) for name in sorted(repeated)}


def _other_inputs(probe: Mapping[str, int], relations: Relations, turn: int) -> Values:
    """The sizes of inputs alone, each a little larger."""
    return {name: value + 1 + turn if name in relations.loose else value for name, value in probe.items()}


def _tied(base: Mapping[str, int], probes: Sequence[Mapping[str, int]], varied: Collection[str]) -> dict[str, str]:
    """Names that were equal at the base and at every probe."""
    found: dict[str, str] = {}
    names = sorted(varied)
    for number, name in enumerate(names):
        for other in names[:number]:
            if other not in found and all(run.get(name) == run.get(other) for run in (base, *probes)):
                found[name] = other
                break
    return found
