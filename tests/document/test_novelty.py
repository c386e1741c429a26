"""What is called distinguishing: what the reference GPT has not comes first, the plain parts only fill up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from document_plain import document_text
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.novelty import distinguishing
from analyzer.document.outline import build_article
from analyzer.document.wording import Words, read_template
from analyzer.records.techniques import TechniqueFinding, TechniqueSheet, Text


def context_with(*techniques: tuple[str, str]) -> Context:
    """The sample with techniques given as (id, category)."""
    sample = sample_analysis()
    sheets = tuple(TechniqueSheet(name, Text(name, name), kind, "", (), Text("", ""), ()) for name, kind in techniques)
    found = tuple(
        TechniqueFinding(name, (at("model.py", "x = self.embed"),), "", models=("model.py:Tiny",))
        for name, _ in techniques
    )
    analysis = replace(sample, findings=replace(sample.findings, sheets=sheets, techniques=found))
    return Context(analysis, Words("en"))


def chosen(*techniques: tuple[str, str]) -> list[str]:
    """Ids chosen among techniques."""
    return [item.sheet_id for item in distinguishing(context_with(*techniques))]


def test_ideas_of_the_model_come_before_what_surrounds_it() -> None:
    found = chosen(("mixed_precision", "system"), ("mixture_of_experts", "structure"), ("rms_norm", "norm"))
    assert found[0] == "mixture_of_experts"
    assert found.index("rms_norm") < found.index("mixed_precision")


def test_plain_parts_of_the_family_only_fill_up_to_three() -> None:
    found = chosen(*[(f"idea_{at}", "structure") for at in range(7)], ("dropout", "regularization"))
    assert len(found) == 5
    assert "dropout" not in found
    assert chosen(("dropout", "regularization"), ("layer_norm", "norm")) == ["layer_norm", "dropout"]


def test_a_technique_is_named_once() -> None:
    assert chosen(("swiglu", "activation"), ("swiglu", "activation")) == ["swiglu"]


def test_what_the_reference_lacks_is_named_even_where_it_tells_nothing() -> None:
    shared, common = ("dropout", "regularization"), ("batch_norm", "norm")
    told = [document_text(build_article(context_with(*found))) for found in ((shared, common), (shared,))]
    assert "the [reference GPT](#reference) lacks only batch_norm (" in told[0]
    assert "Every technique recognised in it is also in the" not in told[0]
    assert "Every technique recognised in it is also in the" in told[1]


def test_what_is_called_shared_holds_for_the_committed_report_of_the_reference() -> None:
    report = Path(__file__).parents[2] / "out" / "reference_model" / "facts.json"
    techniques = json.loads(report.read_text(encoding="utf-8"))["techniques"]
    found = {item["id"] for item in techniques if item["in_use"]}
    assert found <= set(read_template("knowledge", "common")["reference"]["techniques"])
