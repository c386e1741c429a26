"""Layers and activation functions are counted where they were built and run; containers are told by what they hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import line_text
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.facets import repeated_block
from analyzer.document.layer_facets import activations, block_name, layers
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.document import Plain
from analyzer.records.tensors import ModelShapes, UnstatedSize


def context_of(analysis: Analysis) -> Context:
    return Context(analysis, Words("en"))


def with_model(**changes: object) -> Analysis:
    sample = sample_analysis()
    model: ModelShapes = replace(sample.shapes.models[0], **changes)
    return replace(sample, shapes=replace(sample.shapes, models=(model,)))


def test_layers_with_weights_are_counted_by_class() -> None:
    assert line_text(layers(context_of(sample_analysis()))) == "7 × `Linear`, 1 × `Embedding`"


def test_layers_are_not_counted_where_example_sizes_decide_their_number() -> None:
    open_sizes = (UnstatedSize("depth", 3, at("config.py", "class Config")),)
    assert line_text(layers(context_of(with_model(unstated=open_sizes)))) == "—"


def test_a_class_of_the_repository_is_no_activation_by_its_name() -> None:
    analysis = sample_analysis()
    model = analysis.shapes.models[0]
    own = model.where
    renamed = tuple(replace(item, class_name="GELU", defined_at=own) for item in model.modules)
    trace = replace(model.traces[0], modules=renamed, rows=())
    assert activations(context_of(with_model(modules=renamed, traces=(trace,)))) == ((Plain("—"),), ())


def test_activation_functions_are_those_that_ran() -> None:
    trace = sample_analysis().shapes.models[0].traces[0]
    row = replace(trace.rows[2], code="h = F.leaky_relu(self.up(self.norm(x)), 0.1)")
    analysis = with_model(traces=(replace(trace, rows=(*trace.rows[:2], row, *trace.rows[3:])),))
    names, spans = activations(context_of(analysis))
    assert line_text(names) == "`LeakyReLU`"
    assert spans == (row.where,)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("return x * torch.sigmoid(x)", "SiLU"),
        ("return torch.sigmoid(x) * x", "SiLU"),
        ("return x * x.sigmoid()", "SiLU"),
        ("return x * torch.tanh(F.softplus(x))", "Mish"),
        ("return y * torch.sigmoid(x)", "Sigmoid"),
        ("return torch.sigmoid(x) * x[0]", "Sigmoid"),
    ],
)
def test_an_activation_that_is_written_out_is_told_by_what_is_multiplied(written: str, name: str) -> None:
    trace = sample_analysis().shapes.models[0].traces[0]
    rows = (*trace.rows[:2], replace(trace.rows[2], code=written), *trace.rows[3:])
    found, _ = activations(context_of(with_model(traces=(replace(trace, rows=rows),))))
    assert line_text(found) == f"`{name}`"


def test_a_repeated_container_is_named_by_its_parts() -> None:
    model = sample_analysis().shapes.models[0]
    assert model.tree is not None
    embed, blocks, head = model.tree.children
    listed = replace(blocks.children[0], class_name="ModuleList", defined_at=None)
    children = (embed, replace(blocks, children=(listed,)), head)
    context = context_of(with_model(tree=replace(model.tree, children=children)))
    node = repeated_block(context)
    assert node is not None
    assert line_text(block_name(context, node)) == "(`RMSNorm`)"


def test_an_activation_that_is_written_out_is_told_once() -> None:
    trace = sample_analysis().shapes.models[0].traces[0]
    exact = replace(trace.rows[2], code="return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))")
    tanh = replace(trace.rows[2], code="y = 0.5 * x * (1 + torch.tanh(c * (x + 0.044715 * x ** 3)))")
    for row, name in ((exact, "`GELU`"), (tanh, "`GELU (tanh)`")):
        analysis = with_model(traces=(replace(trace, rows=(*trace.rows[:2], row)),))
        assert line_text(activations(context_of(analysis))[0]) == name
