"""The module table counts a module as often as the whole model has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.instances import blocks_like, instances
from analyzer.document.wording import Words
from analyzer.records.tensors import ModuleNode, ModuleRecord, UnstatedSize


def node(path: str, repeats: int, *children: ModuleNode) -> ModuleNode:
    return ModuleNode(path, path, "Block", 0, repeats, (path,), children=children)


@pytest.mark.parametrize(
    ("unstated", "named", "counted"),
    [
        ((), (), ["1", "12", "36", "12"]),
        ((12,), (("h.0", "n_layer"),), ["1", "n_layer", "3*n_layer", "n_layer"]),
        ((12,), (("h.0", "n_layer - 1"),), ["1", "n_layer - 1", "3*(n_layer - 1)", "n_layer - 1"]),
        ((12,), (), ["1", "?", "?", "?"]),
    ],
)
def test_repetitions_multiply_down_the_tree(
    unstated: tuple[int, ...], named: tuple[tuple[str, str], ...], counted: list[str]
) -> None:
    tree = node("", 1, node("h.0", 12, node("h.0.proj.0", 3), node("h.0.norm", 1)))
    sample = sample_analysis()
    sizes = tuple(UnstatedSize(f"size{size}", size, at("model.py", "class Tiny")) for size in unstated)
    model = replace(sample.shapes.models[0], tree=tree, unstated=sizes, repetitions=named)
    analysis = replace(sample, shapes=replace(sample.shapes, models=(model,)))
    assert list(instances(Context(analysis, Words("en"))).values()) == counted


@pytest.mark.parametrize(("own", "expected"), [(True, ("5", ("a.0", "c.0"))), (False, ("3", ("a.0", "2")))])
def test_blocks_of_one_class_count_together_though_they_differ_in_size(own: bool, expected: object) -> None:
    defined = at("model.py", "class Block") if own else None
    nodes = [
        replace(node(path, len(paths)), defined_at=defined, paths=paths, parameters=size)
        for path, paths, size in (("a.0", ("a.0", "a.1", "a.2"), 4), ("b.0", ("b.0",), 8), ("c.0", ("c.0",), 9))
    ]
    records = [ModuleRecord(path, "Block", 4, defined_at=defined) for one in nodes for path in one.paths]
    sample = sample_analysis()
    model = sample.shapes.models[0]
    trace = replace(model.traces[0], modules=(ModuleRecord("", "Net", 29), *records))
    model = replace(model, tree=node("", 1, *nodes), traces=(trace,), modules=trace.modules)
    context = Context(replace(sample, shapes=replace(sample.shapes, models=(model,))), Words("en"))
    assert blocks_like(context, nodes[0]) == expected
