"""The position of every node along its layer.

Each layer is solved exactly: positions as near as possible to where the neighbours want them (least squares),
never nearer to each other than the gap (isotonic regression by pooling adjacent violators). Sweeps run down and
up; the last one runs down, so that a chain of boxes ends up on one straight line.
"""

from __future__ import annotations

from itertools import pairwise

from analyzer.document.diagrams.layering import Link, Node

SWEEPS = 24
GAP = 26.0
NARROW_GAP = 12.0
SPINE_WEIGHT = 1000.0
Pull = dict[str, list[tuple[str, float, float]]]
"""For each node its neighbours in the layer beside: (name, offset to their position, weight)."""


def place_nodes(rows: list[list[Node]], links: list[Link]) -> None:
    """Set `cross` of every node."""
    above, below = _pulls(links)
    nodes = {node.id: node for row in rows for node in row}
    for row in rows:
        _settle(row, {})
    for sweep in range(SWEEPS):
        for row in reversed(rows):
            _settle(row, _wishes(row, (below,), nodes))
        pulls = (above,) if sweep == SWEEPS - 1 else (above, below) if sweep % 2 else (above,)
        for row in rows:
            _settle(row, _wishes(row, pulls, nodes))
    _straighten(rows, links)


def _pulls(links: list[Link]) -> tuple[Pull, Pull]:
    above: Pull = {}
    below: Pull = {}
    for link in links:
        if link.back:
            continue
        for upper, lower in pairwise(link.path):
            shift = upper.ports_out.get(link.number, 0.0) - lower.ports_in.get(link.number, 0.0)
            weight = SPINE_WEIGHT if link.spine else _stiffness(upper, lower)
            below.setdefault(upper.id, []).append((lower.id, -shift, weight))
            above.setdefault(lower.id, []).append((upper.id, shift, weight))
    return above, below


def _stiffness(upper: Node, lower: Node) -> float:
    """Long arrows should run straight: bends pull each other harder than boxes do."""
    bends = (upper.kind != "box") + (lower.kind != "box")
    return (1.0, 2.0, 8.0)[bends]


def _wishes(row: list[Node], pulls: tuple[Pull, ...], nodes: dict[str, Node]) -> dict[str, tuple[float, float]]:
    """Where each node wants to stand, and how strongly."""
    wishes: dict[str, tuple[float, float]] = {}
    for node in row:
        pulled = [item for pull in pulls for item in pull.get(node.id, ())]
        strength = sum(weight for _, _, weight in pulled)
        if strength:
            aim = sum((nodes[name].cross + offset) * weight for name, offset, weight in pulled) / strength
            wishes[node.id] = (aim, strength)
    return wishes


def _settle(row: list[Node], wishes: dict[str, tuple[float, float]]) -> None:
    """Isotonic regression: subtract the least distances, pool violators, add the distances back."""
    distances = [0.0] * bool(row)
    for left, right in pairwise(row):
        distances.append(distances[-1] + separation(left, right))
    pools: list[tuple[float, float, int]] = []
    for node, distance in zip(row, distances, strict=True):
        aim, strength = wishes.get(node.id, (node.cross, 0.1))
        pools.append((aim - distance, strength, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            pools.append(_pool(pools.pop(-2), pools.pop()))
    aims = [aim for aim, _, count in pools for _ in range(count)]
    for node, aim, distance in zip(row, aims, distances, strict=True):
        node.cross = aim + distance


def _pool(left: tuple[float, float, int], right: tuple[float, float, int]) -> tuple[float, float, int]:
    strength = left[1] + right[1]
    return (left[0] * left[1] + right[0] * right[1]) / strength, strength, left[2] + right[2]


def separation(left: Node, right: Node) -> float:
    """Least distance between the positions of two neighbours of one layer."""
    gap = GAP if left.kind == right.kind == "box" else NARROW_GAP
    return left.after + gap + right.before


def _straighten(rows: list[list[Node]], links: list[Link]) -> None:
    """Take the small steps out of long arrows: all bends of one move onto a common line where there is room."""
    beside = {
        node.id: (row[index - 1] if index else None, row[index + 1] if index + 1 < len(row) else None)
        for row in rows
        for index, node in enumerate(row)
    }
    for link in sorted(links, key=lambda link: -len(link.path)):
        bends = link.path[1:-1]
        first, last = link.path[0], link.path[-1]
        start = first.cross + first.ports_out.get(link.number, 0.0)
        end = last.cross + last.ports_in.get(link.number, 0.0)
        lines = [start, end, *(bend.cross for bend in bends)]
        free = [line for line in lines if all(_has_room(bend, line, beside[bend.id]) for bend in bends)]
        if bends and free:
            fixed = [start] if first.pin or link.number in first.ports_out else []
            fixed += [end] if last.pin or link.number in last.ports_in else []
            best = min(free, key=lambda line: (_kinks(line, fixed), sum(abs(line - bend.cross) for bend in bends)))
            for bend in bends:
                bend.cross = best


def _kinks(line: float, fixed: list[float]) -> int:
    """Steps at ports of frames, which the layout cannot move."""
    return sum(abs(line - place) > 0.5 for place in fixed)


def _has_room(node: Node, cross: float, beside: tuple[Node | None, Node | None]) -> bool:
    left, right = beside
    clear_left = left is None or cross - left.cross >= separation(left, node)
    clear_right = right is None or right.cross - cross >= separation(node, right)
    return clear_left and clear_right
