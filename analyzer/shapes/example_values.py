"""Which example values sizes get that the repository does not state, so that shapes can be told in their names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import lcm

from analyzer.evaluator.handing import handed_relations
from analyzer.evaluator.probes import Relations
from analyzer.index import SourceIndex
from analyzer.records.source import Span

COUNT = 5
"""How often blocks are repeated; probes keep it, so that few sizes that the source states are multiples of it."""
DIVISORS = (4, 6, 12, 2)
UNIT = 24
"""Every other size is a prime times this, or times its common multiple with the constants that the source divides by
(`width // 64`), so that each of `DIVISORS` divides it with an even quotient.
"""
LARGEST_UNIT = 768
PRIMES = (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79)


@dataclass(frozen=True)
class Slot:
    """A size that has no stated value."""

    name: str
    where: Span


def example_values(index: SourceIndex, path: str, slots: Sequence[Slot]) -> Iterator[dict[str, int]]:
    """Values of the sizes that the classes of `path` take: each its own, then equal ones where names end alike, then
    one value for all.
    """
    trees = list(imported_trees(index, path))
    roles, unit = handed_relations(trees, [slot.name for slot in slots]), _unit(trees)
    yield from (choose(slots, roles, unit) for choose in (_distinct, _alike, _uniform))


def imported_trees(index: SourceIndex, path: str) -> Iterator[ast.Module]:
    """The file and the files of the repository that it imports from."""
    own = index.tree(path)
    if not isinstance(own, ast.Module):
        return
    yield own
    imports = (node for node in ast.walk(own) if isinstance(node, ast.ImportFrom))
    found = (index.symbols.resolve_module(path, node.module or "", node.level) for node in imports)
    for other in sorted({p for p in found if isinstance(p, str) and p in index.files and p != path}):
        tree = index.tree(other)
        if isinstance(tree, ast.Module):
            yield tree


def _unit(trees: Iterable[ast.AST]) -> int:
    nodes = (node for tree in trees for node in ast.walk(tree))
    divisions = (n.right for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.FloorDiv, ast.Mod)))
    constants = {n.value for n in divisions if isinstance(n, ast.Constant) and type(n.value) is int and n.value > 1}
    unit = lcm(UNIT, *constants)
    return unit if unit <= LARGEST_UNIT else UNIT


def _distinct(slots: Sequence[Slot], roles: Relations, unit: int) -> dict[str, int]:
    """A value of its own for every name."""
    divisors = [s.name for s in slots if s.name in roles.divisors]
    others = [s.name for s in slots if s.name not in roles.divisors | roles.counts]
    values = {name: DIVISORS[number % len(DIVISORS)] for number, name in enumerate(divisors)}
    values |= {name: unit * PRIMES[number % len(PRIMES)] for number, name in enumerate(others)}
    return {slot.name: values.get(slot.name, COUNT) for slot in slots}


def _alike(slots: Sequence[Slot], roles: Relations, unit: int) -> dict[str, int]:
    """One value for names that end in the same word (`n_audio_state`, `n_text_state`)."""
    values = _distinct(slots, roles, unit)
    first: dict[str, int] = {}
    return {name: first.setdefault(name.rpartition("_")[2], value) for name, value in values.items()}


def _uniform(slots: Sequence[Slot], roles: Relations, unit: int) -> dict[str, int]:
    """One value for all that are neither counts nor divisors."""
    values = _distinct(slots, roles, unit)
    special = {name: DIVISORS[0] if name in roles.divisors else COUNT for name in roles.divisors | roles.counts}
    return {name: special.get(name, unit * PRIMES[0]) for name in values}
