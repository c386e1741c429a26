"""Which other values the names of a model are given, so that sizes can be told apart.

Values respect what the source itself demands (`n_embd % n_head == 0`): a name that others divide by is free,
a multiple of it becomes the product with a free quotient. Every free value is a prime of its own.
Values near those that they replace keep the order of the names; small and large ones turn it round, so that a
size that follows another name there (`max`, a bound, a rounding) is told apart.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

WINDOW = 5
DIVISIONS = (ast.Mod, ast.FloorDiv, ast.Div)
LARGEST = 60
_PRIMES = tuple(n for n in range(3, 1300) if all(n % d for d in range(2, math.isqrt(n) + 1)))
_DIVISOR_PRIMES = ((3, 5, 7, 11, 2), (5, 7, 3, 2, 11), (7, 3, 5, 11, 2))
_FAR_DIVISOR_PRIMES = {"least": (1,), "small": (2, 3, 5), "large": (13, 17, 11)}
LARGE = 400
"""Where large values end to grow with the value that they replace; a few lie above."""
MAXIMUM_BEYOND = 1200
Span = Literal["near", "least", "small", "large"]


@dataclass(frozen=True)
class Relations:
    """What the source demands of its names: `divisors` divide other names, `counts` say how often; `loose` names
    are multiples of none.
    """

    divisors: frozenset[str] = frozenset()
    counts: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ProbeRules:
    """How values are drawn: which names keep theirs, which equal others, and how careful to be.

    `twos` is the largest power of two of a quotient that is kept (rotary halves, groups of channels, strides),
    for all names but those in `twos_of`. `span` says how far from the values that are replaced; `loose` names are
    multiples of none here; large values lie above `beyond` where that is no giant.
    """

    pinned: frozenset[str] = frozenset()
    tied: Mapping[str, str] = field(default_factory=dict)
    twos: int = 1
    twos_of: Mapping[str, int] = field(default_factory=dict)
    span: Span = "near"
    loose: frozenset[str] = frozenset()
    beyond: int = 0


def find_relations(trees: Iterable[ast.AST], names: Iterable[str]) -> Relations:
    """Divisors and counts among `names` by the last part of the code's own names (`config.n_head`)."""
    known = frozenset(names)
    divisors: set[str] = set()
    nodes = [node for tree in trees for node in ast.walk(tree)]
    aliases = {last_name(n.targets[0]): last_name(n.value) for n in nodes if isinstance(n, ast.Assign)}
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, DIVISIONS):
            divisors.update(known & {aliases.get(last_name(node.right), "")})
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, DIVISIONS):
            divisors.update(known & {last_name(node.right)})
    counts = known & set(repeated_names(nodes))
    return Relations(frozenset(divisors - counts), counts)


def repeated_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that `range` is given, and those that add up to its only argument: they say how often.

    Of `range(start, start + window)` and `range(length - window)` no part says that.
    """
    for node in nodes:
        if isinstance(node, ast.Call) and last_name(node.func) == "range":
            yield from map(last_name, node.args)
            if len(node.args) == 1:
                yield from _summands(node.args[0])


def _summands(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (*_summands(node.left), *_summands(node.right))
    else:
        yield last_name(node)


def find_bounds(trees: Iterable[ast.AST]) -> tuple[int, ...]:
    """Literals that sizes are compared with or cut to: in comparisons, slices, `min`, `max` and clamps."""
    found: set[int] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        parts: list[ast.expr | None] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Slice):
            parts = [node.lower, node.upper]
        elif isinstance(node, ast.Call) and last_name(node.func) in ("min", "max", "clamp", "clip"):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        found.update(part.value for part in parts if isinstance(part, ast.Constant) and type(part.value) is int)
    return tuple(sorted(bound for bound in found if 1 < bound <= MAXIMUM_BEYOND))


def last_name(node: ast.expr) -> str:
    """`n_head` of `config.n_head`; empty where an expression has no name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def draw_probes(
    base: Mapping[str, int], relations: Relations, rules: ProbeRules, number: int
) -> tuple[dict[str, int], ...]:
    """`number` sets of values for the names of `base`; a pinned name and a count keep theirs."""
    return tuple(_Draw(base, relations, rules, turn).values() for turn in range(number))


class _Draw:
    """One set of values. Names in the order of their base values take primes from ascending windows, so that
    what was smaller stays smaller (`T <= block_size`, `top_k <= num_experts`).
    """

    def __init__(self, base: Mapping[str, int], relations: Relations, rules: ProbeRules, turn: int) -> None:
        self.base, self.relations, self.rules, self.turn = base, relations, rules, turn
        fixed = rules.pinned | relations.counts | {name for name, value in base.items() if value < 1}
        self.drawn = {name: base[name] for name in base if name in fixed}
        self.free = [name for name in base if name not in fixed and name not in rules.tied]

    def values(self) -> dict[str, int]:
        ascending = sorted(self.free, key=lambda name: self.base[name])
        known = sorted((n for n in self.drawn if n in self.relations.divisors), key=lambda name: self.base[name])
        divisors = known + [name for name in ascending if name in self.relations.divisors]
        for rank, name in enumerate(divisors[len(known) :], len(known)):
            self._draw(name, divisors[:rank], self._divisor_primes(rank))
        start = 0
        others = [name for name in ascending if name not in self.relations.divisors]
        width = WINDOW if self.rules.span == "near" else 1
        for name in others if self.rules.span == "near" else reversed(others):
            start = max(start, self._first_prime(name, divisors))
            primes = _PRIMES[start : start + width] or _PRIMES[-width:]
            self._draw(name, divisors, (1,) if self.rules.span == "least" else primes)
            start += width
        for name, other in self.rules.tied.items():
            self.drawn[name] = self.drawn.get(name, self.drawn.get(other, self.base[name]))
        return {name: self.drawn[name] for name in self.base}

    def _divisor_primes(self, rank: int) -> Sequence[int]:
        if self.rules.span == "near":
            return _DIVISOR_PRIMES[rank % len(_DIVISOR_PRIMES)]
        primes = _FAR_DIVISOR_PRIMES[self.rules.span]
        return primes[rank % len(primes) :][:1]

    def _draw(self, name: str, divisors: Sequence[str], window: Sequence[int]) -> None:
        """A prime multiple of the new values of all divisors that divide the base value."""
        dividing = self._dividing(name, divisors)
        prime = window[(self.turn * (1 + len(name) % 4) + len(dividing)) % len(window)]
        self.drawn[name] = math.lcm(*(self.drawn[d] for d in dividing)) * self._twos(name, dividing) * prime

    def _dividing(self, name: str, divisors: Sequence[str]) -> list[str]:
        base = self.base
        if name in self.relations.loose or name in self.rules.loose:
            return []
        return [d for d in divisors if 1 < base[d] < base[name] and base[name] % base[d] == 0]

    def _quotient(self, name: str, dividing: Sequence[str]) -> int:
        return self.base[name] // math.lcm(*(self.base[d] for d in dividing))

    def _twos(self, name: str, dividing: Sequence[str]) -> int:
        quotient = self._quotient(name, dividing)
        return min(quotient & -quotient, self.rules.twos_of.get(name, self.rules.twos))

    def _first_prime(self, name: str, divisors: Sequence[str]) -> int:
        """Where the window of a name starts: near the value that it replaces, so that probes cost no more."""
        if self.rules.span in ("least", "small"):
            return 0
        dividing = self._dividing(name, divisors)
        twos = self._twos(name, dividing)
        wanted = self._quotient(name, dividing) // twos
        beyond = min(self.rules.beyond, MAXIMUM_BEYOND) // (twos * math.lcm(*(self.drawn[d] for d in dividing))) + 1
        least = min(wanted, LARGEST) * 3 // 4 if self.rules.span == "near" else max(beyond, min(wanted * 5 // 4, LARGE))
        return next((n for n, prime in enumerate(_PRIMES) if prime >= least), 0)
