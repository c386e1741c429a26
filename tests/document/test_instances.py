"""The module table counts a module as often as the whole model has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.instances import instances
from analyzer.document.wording import Words
from analyzer.records.tensors import ModuleNode, UnstatedSize


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
