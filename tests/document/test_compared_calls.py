"""That training and inference run the same lines is said only as far as both ran."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text
from document_sample import sample_analysis

from analyzer.document.chapters import modes
from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.document import Document
from analyzer.records.tensors import Trace

ALIKE = "Both traces run the same lines with the same shapes."
NOT_GIVEN = "Neither call was given `targets`"
NO_SHAPE = "The lines of the loss (<model.py:48>) gave no shape"


def told(training: Trace, inference: Trace) -> str:
    sample = sample_analysis()
    model = replace(sample.shapes.models[0], traces=(training, inference))
    analysis = replace(sample, shapes=replace(sample.shapes, models=(model,)))
    analysis = replace(analysis, findings=replace(analysis.findings, line_differences=()))
    chapter = modes.build(Context(analysis, Words("en")))
    return document_text(Document("x", "en", (), (chapter,)))


@pytest.mark.parametrize(
    ("targets", "lossless", "stopped", "said"),
    [
        (True, False, False, {ALIKE}),
        (False, False, False, {NOT_GIVEN}),
        (True, True, False, {NO_SHAPE}),
        (True, False, True, {"The inference call stopped before its result"}),
    ],
)
def test_what_the_two_calls_leave_open_is_said(targets: bool, lossless: bool, stopped: bool, said: set[str]) -> None:
    trace = sample_analysis().shapes.models[0].traces[0]
    rows = tuple(row for row in trace.rows if not (lossless and "loss =" in row.code))
    inputs = trace.inputs if targets else trace.inputs[:1]
    training = replace(trace, mode="training", rows=rows, inputs=inputs)
    inference = replace(training, mode="inference", output=() if stopped else trace.output)
    text = told(training, inference)
    every = {ALIKE, NOT_GIVEN, NO_SHAPE, "The inference call stopped before its result"}
    assert {sentence for sentence in every if sentence in text} == said
