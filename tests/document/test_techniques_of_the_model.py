"""What a constructor computed is the model's, although no line of it runs in a call; what it only made may be gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.evidence import Evidence, Unknown
from analyzer.records.techniques import TechniqueFinding, TechniqueSheet, Text

LINE = "nn.init.normal_"


@pytest.mark.parametrize(
    ("rule", "ran", "counted"),
    [("predicate", True, True), ("predicate", False, False), ("call", True, False), ("call of function", True, True)],
)
def test_a_table_of_positions_made_by_a_constructor(rule: str, ran: bool, counted: bool) -> None:
    sample, where = sample_analysis(), at("model.py", LINE)
    lines = ((where.path, (where.first_line,) if ran else ()),)
    model = replace(sample.shapes.models[0], built_lines=lines)
    owner = "model.py:make" if rule == "call of function" else "model.py:Tiny"
    evidence = (Evidence(where, rule.partition(" ")[0]),)
    found = TechniqueFinding("waves", (where,), "x", models=(owner,), evidence=evidence)
    sheet = TechniqueSheet("waves", Text("Waves", "波"), "position", "", (), Text("", ""), ())
    findings = replace(sample.findings, techniques=(found,), sheets=(*sample.findings.sheets, sheet))
    analysis = replace(sample, shapes=replace(sample.shapes, models=(model,)), findings=findings)
    assert bool(Context(analysis, Words("en")).used_techniques) == counted


@pytest.mark.parametrize(("stands_in", "told"), [(True, True), (False, False)])
def test_a_model_shown_in_the_place_of_the_main_one_brings_its_own_techniques(stands_in: bool, told: bool) -> None:
    sample, where = sample_analysis(), at("model.py", "return x + self.down")
    shown = replace(sample.shapes.models[0], main=not stands_in)
    lost = replace(
        shown, main=True, qualified_name="model.py:Lost", class_name="Lost", traces=(), parameters=Unknown("x")
    )
    models = (lost, shown) if stands_in else (shown,)
    evidence = (Evidence(where, "predicate"),)
    found = TechniqueFinding("sum", (where,), "x", models=("model.py:Block",), evidence=evidence, in_use=False)
    sheet = TechniqueSheet("sum", Text("Sum", "和"), "structure", "", (), Text("", ""), ())
    findings = replace(sample.findings, techniques=(found,), sheets=(sheet,))
    context = Context(replace(sample, shapes=replace(sample.shapes, models=models), findings=findings), Words("en"))
    assert (context.missing is not None, bool(context.used_techniques)) == (stands_in, told)
