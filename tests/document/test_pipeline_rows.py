"""Shapes beside a stage: those of what the stage calls, and none where that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text, line_text
from document_sample import sample_analysis

from analyzer.document.alternatives import choices_told
from analyzer.document.context import Context
from analyzer.document.inline import value
from analyzer.document.outline import build_article
from analyzer.document.pipeline_rows import shapes_of_call, when
from analyzer.document.wording import Words
from analyzer.records.evidence import Evidence, Unknown
from analyzer.records.processes import Arm

TINY = sample_analysis().shapes.models[0].qualified_name
WHOLE = (["[B, T]", "[B, T]"], ["[B, T, vocab]", "[]"])
EMBED = (["[B, T]"], ["[B, T, width]"])
NONE: tuple[list[str], list[str]] = ([], [])


@pytest.mark.parametrize(
    ("text", "called", "function", "shapes"),
    [
        ("logits, loss = model(tokens, targets)", (TINY,), "", WHOLE),
        ("return self.model(tokens)[0]", (TINY,), "", WHOLE),
        ("logits = D_aug(tokens)", (TINY, "model.py:Other"), "", NONE),
        ("x = self.embed(tokens)", (), f"{TINY}.generate", EMBED),
        ("x = self.embed(tokens)", (), "other.py:Net.forward", NONE),
        ("x = model.embed(tokens)", (TINY,), "", NONE),
        ("x = embed(tokens)", (), f"{TINY}.generate", NONE),
        ("x = self.blocks(x)", (), "", NONE),
        ("for x in model", (), "", NONE),
    ],
)
def test_a_stage_has_shapes_only_of_what_it_is_proved_to_call(
    text: str, called: tuple[str, ...], function: str, shapes: tuple[list[str], list[str]]
) -> None:
    context = Context(sample_analysis(), Words("en"))
    assert context.trace is not None
    found = shapes_of_call(context, text, called, context.trace, function)
    assert ([str(spec) for spec in found[0]], [str(spec) for spec in found[1]]) == shapes


@pytest.mark.parametrize("called", [(), ("model.py:Other",)])
def test_a_call_of_another_model_has_no_shapes_of_this_one(called: tuple[str, ...]) -> None:
    context = Context(sample_analysis(), Words("en"))
    assert context.trace is not None
    assert shapes_of_call(context, "logits = self.model.forward(tokens)", called, context.trace) == ([], [])


def test_a_program_that_runs_another_model_gets_no_shapes_and_says_so() -> None:
    sample = sample_analysis()
    main = sample.facts.processes.training[0]
    for rule, shaped in (("runs_main_model", True), ("entry_of_program", False)):
        pipeline = replace(main, evidence=(Evidence(main.entry, rule),))
        processes = replace(sample.facts.processes, training=(pipeline,))
        analysis = replace(sample, facts=replace(sample.facts, processes=processes))
        text = document_text(build_article(Context(analysis, Words("en"))))
        stages = text.partition("[training_stages]")[2].partition("###")[0]
        assert ("→ `int64[B, T]`" in stages) is shaped
        assert (
            "the model that this article shows, could not be proved" in text.partition("## Inference")[0]
        ) is not shaped


def test_a_stage_says_which_arm_it_stands_in_and_in_which_loops_it_comes_again() -> None:
    context = Context(sample_analysis(), Words("en"))
    stage = context.analysis.facts.processes.training[0].stages[0]
    arms = tuple(Arm(1, number, "mode == 'new'" if number == 1 else "", stage.where) for number in (1, 2))
    staged = [replace(stage, arms=(arm,), condition=arm.condition or None) for arm in arms]
    assert [line_text(when(context, one)) for one in staged] == ["A1 if `mode == 'new'`", "A2 otherwise"]
    told = line_text(choices_told(context, staged)[0].text)  # type: ignore[union-attr]
    assert "A1/A2" in told and str(stage.where) in told
    deep = replace(stage, loops=(), condition="rank == 0", outer_conditions=("not (mode)", "step % 10 == 0"))
    assert line_text(when(context, deep)) == "if `step % 10 == 0`, if `rank == 0`"
    again = replace(stage, loops=(), condition=None, again=("for i in range(4)",))
    assert line_text(when(context, again)) == "once, also reached in `for i in range(4)`"
    often = replace(again, loops=("while a",), again=("for b in c", "while d", "", "while e"))
    said = "in `while a`, also reached in `for b in c`, `while d`, …, also reached outside of it"
    assert line_text(when(context, often)) == said


@pytest.mark.parametrize("reason", ["no_default", "required_argument"])
def test_what_a_caller_must_give_is_no_unknown(reason: str) -> None:
    assert line_text(value(Words("en"), Unknown(reason))) == "no default"
    assert line_text(value(Words("zh"), Unknown(reason))) == "无默认值"
