"""What an article calls absent: nothing that a fact has or a line of code names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text
from document_sample import at, sample_analysis

from analyzer.document.absences import Standing, standing
from analyzer.document.chapters import training
from analyzer.document.chapters.inference import DECODING, SERVING
from analyzer.document.chapters.training import SYSTEM
from analyzer.document.context import Context
from analyzer.document.optimizer_rows import schedules
from analyzer.document.outline import build_article
from analyzer.document.wording import Words, read_template
from analyzer.records.bundles import Analysis
from analyzer.records.processes import Feature, Usage
from analyzer.records.techniques import TechniqueFinding

WHERE = at("model.py", "return logits, loss")
EVERY = dict.fromkeys((*SYSTEM, *DECODING, *SERVING))


def with_line(analysis: Analysis, line: str) -> Analysis:
    files = tuple(
        replace(file, text=f"{file.text}{line}\n") if file.path == "model.py" else file for file in analysis.facts.files
    )
    return replace(analysis, facts=replace(analysis.facts, files=files))


def with_feature(analysis: Analysis, name: str) -> Analysis:
    processes = analysis.facts.processes
    other = replace(processes.inference[0], main=False, features=(Feature(name, WHERE, "f()"),))
    return replace(
        analysis, facts=replace(analysis.facts, processes=replace(processes, inference=(*processes.inference, other)))
    )


def with_finding(analysis: Analysis, name: str) -> Analysis:
    found = TechniqueFinding(name, (WHERE,), "any")
    findings = analysis.findings
    return replace(
        analysis, findings=replace(findings, techniques=(*findings.techniques, replace(found, in_use=False)))
    )


def told(analysis: Analysis, name: str) -> Standing:
    return standing(Context(analysis, Words("en")), (name,))


@pytest.mark.parametrize("name", EVERY)
def test_what_any_fact_has_is_not_absent(name: str) -> None:
    sample = sample_analysis()
    for analysis in (with_feature(sample, name), with_finding(sample, name)):
        assert [(item, WHERE in spans) for item, spans in told(analysis, name).elsewhere] == [(name, True)]
        assert told(analysis, name).absent == ()


@pytest.mark.parametrize(
    ("name", "line", "is_named"),
    [
        ("min_p", "def keep_min_p(logits, p): pass", True),
        ("min_p", "admin_path = 1", False),
        ("quantization", "small = quantize_model(model)", True),
        ("exponential_moving_average", "self.ema_updater = EMA(0.995)", True),
        ("exponential_moving_average", "schema = 1", False),
        ("gradient_accumulation", "every = gradient_accumulate_every", True),
        ("gradient_accumulation", "scores = old + new  # accumulative scores", False),
        ("streaming", "upstream = 1", False),
        ("streaming", "class Streamer: pass", True),
    ],
)
def test_what_the_code_names_is_not_absent(name: str, line: str, is_named: bool) -> None:
    found = told(with_line(sample_analysis(), line), name)
    assert (bool(found.named), found.absent) == (is_named, () if is_named else (name,))
    assert all(span.sha256 for _, spans in found.named for span in spans)


def test_every_entry_of_the_words_is_a_technique_that_is_looked_for() -> None:
    assert set(read_template("knowledge", "names")) <= set(EVERY)


def test_commands_that_start_a_program_without_a_role_are_quoted() -> None:
    sample = sample_analysis()
    usage = Usage("python -m tool fit", "bash", at("model.py", "class Tiny"), "run")
    processes = replace(sample.facts.processes, usages=(usage, replace(usage, purpose="install")))
    text = document_text(
        build_article(Context(replace(sample, facts=replace(sample.facts, processes=processes)), Words("en")))
    )
    assert "Start its programs:" in text
    assert "quotes a command" not in text
    assert "Or:" not in text


@pytest.mark.parametrize(
    ("line", "said", "unsaid"),
    [
        ("loss.backward()", "though code computes gradients", "no loop calls"),
        ("pass", "no loop calls", "though code computes gradients"),
    ],
)
def test_no_training_program_is_not_no_training_code(line: str, said: str, unsaid: str) -> None:
    sample = sample_analysis()
    files = tuple(replace(file, text=f"{line}\n") for file in sample.facts.files if file.path == "model.py")
    facts = replace(sample.facts, files=files, processes=replace(sample.facts.processes, training=()))
    text = str(training.build(Context(replace(sample, facts=facts), Words("en"))).blocks)
    assert said in text and unsaid not in text


@pytest.mark.parametrize(("line", "is_named"), [("scheduler.step()", True), ("x = 1", False)])
def test_a_rate_that_seems_constant_is_told_with_the_schedulers_that_code_names(line: str, is_named: bool) -> None:
    sample = sample_analysis()
    files = tuple(replace(file, text=f"{line}\n") for file in sample.facts.files if file.path == "model.py")
    main = replace(sample.facts.processes.training[0], schedules=())
    context = Context(replace(sample, facts=replace(sample.facts, files=files)), Words("en"))
    text = str(schedules(context, main))
    assert ("code speaks of one at" in text) is is_named
