"""How often a class stands in the model and what its instances hold, each parameter once."""

from __future__ import annotations

from dataclasses import replace

from document_plain import document_text
from document_sample import at, sample_analysis

from analyzer.document.context import Context, walk
from analyzer.document.key_modules import KeyModule, all_modules
from analyzer.document.outline import build_article
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.tensors import ModuleNode, UnstatedSize


def with_tree(tree: ModuleNode, **changes: object) -> Analysis:
    sample = sample_analysis()
    model = replace(sample.shapes.models[0], tree=tree, **changes)
    return replace(sample, shapes=replace(sample.shapes, models=(model,)))


def nested() -> Analysis:
    """`Block` with 900 parameters that holds a `Block` with 560 of them, beside the three that the sample has."""
    tree = sample_analysis().shapes.models[0].tree
    assert tree is not None
    inner = next(node for node in walk(tree) if node.repeats > 1)
    single = replace(inner, path="stem.inner", name="inner", repeats=1, paths=("stem.inner",))
    outer = replace(single, path="stem", name="stem", paths=("stem",), parameters=900, children=(single,))
    return with_tree(replace(tree, children=(outer, *tree.children)))


def block_of(analysis: Analysis) -> KeyModule:
    return next(item for item in all_modules(Context(analysis, Words("en"))) if item.info.name == "Block")


def test_a_module_inside_its_own_class_is_counted_with_the_outer_one() -> None:
    block = block_of(nested())
    assert (block.instances, block.total) == (5, 900 + 3 * 560)


def test_instances_of_unequal_size_are_told_as_a_range() -> None:
    block = block_of(nested())
    assert (block.smallest, block.largest) == (560, 900)
    text = document_text(build_article(Context(nested(), Words("en"))))
    assert "5 times in the model, first as `stem`: between 560 and 900 parameters each, 2,580 in all" in text


def test_a_number_of_instances_that_rests_on_an_example_is_not_told() -> None:
    tree = sample_analysis().shapes.models[0].tree
    assert tree is not None
    open_sizes = (UnstatedSize("depth", 3, at("config.py", "class Config")),)
    analysis = with_tree(tree, unstated=open_sizes)
    assert block_of(analysis).instances == 0
    text = document_text(build_article(Context(analysis, Words("en"))))
    assert "as often as sizes say that the repository leaves open, first as `blocks.0`" in text
