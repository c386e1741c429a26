"""Finding other values at which the model still builds and runs, so that its sizes can be named.

A probe that the source rejects is repaired (quotients keep their powers of two, names that reject every change
keep their value, equal names change together); what cannot be repaired is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.evaluator.probes import ProbeRules, Relations, draw_probes, find_relations
from analyzer.shapes.runs import BuiltModel, ModelSource, RawTrace

Values = Mapping[str, int]
RULES = (ProbeRules(twos=1), ProbeRules(twos=2), ProbeRules(twos=32))
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
        self.relations: Relations = replace(find_relations(self.trees, self.names), loose=loose)
        self.paths = [path for path, _ in self.base.model.named_modules()]

    def probes(self) -> tuple[Probe, ...]:
        """Up to `wanted` probes that the source accepts."""
        if not self.names:
            return ()
        found = self._drawn(RULES[0]) or self._drawn(RULES[1])
        if found:
            return found
        repaired = self._repaired()
        without_image = replace(repaired, pinned=repaired.pinned | (frozenset(IMAGE_DIMS) & self.names.keys()))
        inputs_only = replace(repaired, pinned=repaired.pinned | (self.names.keys() - self.relations.loose), tied={})
        return self._drawn(repaired) or self._drawn(without_image) or self._drawn(inputs_only)

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
        if self.attempts < 1:
            return None
        self.attempts -= 1
        try:
            built = self._built(values)
        except (CannotEvaluate, TargetRaised):
            return None
        actual = {name: built.names.get(name, value) for name, value in values.items()}
        same = [path for path, _ in built.model.named_modules()] == self.paths
        if not same:
            return None
        trace = self.runs(built, actual)
        return Probe(built, actual, trace) if trace.stopped is None else None

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
            partner = next((other for other in self._equals(name) if self._accepts_tie(name, other)), None)
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

    def _equals(self, name: str) -> list[str]:
        return [other for other, value in self.names.items() if other != name and value == self.names[name]]
