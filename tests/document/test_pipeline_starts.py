"""How chapters tell where programs start: all from one fact, and a forward never as the start of inference."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text, line_text
from document_sample import at, known, sample_analysis

from analyzer.document.chapters import inference, overview, reading_map, summary, training
from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.configuration import ConfigTable, Configuration, ConfigValue
from analyzer.records.document import Chapter, Document
from analyzer.records.evidence import Unknown
from analyzer.records.processes import Chance, Feature, Optimizer, OptimizerGroup, Pipeline, Stage, StageKind, Start

HERE = at("train.py", "loss.backward()")


def text_of(chapter: Chapter) -> str:
    return document_text(Document("x", "en", (), (chapter,)))


def context_with(start: Start, kind: str = "inference", entries: bool = True, **fields: object) -> Context:
    analysis = sample_analysis()
    processes = analysis.facts.processes
    found = getattr(processes, kind)
    main = replace(found[0], main=True, start=start, **fields)
    structure = analysis.facts.structure
    structure = structure if entries else replace(structure, entry_points=())
    facts = replace(analysis.facts, processes=replace(processes, **{kind: (main, *found[1:])}), structure=structure)
    return Context(replace(analysis, facts=facts), Words("en"))


STARTS = [
    ("program", "Inference starts at", "Inference starts at", True),
    ("method", "Inference is offered by the method", "Inference is offered by", True),
    ("evaluation", "No program of this repository only infers", "No inference program; evaluated in", True),
    ("forward", "This repository has no inference program", "No inference program; callable", False),
]


@pytest.mark.parametrize(("start", "opening", "row", "is_program"), STARTS)
def test_inference_starts_nowhere_but_at_what_runs_the_model(
    start: Start, opening: str, row: str, is_program: bool
) -> None:
    context = context_with(start)
    assert opening in text_of(inference.build(context))
    assert row in document_text(Document("x", "en", (), (), overview.build_lead(context)))
    assert ("An inference program that can be followed" in text_of(summary.build(context))) is is_program


def test_functions_that_nothing_calls_are_ways_in_where_nothing_starts_by_itself() -> None:
    told = text_of(reading_map.build(context_with("function", "training", entries=False)))
    assert "Nothing here starts by itself" in told
    assert "function that no line here calls" in told
    assert "No entry point was found" not in told
    assert "Nothing here starts by itself" not in text_of(reading_map.build(context_with("function", "training")))


def test_an_evaluation_says_what_of_the_training_it_leaves_out() -> None:
    context = context_with("program", "training")
    processes = context.analysis.facts.processes
    judged = Pipeline(
        "inference", HERE, "train.py:check", False, (), (Stage("forward", HERE, "net(x)", "train.py:check"),),
        start="evaluation", left_out=(Stage("backward", HERE, "loss.backward()", "train.py:go"),),
        left_out_by=(("train", "False"),),
    )  # fmt: skip
    analysis: Analysis = replace(
        context.analysis, facts=replace(context.analysis.facts, processes=replace(processes, evaluations=(judged,)))
    )
    told = text_of(training.build(Context(analysis, Words("en"))))
    assert "Evaluation: `train.py:check`" in told
    assert "It runs the training's own code with `train=False`" in told
    closed = replace(judged, left_out=(), left_out_by=())
    facts = replace(analysis.facts, processes=replace(processes, evaluations=(closed,)))
    told = text_of(training.build(Context(replace(analysis, facts=facts), Words("en"))))
    assert "On its way neither gradients are taken nor an optimizer steps." in told
    assert line_text(Words("en").line("stages.metric")) == "metric"


def test_decisions_by_chance_stand_with_their_shares() -> None:
    rule = Chance("p < 0.8", known(0.8, HERE), known(0.12, HERE), "mask()", HERE, HERE, "train.py:draw", "for t in x")
    told = text_of(training.build(context_with("program", "training", chances=(rule, replace(rule, condition="")))))
    rows = [line for line in told.split("\n") if "mask()" in line]
    assert all(part in rows[0] for part in ("p < 0.8", "80 %", "12 %", "for t in x"))
    assert "otherwise" in rows[1]


def test_a_mask_drawn_below_an_attribute_has_what_the_built_modules_hold() -> None:
    open_share = Unknown("open_value")
    context = context_with("program", "training")
    model = context.model
    assert model is not None
    places = {module.defined_at for module in model.modules}
    owner = next(one.where for one in context.classes.values() if one.is_module and one.where in places)
    held = tuple(replace(m, values=(("rate", 0.1),)) if m.defined_at == owner else m for m in model.modules)
    rule = Chance("", open_share, open_share, "keep = torch.rand(3) < self.rate", owner, owner, "f", "", True)
    analysed = context.analysis.shapes
    shapes = replace(analysed, models=(replace(model, modules=held), *analysed.models[1:]))
    processes = context.analysis.facts.processes
    main = replace(processes.training[0], chances=(rule,))
    facts = replace(context.analysis.facts, processes=replace(processes, training=(main, *processes.training[1:])))
    told = text_of(training.build(Context(replace(context.analysis, shapes=shapes, facts=facts), Words("en"))))
    assert "10 %" in next(line for line in told.split("\n") if "self.rate" in line)


def test_what_training_does_at_the_same_line_is_no_craft_of_inference() -> None:
    shared = Feature("data_parallel", HERE, "nn.DataParallel(net)")
    own = replace(shared, id="top_k", code="topk(logits, 5)")
    context = context_with("program", "training", features=(shared,))
    processes = context.analysis.facts.processes
    inferring = replace(processes.inference[0], features=(shared, own))
    facts = replace(context.analysis.facts, processes=replace(processes, inference=(inferring,)))
    told = text_of(summary.build(Context(replace(context.analysis, facts=facts), Words("en"))))
    assert "decoding and serving features: 1" in told


def test_the_options_that_inference_reads_stand_with_their_values_and_lines() -> None:
    context = context_with("program")
    main = context.inference
    assert main is not None
    values = tuple(
        ConfigValue(name, str(default), known(default, main.entry), main.entry, used_at=(main.entry,))
        for name, default in (("temperature", 0.8), ("top_k", 200))
    )
    owner = ConfigTable("sample.py", "constants", main.entry, values)
    facts = replace(context.analysis.facts, configuration=Configuration((owner,)))
    told = text_of(inference.build(Context(replace(context.analysis, facts=facts), Words("en"))))
    rows = [line for line in told.split("\n") if "`temperature`" in line and "0.8" in line]
    assert len(rows) == 1 and str(main.entry.first_line) in rows[0]
    one = replace(facts, configuration=Configuration((replace(owner, values=values[:1]),)))
    assert "Options that it reads" not in text_of(
        inference.build(Context(replace(context.analysis, facts=one), Words("en")))
    )


def test_updates_of_several_optimizers_stand_with_their_losses() -> None:
    def stage(kind: StageKind, line: int, code: str, consumes: str = "", produces: str = "") -> Stage:
        return Stage(
            kind, replace(HERE, first_line=line, last_line=line), code, "train.py:go", (consumes,), (produces,)
        )

    stages = (
        stage("optimizer", 1, "A(d.parameters())", "", "self.d_opt"),
        stage("optimizer", 2, "B(g.parameters())", "", "self.g_opt"),
        stage("loss", 3, "d_loss"), stage("backward", 4, "d_loss.backward()"),
        stage("step", 5, "d_opt.step()", "net.d_opt"),
        stage("loss", 6, "g_loss"), stage("backward", 7, "g_loss.backward()"),
        stage("step", 8, "g_opt.step()", "net.g_opt"),
    )  # fmt: skip
    made = [
        Optimizer(name, (), (OptimizerGroup(f"{part}.parameters()", (), HERE),), stages[place].where)
        for place, (name, part) in enumerate((("torch.optim.Adam", "d"), ("torch.optim.SGD", "g")))
    ]
    told = text_of(training.build(context_with("program", "training", stages=stages, optimizers=tuple(made))))
    rows = [line for line in told.split("\n") if line.startswith(("`d_opt.step()`", "`g_opt.step()`"))]
    assert "Updates in turn" in told
    assert ["d.parameters()" in rows[0], "train.py:3" in rows[0], "train.py:6" in rows[0]] == [True, True, False]
    assert ["g.parameters()" in rows[1], "train.py:6" in rows[1], "train.py:3" in rows[1]] == [True, True, False]
    alone = text_of(training.build(context_with("program", "training", stages=stages[:5], optimizers=tuple(made))))
    assert "Updates in turn" not in alone


def test_of_exclusive_optimizers_the_one_of_the_defaults_is_marked() -> None:
    adam = Optimizer("torch.optim.Adam", (), (), HERE, "opt == 'adam'", True)
    sgd = Optimizer("torch.optim.SGD", (), (), HERE, "opt == 'sgd'", False)
    told = text_of(training.build(context_with("program", "training", optimizers=(adam, sgd))))
    assert "A run builds one of several optimizers; with the defaults it is `torch.optim.Adam`" in told
    assert "only if `opt == 'sgd'`, which does not hold in a default run" in told
    alone = text_of(
        training.build(context_with("program", "training", optimizers=(replace(adam, condition=None), sgd)))
    )
    assert "A run builds one of several optimizers" not in alone
