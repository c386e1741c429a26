"""What is called distinguishing: what the reference GPT has not comes first, the plain parts only fill up."""

from __future__ import annotations

from dataclasses import replace

from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.novelty import distinguishing
from analyzer.document.wording import Words
from analyzer.records.techniques import TechniqueFinding, TechniqueSheet, Text


def chosen(*techniques: tuple[str, str]) -> list[str]:
    """Ids chosen among techniques given as (id, category)."""
    sample = sample_analysis()
    sheets = tuple(TechniqueSheet(name, Text(name, name), kind, "", (), Text("", ""), ()) for name, kind in techniques)
    found = tuple(
        TechniqueFinding(name, (at("model.py", "x = self.embed"),), "", models=("model.py:Tiny",))
        for name, _ in techniques
    )
    analysis = replace(sample, findings=replace(sample.findings, sheets=sheets, techniques=found))
    return [item.sheet_id for item in distinguishing(Context(analysis, Words("en")))]


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
