"""The order of the nodes inside their layers: few crossings, found by barycentre sweeps (Sugiyama)."""

from __future__ import annotations

from itertools import pairwise

from analyzer.document.diagrams.layering import Link, Node

SWEEPS = 12
Neighbours = dict[str, list[str]]


def order_layers(rows: list[list[Node]], links: list[Link]) -> list[list[Node]]:
    """The layers with their nodes reordered; ties keep the order in which the nodes were given."""
    above, below = _neighbours(links)
    best = [list(row) for row in rows]
    fewest = count_crossings(best, below)
    current = best
    for sweep in range(SWEEPS):
        current = _sweep(current, above if sweep % 2 == 0 else below, downwards=sweep % 2 == 0)
        crossings = count_crossings(current, below)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _neighbours(links: list[Link]) -> tuple[Neighbours, Neighbours]:
    above: Neighbours = {}
    below: Neighbours = {}
    for link in links:
        if link.back:
            continue
        for upper, lower in pairwise(link.path):
            below.setdefault(upper.id, []).append(lower.id)
            above.setdefault(lower.id, []).append(upper.id)
    return above, below


def _sweep(rows: list[list[Node]], neighbours: Neighbours, *, downwards: bool) -> list[list[Node]]:
    result = [list(row) for row in rows]
    numbers = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
    for number in numbers:
        beside = result[number - 1 if downwards else number + 1]
        place = {node.id: index for index, node in enumerate(beside)}
        result[number] = _sorted_by_barycentre(result[number], neighbours, place)
    return result


def _sorted_by_barycentre(row: list[Node], neighbours: Neighbours, place: dict[str, int]) -> list[Node]:
    """Nodes without neighbours keep their place; the others are sorted among the remaining places."""
    keys: dict[str, float] = {}
    for node in row:
        places = [place[name] for name in neighbours.get(node.id, ()) if name in place]
        if places:
            keys[node.id] = sum(places) / len(places)
    moving = iter(sorted((node for node in row if node.id in keys), key=lambda node: keys[node.id]))
    return [next(moving) if node.id in keys else node for node in row]


def count_crossings(rows: list[list[Node]], below: Neighbours) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        place = {node.id: index for index, node in enumerate(lower)}
        ends = [place[name] for node in upper for name in sorted(below.get(node.id, ()), key=lambda name: place[name])]
        total += sum(1 for i, left in enumerate(ends) for right in ends[i + 1 :] if left > right)
    return total
