"""Models inside a main model that cannot be called itself: the generator and the discriminator of a GAN, the network in
a diffusion process.

Says which classes they are and how the main model's own construction leads to them; whether they can be called is found
by calling.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.shown_model import SMALLEST_SHARE
from analyzer.records.source import Span
from analyzer.records.tensors import ModelShapes, ModuleNode
from analyzer.shapes.entry_points import BuildPlan

MAXIMUM_PARTS = 3


def part_classes(index: SourceIndex, whole: ModelShapes) -> tuple[Definition, ...]:
    """Classes of the repository with a `forward` of their own that the model is made of, the largest first; of a model
    that was not built those that its class constructs, in their order.
    """
    owner = index.symbols.definition(whole.qualified_name)
    if owner is None:
        return ()
    found = _built(index, whole.tree) if whole.tree is not None else _constructed(index, owner)
    distinct = dict.fromkeys(part for part in found if part != owner and _has_forward(index, part))
    return tuple(distinct)[:MAXIMUM_PARTS]


def part_builds(whole: Sequence[BuildPlan], part: Definition) -> tuple[BuildPlan, ...]:
    """What builds the whole leads to the construction of its part; presets, which have names, are left to the whole."""
    return tuple(replace(plan, captured=part.qualified_name) for plan in whole if not plan.name)


def _built(index: SourceIndex, tree: ModuleNode) -> Iterator[Definition]:
    """The outermost own classes below the root, by parameters."""
    outermost = sorted(_outermost(tree), key=lambda node: (-node.parameters, node.path))
    large = (node for node in outermost if node.parameters >= SMALLEST_SHARE * tree.parameters)
    found = (_defined_at(index, node.defined_at) for node in large)
    return (definition for definition in found if definition is not None)


def _outermost(node: ModuleNode) -> Iterator[ModuleNode]:
    for child in node.children:
        if child.defined_at is not None:
            yield child
        else:
            yield from _outermost(child)


def _defined_at(index: SourceIndex, span: Span | None) -> Definition | None:
    table = index.symbols.definitions.get(span.path, {}) if span is not None else {}
    classes = (d for d in table.values() if isinstance(d.node, ast.ClassDef))
    return next((d for d in classes if span is not None and index.span(d.path, d.node) == span), None)


def _constructed(index: SourceIndex, owner: Definition) -> Iterator[Definition]:
    for node in ast.walk(owner.node):
        name = dotted_name(node.func) if isinstance(node, ast.Call) else None
        found = index.symbols.resolve(owner.path, name) if name else None
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef):
            yield found


def _has_forward(index: SourceIndex, part: Definition) -> bool:
    return f"{part.name}.forward" in index.symbols.definitions[part.path]
