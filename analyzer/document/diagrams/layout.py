"""Coordinates for a drawing: a layered layout of boxes and arrows, frames laid out inside first.

A frame is one box to the picture around it; an arrow that crosses its border does so at a port, which the inner
layout places in its first or last layer. Nothing here knows what the boxes mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from analyzer.document.diagrams.layering import Link, Node, assign_layers, find_spine, mark_back_links, subdivide
from analyzer.document.diagrams.ordering import order_layers
from analyzer.document.diagrams.placement import place_nodes
from analyzer.document.diagrams.routing import Point, Routes, route, simplified
from analyzer.document.diagrams.text import LABEL_HEIGHT, LABEL_SIZE, LINE_HEIGHT, LINE_SIZE, drawable, text_width, wrap
from analyzer.records.diagrams import Arrow, Box, Diagram, Group

MARGIN = 16.0
TEXT_LIMIT = 210
LABEL_LIMIT = 190
BOX_PADDING_X = 12.0
BOX_PADDING_Y = 8.0
LEAST_BOX_WIDTH = 56.0
FRAME_PADDING = 14.0
FRAME_TITLE = 24.0
LABEL_GAP = 6.0
ROW_LIMIT = 780.0
COMPONENT_GAP = 26.0
BACK_LABEL_LIMIT = 120


@dataclass(frozen=True)
class _Sheet:
    """What is drawn: measured boxes, arrows with broken labels, the numbers of those that must run straight."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    spine: frozenset[int]
    sideways: bool


@dataclass
class _Part:
    """A laid-out piece: positions in (cross, rank) from its own corner, and its extents."""

    boxes: dict[str, Point] = field(default_factory=dict)
    points: dict[int, list[Point]] = field(default_factory=dict)
    labels: dict[int, Point] = field(default_factory=dict)
    ports: dict[tuple[str, int], float] = field(default_factory=dict)
    """Cross position of the ports, by (`first` or `last`, arrow number)."""
    width: float = 0.0
    depth: float = 0.0
    title: Point = (0.0, 0.0)


def lay_out(diagram: Diagram) -> Diagram:
    """The same drawing with texts broken into lines and with coordinates; charts are returned as they are."""
    if diagram.kind != "flow":
        return diagram
    boxes = tuple(_measured(box) for box in diagram.boxes)
    back, spine = find_spine([box.id for box in boxes], [(arrow.source, arrow.target) for arrow in diagram.arrows])
    arrows = tuple(
        replace(arrow, label=_broken(arrow.label, BACK_LABEL_LIMIT if number in back else LABEL_LIMIT))
        for number, arrow in enumerate(diagram.arrows)
    )
    sheet = _Sheet(boxes, arrows, spine, diagram.direction == "right")
    inner = {group.id: _frame(group, sheet) for group in diagram.groups}
    outer = _outer(sheet, inner)
    return _drawn(diagram, sheet, outer, inner)


def _broken(label: str, limit: int) -> str:
    return "\n".join(wrap(label, LINE_SIZE, limit)) if label.strip() else ""


def _measured(box: Box) -> Box:
    label = wrap(box.label, LABEL_SIZE, TEXT_LIMIT, "bold")
    lines = tuple(piece for line in box.lines for piece in wrap(line, LINE_SIZE, TEXT_LIMIT))
    widths = [text_width(line, LABEL_SIZE, "bold") for line in label]
    widths += [text_width(line, LINE_SIZE) for line in lines]
    width = max(LEAST_BOX_WIDTH, max(widths) + 2 * BOX_PADDING_X)
    height = len(label) * LABEL_HEIGHT + len(lines) * LINE_HEIGHT + 2 * BOX_PADDING_Y
    return replace(box, label="\n".join(label), lines=lines, width=float(width), height=float(height))


def _node(name: str, width: float, height: float, sideways: bool) -> Node:
    across, along = (height, width) if sideways else (width, height)
    return Node(name, across / 2, across / 2, along)


def _link(number: int, source: str, target: str, label: str, sideways: bool) -> Link:
    """The line of an arrow passes at one side of its label."""
    link = Link(number, source, target)
    lines = label.splitlines()
    if lines:
        width = max(text_width(line, LINE_SIZE) for line in lines) + 4.0
        height = len(lines) * LINE_HEIGHT + 4.0
        if sideways:
            link.label_before, link.label_after, link.label_depth = height + 2, 2.0, width + 2 * LABEL_GAP
        else:
            link.label_before, link.label_after, link.label_depth = 2.0, width + LABEL_GAP, height
    return link


def _arranged(nodes: list[Node], links: list[Link], sheet: _Sheet) -> _Part:
    """Lay out what hangs together, and set the pieces side by side, in rows where they are many."""
    pinned = any(node.pin for node in nodes)
    limit = float("inf") if sheet.sideways or pinned else ROW_LIMIT
    whole = _Part()
    across, along, row_depth = 0.0, 0.0, 0.0
    for piece_nodes, piece_links in _components(nodes, links):
        piece = _solved(piece_nodes, piece_links, sheet)
        if across and across + piece.width > limit:
            across, along, row_depth = 0.0, along + row_depth + COMPONENT_GAP, 0.0
        _put(whole, piece, across, along)
        across += piece.width + COMPONENT_GAP
        row_depth = max(row_depth, piece.depth)
        whole.width = max(whole.width, across - COMPONENT_GAP)
        whole.depth = max(whole.depth, along + piece.depth)
    return whole


def _components(nodes: list[Node], links: list[Link]) -> list[tuple[list[Node], list[Link]]]:
    leader = {node.id: node.id for node in nodes}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for link in links:
        leader[find(link.target)] = find(link.source)
    groups: dict[str, tuple[list[Node], list[Link]]] = {}
    for node in nodes:
        groups.setdefault(find(node.id), ([], []))[0].append(node)
    for link in links:
        groups[find(link.source)][1].append(link)
    return list(groups.values())


def _put(whole: _Part, piece: _Part, across: float, along: float) -> None:
    def shift(point: Point) -> Point:
        return point[0] + across, point[1] + along

    whole.boxes.update({name: shift(corner) for name, corner in piece.boxes.items()})
    whole.points.update({number: [shift(point) for point in way] for number, way in piece.points.items()})
    whole.labels.update({number: shift(corner) for number, corner in piece.labels.items()})
    whole.ports.update({key: cross + across for key, cross in piece.ports.items()})


def _solved(nodes: list[Node], links: list[Link], sheet: _Sheet) -> _Part:
    by_name = {node.id: node for node in nodes}
    for link in links:
        link.spine = link.number in sheet.spine
    mark_back_links([node.id for node in nodes], [link for link in links if not _touches_port(link, by_name)])
    layers = assign_layers(by_name, links)
    rows = order_layers(subdivide(by_name, links, layers), links)
    place_nodes(rows, links)
    return _part(by_name, links, route(rows, links), sheet.sideways)


def _touches_port(link: Link, nodes: dict[str, Node]) -> bool:
    return bool(nodes[link.source].pin or nodes[link.target].pin)


def _part(nodes: dict[str, Node], links: list[Link], routes: Routes, sideways: bool) -> _Part:
    part = _Part(width=routes.high - routes.low, depth=routes.depth)
    for node in nodes.values():
        if node.pin:
            part.ports[node.pin, int(node.id.split("@")[1])] = node.cross - routes.low
        else:
            slack = routes.layer_depth[node.layer] - node.depth
            corner = (node.cross - node.before - routes.low, routes.layer_start[node.layer] + slack / 2)
            part.boxes[node.id] = corner
    for link in links:
        part.points[link.number] = [(cross - routes.low, rank) for cross, rank in routes.points[link.number]]
        if link.label_depth:
            part.labels[link.number] = _label_place(link, routes, part.points[link.number], sideways)
    return part


def _label_place(link: Link, routes: Routes, points: list[Point], sideways: bool) -> Point:
    """Corner of the label in (cross, rank): beside its own node, or beside the outer column of an arrow back."""
    if link.back:
        column = routes.columns[link.number] - routes.low
        ranks = [rank for cross, rank in points if abs(cross - column) < 1]
        middle = (min(ranks) + max(ranks)) / 2
        offset = link.label_before + link.label_after - (0.0 if sideways else LABEL_GAP / 2)
        return (column - offset, middle - link.label_depth / 2)
    carrier = next(node for node in link.path if node.kind == "label")
    cross = carrier.cross - routes.low
    rank = routes.layer_start[carrier.layer]
    return (cross - link.label_before, rank + LABEL_GAP) if sideways else (cross + LABEL_GAP, rank)


def _frame(group: Group, sheet: _Sheet) -> _Part:
    boxes, sideways = [box for box in sheet.boxes if box.group == group.id], sheet.sideways
    members = {box.id for box in boxes}
    nodes = [_node(box.id, box.width, box.height, sideways) for box in boxes]
    links: list[Link] = []
    for number, arrow in enumerate(sheet.arrows):
        if arrow.source in members and arrow.target in members:
            links.append(_link(number, arrow.source, arrow.target, arrow.label, sideways))
        elif arrow.target in members:
            nodes.append(Node(f"in@{number}", 2.0, 2.0, kind="port", pin="first"))
            links.append(_link(number, f"in@{number}", arrow.target, "", sideways))
        elif arrow.source in members:
            nodes.append(Node(f"out@{number}", 2.0, 2.0, kind="port", pin="last"))
            links.append(_link(number, arrow.source, f"out@{number}", "", sideways))
    return _framed(_arranged(nodes, links, sheet), group, sideways)


def _framed(part: _Part, group: Group, sideways: bool) -> _Part:
    """Add padding and a strip for the title, beside which the ports pass."""
    title_width = text_width(drawable(group.label), LINE_SIZE, "bold") if group.label else 0
    strip = FRAME_TITLE if group.label else FRAME_PADDING
    if sideways:
        length = max(part.depth + 2 * FRAME_PADDING, title_width + 20.0)
        inset = (length - part.depth) / 2
        moved = _moved(part, strip, inset, stretch_to=length)
        moved.width, moved.depth, moved.title = part.width + strip + FRAME_PADDING, length, (strip / 2, 10.0)
        return moved
    left, title = _title_room(part, title_width)
    moved = _moved(part, left, strip, stretch_to=part.depth + strip + FRAME_PADDING)
    moved.width = max(part.width + left + FRAME_PADDING, title + title_width + 10.0)
    moved.depth = part.depth + strip + FRAME_PADDING
    moved.title = (title, strip / 2)
    return moved


def _title_room(part: _Part, title_width: float) -> tuple[float, float]:
    """Left padding and place of the title so that no port passes through it: at the left, else between ports, else
    in a frame made wider at the left.
    """
    lines = sorted(cross + FRAME_PADDING for (pin, _), cross in part.ports.items() if pin == "first")
    edges = [4.0, *lines, max(part.width + 2 * FRAME_PADDING, (lines or [0.0])[-1]) - 4.0]
    for left, right in pairwise(edges):
        if right - left >= title_width + 12:
            return FRAME_PADDING, left + 6
    if not lines:
        return FRAME_PADDING, 10.0
    return FRAME_PADDING + max(0.0, title_width + 16 - lines[0]), 10.0


def _moved(part: _Part, across: float, along: float, stretch_to: float) -> _Part:
    """The part shifted; arrows that begin or end at a port are drawn on to the border of the frame."""

    def shift(point: Point) -> Point:
        return point[0] + across, point[1] + along

    points = {number: [shift(point) for point in way] for number, way in part.points.items()}
    for (pin, number), cross in part.ports.items():
        border = (cross + across, 0.0 if pin == "first" else stretch_to)
        way = points[number]
        points[number] = simplified([border, *way] if pin == "first" else [*way, border])
    return _Part(
        boxes={name: shift(corner) for name, corner in part.boxes.items()},
        points=points,
        labels={number: shift(corner) for number, corner in part.labels.items()},
        ports={key: cross + across for key, cross in part.ports.items()},
    )


def _outer(sheet: _Sheet, inner: dict[str, _Part]) -> _Part:
    boxes, sideways = sheet.boxes, sheet.sideways
    place = {box.id: f"frame:{box.group}" if box.group in inner else box.id for box in boxes}
    nodes: dict[str, Node] = {}
    for box in boxes:
        name = place[box.id]
        if name not in nodes:
            part = inner.get(box.group or "")
            nodes[name] = (
                Node(name, part.width / 2, part.width / 2, part.depth)
                if part
                else _node(name, box.width, box.height, sideways)
            )
    links = []
    for number, arrow in enumerate(sheet.arrows):
        source, target = place[arrow.source], place[arrow.target]
        if source == target and source.startswith("frame:"):
            continue
        links.append(_link(number, source, target, arrow.label, sideways))
    for group, part in inner.items():
        _fix_ports(nodes.get(f"frame:{group}"), part)
    return _arranged(list(nodes.values()), links, sheet)


def _fix_ports(node: Node | None, part: _Part) -> None:
    for (pin, number), cross in part.ports.items() if node else ():
        assert node is not None
        (node.ports_in if pin == "first" else node.ports_out)[number] = cross - part.width / 2


def _drawn(diagram: Diagram, sheet: _Sheet, outer: _Part, inner: dict[str, _Part]) -> Diagram:
    sideways = sheet.sideways
    corners, ways, labels = dict(outer.boxes), dict(outer.points), dict(outer.labels)
    groups = []
    for group in diagram.groups:
        part = inner[group.id]
        corner = corners.pop(f"frame:{group.id}", None)
        if corner is None:
            continue
        groups.append(_placed_group(group, part, corner, sideways))
        corners.update({name: _add(corner, at) for name, at in part.boxes.items()})
        labels.update({number: _add(corner, at) for number, at in part.labels.items()})
        for number, way in part.points.items():
            _join(ways, number, [_add(corner, at) for at in way], entering=("first", number) in part.ports)
    return replace(
        diagram,
        boxes=tuple(_placed_box(box, corners[box.id], sideways) for box in sheet.boxes),
        arrows=tuple(
            _placed_arrow(arrow, ways[number], labels.get(number), sideways)
            for number, arrow in enumerate(sheet.arrows)
        ),
        groups=tuple(groups),
        width=_rounded((outer.depth if sideways else outer.width) + 2 * MARGIN),
        height=_rounded((outer.width if sideways else outer.depth) + 2 * MARGIN),
    )


def _join(ways: dict[int, list[Point]], number: int, way: list[Point], *, entering: bool) -> None:
    """Put the piece of an arrow inside a frame behind or before the piece outside."""
    known = ways.get(number, [])
    ways[number] = simplified([*known, *way] if entering else [*way, *known])


def _add(corner: Point, at: Point) -> Point:
    return corner[0] + at[0], corner[1] + at[1]


def _on_page(point: Point, sideways: bool) -> Point:
    x, y = (point[1], point[0]) if sideways else point
    return _rounded(x + MARGIN), _rounded(y + MARGIN)


def _rounded(value: float) -> float:
    return round(value * 2) / 2


def _placed_group(group: Group, part: _Part, corner: Point, sideways: bool) -> Group:
    x, y = _on_page(corner, sideways)
    width, height = (part.depth, part.width) if sideways else (part.width, part.depth)
    label_x, label_y = _on_page(_add(corner, part.title), sideways)
    return replace(
        group,
        label=drawable(group.label),
        x=x,
        y=y,
        width=_rounded(width),
        height=_rounded(height),
        label_x=label_x,
        label_y=label_y,
    )


def _placed_box(box: Box, corner: Point, sideways: bool) -> Box:
    x, y = _on_page(corner, sideways)
    return replace(box, x=x, y=y)


def _upright(points: list[Point]) -> tuple[Point, ...]:
    """Undo what rounding did to verticals and horizontals; the last point stays on its box."""
    way = points[:1]
    for x, y in points[1:]:
        across, along = abs(x - way[-1][0]), abs(y - way[-1][1])
        way.append((way[-1][0], y) if across < along else (x, way[-1][1]))
    return tuple(way)


def _placed_arrow(arrow: Arrow, way: list[Point], label: Point | None, sideways: bool) -> Arrow:
    points = _upright([_on_page(point, sideways) for point in way])
    if label is None:
        return replace(arrow, points=points)
    x, y = _on_page(label, sideways)
    return replace(arrow, points=points, label_x=x, label_y=_rounded(y + LINE_HEIGHT / 2 + 2))
