"""Finding other values at which the model still builds and runs, so that its sizes can be named.

A probe that the source rejects is repaired (quotients keep their powers of two, names that reject every change
keep their value, equal names change together); what cannot be repaired is left out. Then the names are challenged:
with odd values where the probes were even, with small and large values that turn the order of the names round. What
the source accepts of these has to agree with every name too.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.evaluator.handing import divided_names, find_all_relations
from analyzer.evaluator.probes import ProbeRules, Relations, Span, draw_probes, find_bounds
from analyzer.shapes.runs import BuiltModel, ModelSource, RawTrace

Values = Mapping[str, int]
RULES = (ProbeRules(twos=1), ProbeRules(twos=2), ProbeRules(twos=32))
FAR: tuple[Span, ...] = ("small", "large")
STEPS = (1, 2, 4, 8)
"""Powers of two that a small or large value is tried with."""
PARTING = (3, 5, 7, 11, 13)
"""Of these the one that leaves most is taken where a divisor shall divide no longer."""
LEAST_ATTEMPTS, LEAST_CHALLENGES = 20, 4
MODULES_PROBED = 6000
MODULES_CHALLENGED = 2400
MAXIMUM_SINGLE_NAMES = 32
IMAGE_DIMS = ("H", "W")


@dataclass
class Probe:
    """A model at other values. `values` are those that its constructors really got, and those of its inputs;
    `trace` is its call in the first mode.
    """

    built: BuiltModel
    values: dict[str, int]
    trace: RawTrace


@dataclass
class Prober:
    """Draws probes for one model; `runs` says whether a built model accepts the values of its inputs."""

    source: ModelSource
    base: BuiltModel
    sizes: Values
    trees: Sequence[ast.AST]
    runs: Callable[[BuiltModel, Values], RawTrace]
    wanted: int = 4
    attempts: int = 60
    """How many builds may be tried; a number and no time, so that the result is the same on every machine."""

    def __post_init__(self) -> None:
        self.names = {**self.base.names, **self.sizes}
        loose = frozenset(name for name in self.sizes if name not in self.base.names and name not in IMAGE_DIMS)
        self.relations: Relations = replace(find_all_relations(self.trees, self.names), loose=loose)
        self.bounds = find_bounds(self.trees)
        self.paths = [path for path, _ in self.base.model.named_modules()]
        self.attempts = min(self.attempts, max(LEAST_ATTEMPTS, MODULES_PROBED // len(self.paths)))
        self.challenges = min(self.attempts, max(LEAST_CHALLENGES, MODULES_CHALLENGED // len(self.paths)))
        """How many calls challenges may cost beside; fewer for large models."""
        self.rejected: set[tuple[int, ...]] = set()

    def probes(self) -> tuple[Probe, ...]:
        """Up to `wanted` probes that the source accepts, and those of the challenges that it accepts."""
        if not self.names:
            return ()
        for rules in self._alternatives():
            found = self._drawn(rules)
            if found:
                return self._challenged(rules, found)
        return ()

    def _alternatives(self) -> Iterator[ProbeRules]:
        """Rules for probes, those that leave most free first."""
        yield from RULES[:2]
        by_chance = self._multiples_by_chance()
        yield from (replace(rules, loose=by_chance) for rules in RULES[:2] if by_chance)
        repaired = self._repaired()
        yield repaired
        self.attempts = max(self.attempts, self.challenges)
        yield self._compatible(repaired)
        self.attempts = max(self.attempts, 2 * self.wanted)
        yield replace(repaired, pinned=repaired.pinned | (frozenset(IMAGE_DIMS) & self.names.keys()))
        yield replace(repaired, pinned=repaired.pinned | (self.names.keys() - self.relations.loose), tied={})

    def _multiples_by_chance(self) -> frozenset[str]:
        """Names that are multiples of a divisor, but that the code divides by no name."""
        multiples = {name for divisor in self.relations.divisors for name in self._multiples_of(divisor)}
        return frozenset(multiples) - divided_names(self.trees, multiples)

    def _compatible(self, rules: ProbeRules) -> ProbeRules:
        """The rules with those names held that do not change together with the others, found by halving."""
        kept: list[str] = []
        groups = [self._free(rules)]
        while groups and self.attempts > self.wanted:
            group = groups.pop(0)
            if self._try(self._only([*kept, *group], rules)) is not None:
                kept += group
            elif len(group) > 1:
                groups[:0] = [group[: len(group) // 2], group[len(group) // 2 :]]
        return replace(rules, pinned=rules.pinned | (self.names.keys() - self._moving(kept, rules)))

    def _free(self, rules: ProbeRules) -> list[str]:
        return [name for name in self._changeable() if name not in rules.pinned and name not in rules.tied]

    def _moving(self, names: Sequence[str], rules: ProbeRules) -> set[str]:
        """These names and those that must follow them."""
        moving = set(names).union(*(self._multiples_of(name) for name in names))
        return moving | {name for name, other in rules.tied.items() if other in moving}

    def _only(self, names: Sequence[str], rules: ProbeRules) -> dict[str, int]:
        """Values that change these names alone."""
        moving = self._moving(names, rules)
        return self._one(replace(rules, pinned=rules.pinned | (self.names.keys() - moving)))

    def _challenged(self, rules: ProbeRules, found: Sequence[Probe]) -> tuple[Probe, ...]:
        """The probes by `rules`, and those that show what they leave open."""
        self.attempts = self.challenges
        probes = list(found)
        free = self._free(rules)
        even = [name for name in free if rules.twos_of.get(name, rules.twos) > 1]
        probes += self._accepted(even, replace(rules, twos=1, twos_of={}))
        multiples = [name for name in free if self._divisors_of(name)]
        loose = replace(rules, loose=frozenset(multiples))
        odd = tuple(self._accepted(multiples, replace(loose, twos=1, twos_of={})))
        probes += odd or self._accepted(multiples, loose)
        for span in FAR:
            probes += self._accepted(free, replace(rules, span=span))
        self._part_divisors(free, probes)
        inputs = [name for name in free if name in self.relations.loose]
        for name in dict.fromkeys([*inputs, *even]):
            probes += self._moved(name, replace(rules, span="least"))
        for name in free:
            for span in FAR:
                if self._keeps_order(name, span, probes):
                    moved = list(self._moved(name, replace(rules, span=span)))
                    probes += moved
                    if not moved:
                        self._pass_others(name, span, probes)
        return tuple(probes)

    def _part_divisors(self, free: Sequence[str], probes: list[Probe]) -> None:
        """Where a name was always a multiple of its divisor: one of the two alone, so that it is none."""
        divisors = (name for name in free if name in self.relations.divisors)
        for divisor, name in ((d, n) for d in divisors for n in sorted(self._multiples_of(d))):
            runs = [self.names, *(probe.values for probe in probes)]
            if name in self.relations.counts or any(run[name] % run[divisor] for run in runs):
                continue
            tried = (self._try(values) for values in self._parted(divisor, name))
            probes += itertools.islice((probe for probe in tried if probe is not None), 1)

    def _parted(self, divisor: str, name: str) -> Iterator[dict[str, int]]:
        """Values of one name alone, odd ones first, at which the divisor divides no longer."""
        size, part = self.names[name], self.names[divisor]
        prime = max(PARTING, key=lambda prime: size % prime)  # what is left must not be lost in a rounding
        yield from ({**self.names, divisor: prime * twos} for twos in STEPS[:2])
        for twos in STEPS:
            other = (size // twos - 1) * twos
            if other > 0 and other % part:
                yield {**self.names, name: other}

    def _keeps_order(self, name: str, span: Span, probes: Sequence[Probe]) -> bool:
        """Whether there is another name, or a bound of the source, above (or below) which it never was."""
        bound = self._divisors_of(name) if span == "small" else self._multiples_of(name)
        runs = [self.names, *(probe.values for probe in probes)]
        if span == "large" and self.bounds and all(run[name] <= self.bounds[-1] for run in runs):
            return True
        sign = 1 if span == "small" else -1
        others = (other for other in self.names if other != name and other not in bound)
        return any(all(sign * run[name] >= sign * run[other] for run in runs) for other in others)

    def _pass_others(self, name: str, span: Span, probes: list[Probe]) -> None:
        """Where no far value is accepted: one just beyond each other name that it was always above (or below)."""
        sign = 1 if span == "small" else -1
        step = math.lcm(*(self.names[divisor] for divisor in self._divisors_of(name)))
        others = {other: self.names[other] for other in self.names if other not in self.relations.counts}
        for other, size in sorted(others.items(), key=lambda item: (-sign * item[1], item[0])):
            runs = [self.names, *(probe.values for probe in probes)]
            if other == name or any(sign * run[name] < sign * run[other] for run in runs):
                continue
            past = (size - 1) // step * step if span == "small" else (size // step + 1) * step
            probe = self._try({**self.names, name: past}) if past > 0 else None
            if probe is not None:
                probes.append(probe)

    def _moved(self, name: str, rules: ProbeRules) -> Iterator[Probe]:
        """The first accepted of the smallest (or some large) values of one name."""
        step = rules.twos_of.get(name, rules.twos)
        rules = replace(rules, beyond=max([*self.names.values(), *self.bounds]))
        for twos in (step,) if step in STEPS else (*STEPS, step):
            probes = list(self._accepted([name], replace(rules, twos_of={**rules.twos_of, name: twos})))
            if probes:
                yield from probes
                return

    def _accepted(self, names: Sequence[str], rules: ProbeRules) -> Iterator[Probe]:
        """One probe where these names change alone; where the source rejects it, one for each half of them."""
        if not names:
            return
        probe = self._try(self._only(names, rules))
        if probe is not None:
            yield probe
        elif len(names) > 1:
            half = len(names) // 2
            yield from self._accepted(names[:half], rules)
            yield from self._accepted(names[half:], rules)

    def _drawn(self, rules: ProbeRules) -> tuple[Probe, ...]:
        """Probes by these rules; none where the first is rejected."""
        found: list[Probe] = []
        for values in draw_probes(self.names, self.relations, rules, self.wanted + 1):
            probe = self._try(values)
            if probe is not None:
                found.append(probe)
            elif not found:
                return ()
            if len(found) == self.wanted:
                break
        return tuple(found)

    def _try(self, values: Values) -> Probe | None:
        given = tuple(values[name] for name in self.names)
        if self.attempts < 1 or given in self.rejected:
            return None
        self.attempts -= 1
        self.rejected.add(given)
        try:
            built = self._built(values)
        except (CannotEvaluate, TargetRaised):
            return None
        actual = {name: built.names.get(name, value) for name, value in values.items()}
        same = [path for path, _ in built.model.named_modules()] == self.paths
        if not same:
            return None
        trace = self.runs(built, actual)
        if trace.stopped is not None:
            return None
        self.rejected.discard(given)
        return Probe(built, actual, trace)

    def _built(self, values: Values) -> BuiltModel:
        """The model at these values; the base itself where only inputs differ."""
        given = {name: value for name, value in values.items() if name in self.base.names}
        return self.base if given == dict(self.base.names) else self.source.build(self.base.names, given)

    def _repaired(self) -> ProbeRules:
        """How free each name is when it changes alone: freely, by its powers of two, with an equal name, not at all."""
        fixed: set[str] = set()
        tied: dict[str, str] = {}
        twos: dict[str, int] = {}
        for name in list(self._changeable())[:MAXIMUM_SINGLE_NAMES]:
            if self.attempts <= self.wanted:  # the rest is kept for the probes themselves
                break
            step = self._step_of(name)
            if step is not None:
                twos[name] = step
                continue
            equals = self._equals(name)
            if equals and self._accepts_alone(name):
                twos[name] = RULES[-1].twos
                continue
            partner = next((other for other in equals if self._accepts_tie(name, other)), None)
            if partner is None:
                fixed.add(name)
            elif name not in tied.values():
                tied[name] = partner
        partners = set(tied.values())
        unseen = frozenset(self.names) - fixed - twos.keys() - tied.keys() - partners
        return ProbeRules(frozenset(fixed - partners) | unseen, tied, RULES[-1].twos, twos)

    def _step_of(self, name: str) -> int | None:
        """The smallest power of two by which the name may change alone; None where it rejects every change.

        A name that may not change by the largest is not tried with smaller ones.
        """
        others = frozenset(self.names) - {name} - self._multiples_of(name)
        free, even, careful = (self._one(replace(rules, pinned=others)) for rules in RULES)
        if self._try(free) is not None:
            return RULES[0].twos
        if careful == free or self._try(careful) is None:
            return None
        return RULES[1].twos if even != careful and self._try(even) is not None else RULES[2].twos

    def _accepts_alone(self, name: str) -> bool:
        """Whether it was only rejected because its multiples changed with it: then no equal name must follow it."""
        return self._try(self._one(replace(RULES[-1], pinned=frozenset(self.names) - {name}))) is not None

    def _accepts_tie(self, name: str, other: str) -> bool:
        rules = RULES[-1]
        others = frozenset(self.names) - {name, other} - self._multiples_of(other)
        return self._try(self._one(replace(rules, pinned=others, tied={name: other}))) is not None

    def _one(self, rules: ProbeRules) -> dict[str, int]:
        return draw_probes(self.names, self.relations, rules, 1)[0]

    def _changeable(self) -> Iterator[str]:
        """Inputs first: their change needs no new build."""
        inputs = [name for name in self.sizes if name not in self.base.names]
        names = [*inputs, *(name for name in self.names if name not in inputs)]
        return (n for n in names if self.names[n] > 0 and n not in self.relations.counts)

    def _multiples_of(self, name: str) -> frozenset[str]:
        """Names that must follow when a divisor changes."""
        if name not in self.relations.divisors or self.names[name] < 2:
            return frozenset()
        return frozenset(
            n for n, value in self.names.items() if value > self.names[name] and value % self.names[name] == 0
        )

    def _divisors_of(self, name: str) -> list[str]:
        """Names whose multiple it is: perhaps because the source demands it, perhaps by chance."""
        return [other for other in self.relations.divisors if name in self._multiples_of(other)]

    def _equals(self, name: str) -> list[str]:
        return [other for other, value in self.names.items() if other != name and value == self.names[name]]
