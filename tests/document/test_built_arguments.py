"""A default that callers override is told beside what the built model's constructors really got."""

from __future__ import annotations

from dataclasses import replace

from document_plain import line_text
from document_sample import BLOCK, at, sample_analysis

from analyzer.document.built_arguments import built_arguments
from analyzer.document.context import Context
from analyzer.document.wording import Words
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
