"""Which modules deserve depth: the repository's own classes in the model, those with techniques and weight first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.document.context import Context, walk
from analyzer.records.structure import ClassInfo
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import ModuleNode, ShapeRow

MOST = 5
LAST = 10**6
UNPLACED = "?"
"""Path of a class whose place in a model is not known."""


@dataclass(frozen=True)
class KeyModule:
    """A class of the repository as the built model uses it."""

    info: ClassInfo
    node: ModuleNode
    """Its first place in the tree."""
    instances: int
    """How often it stands in the model; nought where that rests on an example value."""
    total: int
    """Parameters of all its instances; one inside another is counted with the outer one."""
    smallest: int
    """Parameters of its smallest instance."""
    largest: int
    techniques: tuple[TechniqueFinding, ...]
    rows: tuple[ShapeRow, ...]
    """Shape rows of its methods in the main trace."""


def key_modules(context: Context, most: int = MOST) -> tuple[KeyModule, ...]:
    """The model's own class last, before it up to `most` classes that it consists of, largest ideas first."""
    found = all_modules(context) or _unbuilt(context)
    parts = [item for item in found if item.node.path]
    ranked = sorted(parts, key=lambda item: (_interest(context, item), -item.total, item.info.qualified_name))
    return (*ranked[:most], *[item for item in found if not item.node.path][:1])


def _unbuilt(context: Context) -> tuple[KeyModule, ...]:
    """Where no tree was built: the repository's own module classes that hold techniques, without place or size."""
    classes = [item for item in context.classes.values() if item.is_module and item.forward]
    found = [KeyModule(item, _nowhere(item), 1, 0, 0, 0, _techniques(context, item), ()) for item in classes]
    return tuple(item for item in found if item.techniques)


def _nowhere(info: ClassInfo) -> ModuleNode:
    return ModuleNode(UNPLACED, info.name, info.name, 0, 1, (UNPLACED,), defined_at=info.where)


def _techniques(context: Context, info: ClassInfo) -> tuple[TechniqueFinding, ...]:
    return context.distinct(item for item in context.used_techniques if info.qualified_name in item.models)


def _interest(context: Context, item: KeyModule) -> int:
    """Rank of the module's most telling technique; modules without one come last."""
    return min((context.interest(found.sheet_id)[0] for found in item.techniques), default=LAST)


def all_modules(context: Context) -> tuple[KeyModule, ...]:
    """Every class of the repository that occurs in the tree, from the top down."""
    tree = context.model.tree if context.model else None
    instances: dict[str, list[_Place]] = {}
    for place in _places(context, _Place(tree, tree.repeats, False, ())) if tree else ():
        info = context.class_at(place.node.defined_at)
        if info:
            instances.setdefault(info.qualified_name, []).append(place)
    return tuple(_module(context, places) for places in instances.values())


@dataclass(frozen=True)
class _Place:
    """A node with the number of its copies, whether that number is open, and the classes that it stands in."""

    node: ModuleNode
    times: int
    is_open: bool
    inside: tuple[str, ...]


def _module(context: Context, places: list[_Place]) -> KeyModule:
    node = places[0].node
    info = context.class_at(node.defined_at)
    assert info is not None  # the caller groups by it
    times = 0 if any(place.is_open for place in places) else sum(place.times for place in places)
    outer = [place for place in places if info.qualified_name not in place.inside]
    total = sum(place.node.parameters * place.times for place in outer)
    sizes = [place.node.parameters for place in places]
    techniques = _techniques(context, info)
    return KeyModule(info, node, times, total, min(sizes), max(sizes), techniques, _rows(context, info))


def _rows(context: Context, info: ClassInfo) -> tuple[ShapeRow, ...]:
    rows = context.trace.rows if context.trace else ()
    inside = (row for row in rows if row.where.path == info.where.path and row.class_name == info.name)
    return tuple(row for row in inside if info.where.first_line <= row.where.first_line <= info.where.last_line)


def _places(context: Context, place: _Place) -> Iterator[_Place]:
    """A place in the tree and all below it."""
    yield place
    info = context.class_at(place.node.defined_at)
    inside = (*place.inside, info.qualified_name) if info else place.inside
    for node in place.node.children:
        is_open = place.is_open or context.is_open(node)
        yield from _places(context, _Place(node, place.times * node.repeats, is_open, inside))


def nodes_of(context: Context, info: ClassInfo) -> list[ModuleNode]:
    """All nodes of the tree that are instances of a class."""
    tree = context.model.tree if context.model else None
    return [node for node in walk(tree) if context.class_at(node.defined_at) == info]
