"""A repository without a training program still has its losses and optimizers; what a loss leaves out is told."""

from __future__ import annotations

from dataclasses import replace

from document_plain import document_text, line_text
from document_sample import at, sample_analysis

from analyzer.document.chapters import gaps, training
from analyzer.document.context import Context
from analyzer.document.outline import build_article
from analyzer.document.training_parts import training_parts
from analyzer.document.wording import Words
from analyzer.records.document import Table
from analyzer.records.evidence import Assumption
from analyzer.records.structure import ArgumentInfo, ClassInfo, FunctionInfo
from analyzer.records.techniques import Binding, TechniqueFinding, TechniqueSheet, Text

WHERE = at("model.py", "class RMSNorm")
SAMPLE = sample_analysis()


def defined(name: str, base: str) -> ClassInfo:
    arguments = (ArgumentInfo("self"), ArgumentInfo("params"), ArgumentInfo("b1", None, "0.9"))
    made = FunctionInfo("__init__", f"model.py:{name}.__init__", WHERE, arguments)
    return ClassInfo(name, f"model.py:{name}", replace(WHERE, first_line=900 + len(name)), (base,), False, (made,))


def rows(context: Context) -> dict[str, list[str]]:
    tables = [block for block in training_parts(context) if isinstance(block, Table)]
    return {table.id: [" | ".join(line_text(cell) for cell in row) for row in table.rows] for table in tables}


def test_what_training_would_use_is_told_without_a_program() -> None:
    structure = replace(
        SAMPLE.facts.structure,
        classes=(
            *SAMPLE.facts.structure.classes,
            defined("OwnAdam", "torch.optim.Optimizer"),
            defined("Other", "object"),
        ),
    )
    sheet = TechniqueSheet("ce", Text("Cross-entropy", "c"), "loss", "", (), Text("", ""), ())
    found = TechniqueFinding("ce", (WHERE,), "f", (Binding("ignore", "-1", WHERE),), ("model.py:RMSNorm",))
    analysis = replace(
        SAMPLE,
        facts=replace(SAMPLE.facts, structure=structure),
        findings=replace(SAMPLE.findings, techniques=(found,), sheets=(sheet,)),
    )
    told = rows(Context(analysis, Words("en")))
    assert told["losses_of_classes"] == [f"`RMSNorm` | Cross-entropy | `-1` | <{WHERE}>"]
    assert [row.partition(" | <")[0] for row in told["defined_optimizers"]] == [
        "`OwnAdam` | `torch.optim.Optimizer` | `params`, `b1=0.9`"
    ]
    assert "defined_schedulers" not in told
    silent = replace(found, sheet_id="cross_entropy_loss", bindings=())
    sheets = (replace(sheet, id="cross_entropy_loss"),)
    analysis = replace(analysis, findings=replace(analysis.findings, techniques=(silent,), sheets=sheets))
    assert "`-100`" in rows(Context(analysis, Words("en")))["losses_of_classes"][0]


def test_an_index_that_the_code_does_not_give_is_the_librarys() -> None:
    main = SAMPLE.facts.processes.training[0]
    for function, left in (("torch.nn.functional.cross_entropy", True), ("torch.nn.functional.mse_loss", False)):
        losses = tuple(replace(item, function=function, ignore_index=None) for item in main.losses)
        processes = replace(SAMPLE.facts.processes, training=(replace(main, losses=losses),))
        context = Context(replace(SAMPLE, facts=replace(SAMPLE.facts, processes=processes)), Words("en"))
        assert ("'-100'" in str(training.build(context).blocks)) is left


def test_what_several_models_assume_is_one_row() -> None:
    assumed = Assumption("stand_in", "flash", WHERE, 2)
    models = tuple(
        replace(model, assumptions=(assumed, replace(assumed, rows=3))) for model in SAMPLE.shapes.models[:1]
    )
    models = tuple(replace(model, traces=()) for model in models)
    context = Context(replace(SAMPLE, shapes=replace(SAMPLE.shapes, models=models)), Words("en"))
    table = next(b for b in gaps.build(context).blocks if isinstance(b, Table) and b.id == "assumptions")
    shown = [[line_text(cell) for cell in row] for row in table.rows if "`flash`" in line_text(row[1])]
    assert [row[-1] for row in shown] == ["5"]


def test_the_class_is_quoted_on_the_first_screen() -> None:
    info = next(item for item in SAMPLE.facts.structure.classes if item.name == "Tiny")
    classes = tuple(
        replace(item, docstring="Tells the next token. And more.\n\nDetails.") if item is info else item
        for item in SAMPLE.facts.structure.classes
    )
    facts = replace(SAMPLE.facts, structure=replace(SAMPLE.facts.structure, classes=classes))
    text = document_text(build_article(Context(replace(SAMPLE, facts=facts), Words("en"))))
    assert "The class says of itself: “Tells the next token.”" in text
