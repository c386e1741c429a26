"""The learning rate beside its optimizer: what replaces it, what a step of its curve is, what a further trainer has."""

from __future__ import annotations

from dataclasses import replace

from document_plain import document_text
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.optimizer_rows import optimizers, other_schedules, schedules
from analyzer.document.wording import Words
from analyzer.records.document import Block, Document
from analyzer.records.document import Chapter as Part
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline, Schedule, Stage

PLACE = at("train.py", "optimizer.step")
STEP = Stage("schedule", PLACE, "scheduler.step()", "train.py", loops=("for epoch in range(9)",), depth=1)
OWN = Schedule(
    "train.py:rate", PLACE, (("WARM", "8", Known(8, (PLACE,), "read")),), ((0, 0.25), (9, 0.5)), None,
    "0.5 * min(1, (step + 8) / 16)", "step", set_at=PLACE,
)  # fmt: skip


def told(*schedules_: Schedule, stages: tuple[Stage, ...] = ()) -> tuple[str, str, str]:
    """Optimizer, learning rate, and the rate of a further trainer as text."""
    sample = sample_analysis()
    pipeline: Pipeline = replace(sample.facts.processes.training[0], schedules=schedules_)
    pipeline = replace(pipeline, stages=(*pipeline.stages, *stages))
    context = Context(sample, Words("en"))

    def text(blocks: tuple[Block, ...]) -> str:
        return document_text(Document("x", "en", (), (Part("x", (), blocks),)))

    found = (optimizers(context, pipeline), schedules(context, pipeline), other_schedules(context, pipeline))
    return text(found[0]), text(found[1]), text(found[2])


def test_a_rate_that_the_loop_sets_is_told_with_its_formula_and_makes_the_constructed_one_short_lived() -> None:
    optimizer, rate, other = told(OWN)
    assert f"in effect only until <{PLACE}> puts another rate in its place" in optimizer
    assert "the rate is `0.5 * min(1, (step + 8) / 16)`, where `step` counts" in rate
    assert "“Step” is `step`, the share of the run in percent" in told(replace(OWN, in_percent=True))[1]
    assert "“Step” is the value of `step`" in rate and f"`WARM` | `8` | `8` | <{PLACE}>" in rate
    assert "`0.25` at first, `0.5` at most, `0.5` at the end" in other


def test_a_step_of_a_schedulers_curve_is_a_call_of_its_step() -> None:
    scheduler = replace(OWN, kind="torch.optim.lr_scheduler.StepLR", formula="", counter="", set_at=None)
    optimizer, rate, _ = told(scheduler, stages=(STEP,))
    assert "in effect only until" not in optimizer
    assert f"“Step” counts the calls of `scheduler.step()` (<{PLACE}>) in `for epoch in range(9)`." in rate


def test_where_code_speaks_of_a_schedule_nothing_is_said_of_the_rate() -> None:
    sample = sample_analysis()
    pipeline = replace(sample.facts.processes.training[0], schedules=())
    files = tuple(replace(file, text=file.text + "# lr_scheduler\n") for file in sample.facts.files)
    texts = []
    for facts in (sample.facts, replace(sample.facts, files=files)):
        context = Context(replace(sample, facts=facts), Words("en"))
        blocks = schedules(context, pipeline)
        texts.append(document_text(Document("x", "en", (), (Part("x", (), blocks),))))
    assert "whether its learning rate stays as constructed is not told" in texts[1]
