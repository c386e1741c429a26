"""The gallery speaks the model's language and quotes code, not identifiers of rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text
from document_sample import at, sample_analysis

from analyzer.document.companions import gallery
from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.evidence import Evidence, Known
from analyzer.records.processes import Stage
from analyzer.records.structure import RoleAssignment
from analyzer.records.techniques import ModeDifference
from analyzer.records.tensors import Illustration

SENTENCE = Illustration("ab", ("a", "b"), (1, 2), ((1.0, 0.0), (0.5, 0.5)))


def text_of(family: str = "language_model") -> str:
    sample = sample_analysis()
    rows = (
        ModeDifference("data", (at("train.py", "get_batch"),), (), "get_batch()", "data_absent"),
        ModeDifference("modules", (), (), "gradient_clipping, rms_norm", "no_such_stage"),
    )
    assert sample.shapes.reference is not None
    shapes = replace(sample.shapes, reference=replace(sample.shapes.reference, illustration=SENTENCE))
    analysis = replace(sample, shapes=shapes, findings=replace(sample.findings, mode_differences=rows))
    context = Context(analysis, Words("en"))
    context.__dict__["family"] = family
    return document_text(gallery.build(context))


def test_frames_quote_code_and_name_parts_in_words() -> None:
    text = text_of()
    assert "data: get_batch()" in text and "modules: gradient clipping, rms norm" in text
    assert "data_absent" not in text and "no_such_stage" not in text


@pytest.mark.parametrize(("family", "shown"), [("language_model", True), ("image_classifier", False)])
def test_a_sentence_is_drawn_for_models_of_text_alone(family: str, shown: bool) -> None:
    text = text_of(family)
    assert ("character tokenizer" in text) is shown
    assert ("this model reads no text" in text) is not shown


def test_a_model_without_weights_has_no_bar_among_the_published_sizes() -> None:
    sample = sample_analysis()
    first, *others = sample.shapes.models
    assert isinstance(first.parameters, Known)
    empty = replace(first, parameters=replace(first.parameters, value=replace(first.parameters.value, total=0)))
    context = Context(replace(sample, shapes=replace(sample.shapes, models=(empty, *others))), Words("en"))
    context.__dict__["family"] = "language_model"
    assert "(*)" in text_of() and "(*)" not in document_text(gallery.build(context))


def test_the_loop_of_training_is_the_one_around_its_update() -> None:
    sample = sample_analysis()
    where = at("model.py", "x = self.embed")
    stages = (
        Stage("schedule", where, "group['lr'] = lr", "run", loops=("while True", "for group in groups")),
        Stage("backward", where, "loss.backward()", "run", loops=("while True", "for micro in range(4)")),
        Stage("log", where, "print(x)", "run", loops=("for line in report",)),
    )
    processes = sample.facts.processes
    main = replace(processes.training[0], main=True, stages=stages)
    facts = replace(sample.facts, processes=replace(processes, training=(main,)))
    drawn = document_text(gallery.build(Context(replace(sample, facts=facts), Words("en"))))
    loop = drawn.split("1. schedule")[1].split("## ")[0]
    assert "+--> while True" in loop
    assert "2. backward" in loop and "print(x)" not in loop


def test_each_file_is_read_once_as_what_it_is_most() -> None:
    sample = sample_analysis()
    where = at("model.py", "x = self.embed")
    named = [("a/x.py", "config"), ("a/y.py", "config"), ("train.py", "config"), ("train.py", "training"),
             ("model.py", "inference"), ("model.py", "model")]  # fmt: skip
    roles = tuple(RoleAssignment(role, path, (Evidence(where, "r"),)) for path, role in named)
    facts = replace(sample.facts, structure=replace(sample.facts.structure, roles=roles))
    drawn = document_text(gallery.build(Context(replace(sample, facts=facts), Words("en"))))
    path = [line.split() for line in drawn.split("a/ (2 files)")[1].splitlines() if ".py" in line]
    assert path == [["model.py", "model"], ["train.py", "training"]]
