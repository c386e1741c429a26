"""A row of shapes tells all that a statement gives: of a returned tuple every tensor."""

from __future__ import annotations

from dataclasses import replace

from document_sample import at, sample_analysis

from analyzer.document.chapters.shapes import _function_of, changes
from analyzer.document.inline import shapes_text
from analyzer.document.pipeline_rows import _given_at
from analyzer.records.processes import Stage
from analyzer.records.tensors import Dim, ShapeRow, ShapeTarget, TensorSpec

PAIR = (TensorSpec((Dim(2), Dim(2)), "float32"), TensorSpec((Dim(2), Dim(16), Dim(50)), "float32"))


def row(code: str, name: str, *tensors: TensorSpec) -> ShapeRow:
    return ShapeRow(at("model.py", code), code, "", ("",), "Tiny", "forward", 1, (ShapeTarget(name, tensors),))


def test_a_returned_tuple_is_one_change_with_all_its_tensors() -> None:
    trace = sample_analysis().shapes.models[0].traces[0]
    rows = (
        row("x = self.embed", "x", PAIR[0]),
        row("logits = self.head", "x", PAIR[0]),
        row("return logits", "return", *PAIR),
    )
    trace = replace(trace, rows=rows)
    assert [(name, shapes_text(specs)) for _, name, specs in changes(trace)] == [
        ("x", "[2, 2]"),
        ("return", "[2, 2], [2, 16, 50]"),
    ]
    stage = Stage("forward", at("model.py", "return logits"), "return a(x), b(x)", "model.py:Tiny.forward")
    assert _given_at(stage, trace) == list(PAIR)


def test_a_function_of_no_class_is_told_by_its_name_and_who_calls_it() -> None:
    method, free = row("x = self.embed", "x", PAIR[0]), row("logits = self.head", "x", PAIR[0])
    assert _function_of(replace(method, function="Base.forward")) == ("Tiny.forward", "")
    assert _function_of(replace(free, function="modulate")) == ("modulate", "Tiny")
    assert _function_of(replace(free, function="modulate", class_name="")) == ("modulate", "")
