"""The way of every arrow: straight where it can be, else along a track of its own in the channel between layers.

Arrows leave at the end of a box and arrive at the beginning of another; those that run back go round the outside,
so that no arrow ever passes through a box.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from analyzer.document.diagrams.layering import Link, Node

PORT_GAP = 18.0
CHANNEL_MARGIN = 9.0
TRACK_GAP = 9.0
COLUMN_GAP = 16.0
STRAIGHT = 0.75
SHARED_LINE_COST = 10

Point = tuple[float, float]


@dataclass
class Crossing:
    """A horizontal piece of an arrow in a channel, with the verticals that lead to it from before and after."""

    number: int
    start: float
    end: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    channel: int
    track: int = 0

    def covers(self, cross: float) -> bool:
        return min(self.start, self.end) - 2 < cross < max(self.start, self.end) + 2


@dataclass
class Routes:
    """Points of every arrow by number, in (cross, rank) coordinates, with the extents of the picture."""

    points: dict[int, list[Point]]
    layer_start: list[float]
    layer_depth: list[float]
    channel_start: list[float]
    """Channel i lies before layer i; the last one behind the last layer."""
    depth: float
    low: float
    high: float
    columns: dict[int, float] = field(default_factory=dict)
    """Cross position of the outer column of each arrow that runs back."""


def route(rows: list[list[Node]], links: list[Link]) -> Routes:
    """Choose ports and tracks, then positions of layers, then the points of all arrows."""
    _spread_ports(links)
    low = min((node.cross - node.before for row in rows for node in row), default=0.0)
    high = max((node.cross + node.after for row in rows for node in row), default=0.0)
    columns, low = _outer_columns(links, low)
    crossings = _crossings(links, columns)
    channels = _assign_tracks(crossings, len(rows))
    routes = Routes({}, *_layer_positions(rows, channels), low, high, columns)
    by_number: dict[int, list[Crossing]] = {}
    for crossing in crossings:
        by_number.setdefault(crossing.number, []).append(crossing)
    for link in links:
        pieces = sorted(by_number.get(link.number, []), key=lambda piece: piece.channel)
        routes.points[link.number] = _points(link, pieces, routes, columns)
    return routes


def _spread_ports(links: list[Link]) -> None:
    """Arrows at the same end of a box get ports side by side, in the order of where they go; a straight one keeps
    the middle.
    """
    for outgoing in (True, False):
        ends: dict[str, list[tuple[float, Link, Node]]] = {}
        for link in links:
            node, beside = (link.path[0], link.path[1]) if outgoing else (link.path[-1], link.path[-2])
            if node.kind == "box" and link.number not in _ports(node, outgoing):
                aim = float("-inf") if link.back else beside.cross
                ends.setdefault(node.id, []).append((aim, link, node))
        for group in ends.values():
            _spread(sorted(group, key=lambda item: (item[0], item[1].number)), outgoing)


def _ports(node: Node, outgoing: bool) -> dict[int, float]:
    return node.ports_out if outgoing else node.ports_in


def _spread(group: list[tuple[float, Link, Node]], outgoing: bool) -> None:
    node = group[0][2]
    room = min(node.before, node.after) - 6
    middle = next((i for i, (aim, _, _) in enumerate(group) if abs(aim - node.cross) < STRAIGHT), (len(group) - 1) / 2)
    reach = max(middle, len(group) - 1 - middle, 1)
    gap = min(PORT_GAP, room / reach)
    for index, (_, link, _) in enumerate(group):
        _ports(node, outgoing)[link.number] = (index - middle) * gap


def _outer_columns(links: list[Link], low: float) -> tuple[dict[int, float], float]:
    """Arrows that run back take columns before everything else, short ones inside."""
    columns: dict[int, float] = {}
    back = [link for link in links if link.back]
    for link in sorted(back, key=lambda link: (link.path[0].layer - link.path[-1].layer, link.number)):
        columns[link.number] = low - COLUMN_GAP
        low = columns[link.number] - link.label_before - link.label_after
    return columns, low


def _crossings(links: list[Link], columns: dict[int, float]) -> list[Crossing]:
    found: list[Crossing] = []
    for link in links:
        source, target = link.path[0], link.path[-1]
        if link.back:
            start, end = _end(source, link, True), _end(target, link, False)
            column = columns[link.number]
            found.append(Crossing(link.number, start, column, (start,), (), source.layer + 1))
            found.append(Crossing(link.number, column, end, (), (end,), target.layer))
            continue
        for upper, lower in pairwise(link.path):
            start, end = _end(upper, link, True), _end(lower, link, False)
            if abs(start - end) >= STRAIGHT:
                found.append(Crossing(link.number, start, end, (start,), (end,), lower.layer))
    return found


def _end(node: Node, link: Link, outgoing: bool) -> float:
    return node.cross + _ports(node, outgoing).get(link.number, 0.0)


def _assign_tracks(crossings: list[Crossing], layers: int) -> list[int]:
    """Number the tracks of each channel (channel i lies before layer i); returns how many each one has."""
    counts = [0] * (layers + 1)
    for channel in range(layers + 1):
        ordered = _least_crossing_order([piece for piece in crossings if piece.channel == channel])
        for index, piece in enumerate(ordered):
            earlier = [other.track for other in ordered[:index] if _overlap(other, piece)]
            piece.track = max(earlier, default=-1) + 1
        counts[channel] = max((piece.track + 1 for piece in ordered), default=0)
    return counts


def _overlap(one: Crossing, other: Crossing) -> bool:
    return (
        min(one.start, one.end) <= max(other.start, other.end) + 6
        and min(other.start, other.end) <= max(one.start, one.end) + 6
    )


def _least_crossing_order(pieces: list[Crossing]) -> list[Crossing]:
    """Insert each piece where it costs least against those already ordered."""
    ordered: list[Crossing] = []
    for piece in sorted(pieces, key=lambda piece: (min(piece.start, piece.end), piece.number)):
        costs = []
        for place in range(len(ordered) + 1):
            above = sum(_cost(other, piece) for other in ordered[:place])
            costs.append(above + sum(_cost(piece, other) for other in ordered[place:]))
        ordered.insert(costs.index(min(costs)), piece)
    return ordered


def _cost(upper: Crossing, lower: Crossing) -> int:
    """Crossings if `upper` takes the earlier track, and much more where two arrows would share a line."""
    crossing = sum(upper.covers(cross) for cross in lower.before) + sum(lower.covers(cross) for cross in upper.after)
    shared = sum(abs(a - b) < 2 for a in upper.after for b in lower.before)
    return crossing + SHARED_LINE_COST * shared


def _layer_positions(
    rows: list[list[Node]], channels: list[int]
) -> tuple[list[float], list[float], list[float], float]:
    starts: list[float] = []
    channel_starts: list[float] = []
    depths = [max((node.depth for node in row), default=0.0) for row in rows]
    position = 0.0
    for number, depth in enumerate(depths):
        channel_starts.append(position)
        position += _channel_depth(channels[number], outermost=number == 0)
        starts.append(position)
        position += depth
    return starts, depths, [*channel_starts, position], position + _channel_depth(channels[-1], outermost=True)


def _channel_depth(tracks: int, *, outermost: bool) -> float:
    if not tracks:
        return 0.0 if outermost else CHANNEL_MARGIN
    return 2 * CHANNEL_MARGIN + (tracks - 1) * TRACK_GAP


def _points(link: Link, pieces: list[Crossing], routes: Routes, columns: dict[int, float]) -> list[Point]:
    source, target = link.path[0], link.path[-1]
    points = [(_end(source, link, True), _bottom(source, routes))]
    if link.back:
        into, out = pieces
        out_rank, in_rank = _track_rank(out, routes), _track_rank(into, routes)
        column = columns[link.number]
        points += [(out.start, out_rank), (column, out_rank), (column, in_rank), (into.end, in_rank)]
    for piece in () if link.back else pieces:
        rank = _track_rank(piece, routes)
        points += [(piece.start, rank), (piece.end, rank)]
    points.append((_end(target, link, False), _top(target, routes)))
    return simplified(points)


def _track_rank(piece: Crossing, routes: Routes) -> float:
    return routes.channel_start[piece.channel] + CHANNEL_MARGIN + piece.track * TRACK_GAP


def _top(node: Node, routes: Routes) -> float:
    """Boxes stand in the middle of their layer."""
    slack = routes.layer_depth[node.layer] - node.depth
    return routes.layer_start[node.layer] + slack / 2


def _bottom(node: Node, routes: Routes) -> float:
    return _top(node, routes) + node.depth


def simplified(points: list[Point]) -> list[Point]:
    """The same way without repeated points and without points inside straight runs."""
    way: list[Point] = []
    for point in points:
        if way and abs(way[-1][0] - point[0]) < STRAIGHT and abs(way[-1][1] - point[1]) < STRAIGHT:
            continue
        if len(way) > 1 and _in_line(way[-2], way[-1], point):
            way.pop()
        way.append(point)
    return way


def _in_line(first: Point, middle: Point, last: Point) -> bool:
    same_cross = abs(first[0] - middle[0]) < STRAIGHT and abs(middle[0] - last[0]) < STRAIGHT
    same_rank = abs(first[1] - middle[1]) < STRAIGHT and abs(middle[1] - last[1]) < STRAIGHT
    return same_cross or same_rank
