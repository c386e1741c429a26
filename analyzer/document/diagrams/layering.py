"""The graph that the layout works on, and the layer of each of its nodes.

Abstract coordinates: `cross` runs along a layer, `rank` from layer to layer. A layout that runs to the right is
the same one with the axes exchanged. Boxes stand on even layers; odd layers hold the labels of arrows, as nodes
of their own, so that no label can fall on anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Node:
    """`before` and `after` are its extents around its own cross position, `depth` its extent along rank.

    `pin` holds ports of a frame in the first or last layer.
    """

    id: str
    before: float = 0.0
    after: float = 0.0
    depth: float = 0.0
    kind: str = "box"
    pin: str = ""
    layer: int = 0
    cross: float = 0.0
    ports_in: dict[int, float] = field(default_factory=dict)
    """Offset from `cross` at which the arrow of that number must arrive; else the layout chooses."""
    ports_out: dict[int, float] = field(default_factory=dict)


@dataclass
class Link:
    """An arrow of the graph; `label_before`, `label_after`, `label_depth` measure its label, if it has one."""

    number: int
    source: str
    target: str
    label_before: float = 0.0
    label_after: float = 0.0
    label_depth: float = 0.0
    back: bool = False
    spine: bool = False
    """Part of the one longest way through the picture: kept straight before all others."""
    path: list[Node] = field(default_factory=list)


def mark_back_links(order: list[str], links: list[Link]) -> None:
    """Mark the arrows that close a cycle when the nodes are visited in the order in which they were given."""
    outgoing: dict[str, list[Link]] = {name: [] for name in order}
    for link in links:
        outgoing[link.source].append(link)
    state: dict[str, str] = {}
    for start in order:
        if start not in state:
            _visit(start, outgoing, state)


def _visit(start: str, outgoing: dict[str, list[Link]], state: dict[str, str]) -> None:
    state[start] = "open"
    for link in outgoing[start]:
        if state.get(link.target) == "open":
            link.back = True
        elif link.target not in state:
            _visit(link.target, outgoing, state)
    state[start] = "done"


def find_spine(order: list[str], arrows: list[tuple[str, str]]) -> tuple[frozenset[int], frozenset[int]]:
    """Numbers of the arrows that run back, and of those on the longest way through the graph; where several ways
    are equally long, as with query, key and value, none of them is.
    """
    links = [Link(number, source, target) for number, (source, target) in enumerate(arrows)]
    mark_back_links(order, links)
    forward = [link for link in links if not link.back]
    turned = [Link(link.number, link.target, link.source) for link in forward]
    before, behind = _path_lengths(order, forward), _path_lengths(order, turned)
    leaving: dict[str, list[Link]] = {}
    entering: dict[str, list[Link]] = {}
    for link in forward:
        if behind[link.source] == behind[link.target] + 1:
            leaving.setdefault(link.source, []).append(link)
        if before[link.target] == before[link.source] + 1:
            entering.setdefault(link.target, []).append(link)
    spine = {
        link.number for link in forward if leaving.get(link.source) == [link] and entering.get(link.target) == [link]
    }
    return frozenset(link.number for link in links if link.back), frozenset(spine)


def assign_layers(nodes: dict[str, Node], links: list[Link]) -> int:
    """Give every node its even layer by longest path. Returns the number of layers, label layers included."""
    inner = [link for link in links if not link.back and not nodes[link.source].pin and not nodes[link.target].pin]
    boxes = [node for node in nodes.values() if not node.pin]
    pins = {node.pin for node in nodes.values()}
    levels = _path_lengths([node.id for node in boxes], inner)
    _pull_sources(levels, inner)
    for node in boxes:
        node.layer = 2 * (levels[node.id] + ("first" in pins))
    last = max((node.layer for node in boxes), default=0) + 2 * ("last" in pins)
    for node in nodes.values():
        if node.pin:
            node.layer = 0 if node.pin == "first" else last
    return last + 1


def _path_lengths(order: list[str], links: list[Link]) -> dict[str, int]:
    """Arrows on the longest way that ends at each node."""
    lengths = dict.fromkeys(order, 0)
    for _ in order:
        changed = False
        for link in links:
            if lengths[link.target] < lengths[link.source] + 1:
                lengths[link.target] = lengths[link.source] + 1
                changed = True
        if not changed:
            break
    return lengths


def _pull_sources(levels: dict[str, int], links: list[Link]) -> None:
    """A node that nothing enters stands right before what it feeds, not at the top of the picture."""
    entered = {link.target for link in links}
    for name in levels:
        followers = [levels[link.target] for link in links if link.source == name]
        if name not in entered and followers:
            levels[name] = min(followers) - 1


def subdivide(nodes: dict[str, Node], links: list[Link], layers: int) -> list[list[Node]]:
    """Put a node on every layer that an arrow passes, the first of them carrying the label; returns the layers."""
    rows: list[list[Node]] = [[] for _ in range(layers)]
    for node in nodes.values():
        rows[node.layer].append(node)
    for link in links:
        source, target = nodes[link.source], nodes[link.target]
        link.path = [source, target]
        if link.back:
            continue
        passed = [_passing(link, layer, layer == source.layer + 1) for layer in range(source.layer + 1, target.layer)]
        for node in passed:
            rows[node.layer].append(node)
        link.path = [source, *passed, target]
    return rows


def _passing(link: Link, layer: int, carries_label: bool) -> Node:
    name = f"{link.number}@{layer}"
    if carries_label and link.label_depth:
        return Node(name, link.label_before, link.label_after, link.label_depth, "label", layer=layer)
    return Node(name, 2.0, 2.0, 0.0, "bend", layer=layer)
