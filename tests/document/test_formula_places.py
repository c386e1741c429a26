"""A formula, its symbols and its reason stand once in an article; other chapters point to them."""

from __future__ import annotations

from dataclasses import replace

from document_plain import line_text
from document_sample import NORM, at, known, sample_analysis

from analyzer.document.chapters import core_modules, innovations, preface, training
from analyzer.document.context import Context
from analyzer.document.formula_places import told_at
from analyzer.document.wording import Words
from analyzer.records.document import BulletList, Formula, Note, Paragraph
from analyzer.records.techniques import Binding, Symbol, TechniqueFinding, TechniqueSheet, Text


def context() -> Context:
    """A technique of the model's own kind that the reference GPT has not, with a size of this code."""
    sample = sample_analysis()
    symbols = (Symbol("h", "n", Text("number of rings", "环数")),)
    sheet = TechniqueSheet(
        "rings", Text("Rings", "环"), "structure", "y = h x", symbols, Text("It spins.", "它旋转。"), ()
    )
    found = TechniqueFinding(
        "rings", (at("model.py", "x = self.embed"),), "", (Binding("n", "self.rings", NORM, known(7, NORM)),),
        ("model.py:Tiny",),
    )  # fmt: skip
    findings = sample.findings
    findings = replace(findings, sheets=(*findings.sheets, sheet), techniques=(*findings.techniques, found))
    return Context(replace(sample, findings=findings), Words("en"))


def test_the_reason_of_a_core_idea_stands_in_its_chapter_and_is_pointed_to() -> None:
    modules, ideas = core_modules.build(context()).blocks, innovations.build(context()).blocks
    assert not any("It spins" in line_text(block.text) for block in modules if isinstance(block, Note))
    pointers = [line_text(block.text) for block in modules if isinstance(block, Paragraph)]
    assert any("Why it is built so" in text and "#idea-rings" in text for text in pointers)
    (reason,) = [
        line_text(block.text) for block in ideas if isinstance(block, Note) and "spins" in line_text(block.text)
    ]
    assert "number of rings `self.rings` = 7" in reason


def test_symbols_stand_where_the_formula_is_first_told() -> None:
    latex = "y = h x"
    (full,) = [
        item for item in core_modules.build(context()).blocks if isinstance(item, Formula) and item.latex == latex
    ]
    (bare,) = [
        item for item in innovations.build(context()).blocks if isinstance(item, Formula) and item.latex == latex
    ]
    assert full.symbols and not bare.symbols
    assert told_at(context())["rings"].target == "#module-tiny"


def test_a_loss_is_told_where_training_is() -> None:
    losses = {item.sheet_id for item in context().techniques_of("loss")}
    assert losses
    assert all(told_at(context())[name].target == "#loss" for name in losses)
    shown = [block.latex for block in core_modules.build(context()).blocks if isinstance(block, Formula)]
    told = [block.latex for block in training.build(context()).blocks if isinstance(block, Formula)]
    assert told and not set(told) & set(shown)


def test_the_preface_says_what_is_new_with_its_sizes_apart_from_what_is_shared() -> None:
    blocks = preface.build(context()).blocks
    own, shared = [[line_text(item) for item in block.items] for block in blocks if isinstance(block, BulletList)]
    assert own == ["Rings in `Tiny`: number of rings `self.rings` = 7 (<model.py:44>)."]
    assert all("Rings" not in item for item in shared)
