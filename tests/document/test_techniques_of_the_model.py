"""What a constructor computed is the model's, although no line of it runs in a call; what it only made may be gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.evidence import Evidence
from analyzer.records.techniques import TechniqueFinding, TechniqueSheet, Text

LINE = "nn.init.normal_"


@pytest.mark.parametrize(
    ("rule", "ran", "counted"),
    [("predicate", True, True), ("predicate", False, False), ("call", True, False)],
)
def test_a_table_of_positions_made_by_a_constructor(rule: str, ran: bool, counted: bool) -> None:
    sample, where = sample_analysis(), at("model.py", LINE)
    lines = ((where.path, (where.first_line,) if ran else ()),)
    model = replace(sample.shapes.models[0], built_lines=lines)
    found = TechniqueFinding("waves", (where,), "x", models=("model.py:Tiny",), evidence=(Evidence(where, rule),))
    sheet = TechniqueSheet("waves", Text("Waves", "波"), "position", "", (), Text("", ""), ())
    findings = replace(sample.findings, techniques=(found,), sheets=(*sample.findings.sheets, sheet))
    analysis = replace(sample, shapes=replace(sample.shapes, models=(model,)), findings=findings)
    assert bool(Context(analysis, Words("en")).used_techniques) == counted
