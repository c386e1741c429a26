"""A default that callers override is told beside what the built model's constructors really got."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import line_text
from document_sample import BLOCK, at, sample_analysis

from analyzer.document.bindings import binding_value
from analyzer.document.built_arguments import built_arguments
from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.techniques import Binding
from analyzer.records.tensors import UnstatedSize


def test_all_instances_count_and_examples_have_their_name() -> None:
    sample = sample_analysis()
    trace = sample.shapes.models[0].traces[0]
    blocks = [item.path for item in trace.modules if item.defined_at == BLOCK]
    modules = tuple(
        replace(item, arguments=(("width", str(8 * (blocks.index(item.path) + 1))), ("heads", "2"), ("vocab", "1009")))
        if item.path in blocks
        else item
        for item in trace.modules
    )
    sizes = (UnstatedSize("vocab_size", 1009, at("config.py", "class Config")),)
    model = replace(sample.shapes.models[0], traces=(replace(trace, modules=modules),), unstated=sizes)
    context = Context(replace(sample, shapes=replace(sample.shapes, models=(model,))), Words("en"))
    told = {name: line_text(line) for name, line in built_arguments(context, BLOCK).items()}
    assert told == {"width": "`8`, `16`, `24`", "heads": "`2`", "vocab": "`vocab_size`"}


@pytest.mark.parametrize(
    ("given", "line", "expected"),
    [
        ((("width", "8"),) * 3, "self.up =", 8),
        ((("width", "8"), ("width", "8"), ("width", "9")), "self.up =", None),
        ((("width", "8"),) * 3, "batch_size = 4", None),
    ],
)
def test_a_bare_name_has_the_value_that_its_own_constructor_got(
    given: tuple[tuple[str, str], ...], line: str, expected: int | None
) -> None:
    sample = sample_analysis()
    trace, texts = sample.shapes.models[0].traces[0], iter(given)
    modules = tuple(
        replace(item, arguments=(next(texts),)) if item.defined_at == BLOCK else item for item in trace.modules
    )
    model = replace(sample.shapes.models[0], traces=(replace(trace, modules=modules),))
    context = Context(replace(sample, shapes=replace(sample.shapes, models=(model,))), Words("en"))
    where = at("train.py" if line.startswith("batch") else "model.py", line)
    assert binding_value(context, Binding("d", "width", where)) == expected


@pytest.mark.parametrize(("shapes", "expected"), [((), True), ((("bias", (8,)),), None)], ids=["setting", "weight"])
def test_a_weight_has_no_value_of_a_setting_that_is_called_the_same(
    shapes: tuple[tuple[str, tuple[int, ...]], ...], expected: bool | None
) -> None:
    sample = sample_analysis()
    trace = sample.shapes.models[0].traces[0]
    changed = {item.path: replace(item, values=(("bias", True),), own_shapes=shapes) for item in trace.modules}
    modules = tuple(changed[item.path] if item.defined_at == BLOCK else item for item in trace.modules)
    model = replace(sample.shapes.models[0], modules=modules, traces=(replace(trace, modules=modules),))
    context = Context(replace(sample, shapes=replace(sample.shapes, models=(model,))), Words("en"))
    assert binding_value(context, Binding("b", "self.bias", at("model.py", "self.up ="))) is expected
