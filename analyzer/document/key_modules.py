"""Which modules deserve depth: the repository's own classes in the model, those with techniques and weight first."""

from __future__ import annotations

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
    total: int
    """Parameters of all its instances."""
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
    found = [KeyModule(item, _nowhere(item), 1, 0, _techniques(context, item), ()) for item in classes]
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
    instances: dict[str, list[tuple[ModuleNode, int]]] = {}
    for node, times in _times(tree, 1) if tree else ():
        info = context.class_at(node.defined_at)
        if info:
            instances.setdefault(info.qualified_name, []).append((node, times))
    return tuple(_module(context, places) for places in instances.values())


def _module(context: Context, places: list[tuple[ModuleNode, int]]) -> KeyModule:
    node = places[0][0]
    info = context.class_at(node.defined_at)
    assert info is not None  # the caller groups by it
    techniques = _techniques(context, info)
    return KeyModule(
        info, node, sum(times for _, times in places), sum(item.parameters * times for item, times in places),
        techniques, _rows(context, info),
    )  # fmt: skip


def _rows(context: Context, info: ClassInfo) -> tuple[ShapeRow, ...]:
    rows = context.trace.rows if context.trace else ()
    inside = (row for row in rows if row.where.path == info.where.path and row.class_name == info.name)
    return tuple(row for row in inside if info.where.first_line <= row.where.first_line <= info.where.last_line)


def _times(node: ModuleNode, times: int) -> list[tuple[ModuleNode, int]]:
    here = times * node.repeats
    return [(node, here), *(item for child in node.children for item in _times(child, here))]


def nodes_of(context: Context, info: ClassInfo) -> list[ModuleNode]:
    """All nodes of the tree that are instances of a class."""
    tree = context.model.tree if context.model else None
    return [node for node in walk(tree) if context.class_at(node.defined_at) == info]
