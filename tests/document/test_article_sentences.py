"""Single sentences and tables of the article: who is named, what is said once, what a caption tells apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text, line_text
from document_sample import at, known, sample_analysis

from analyzer.document import technique_blocks
from analyzer.document.build_text import build_text, is_in_docstring
from analyzer.document.chapters import architecture, checks, inference, summary
from analyzer.document.chapters.shapes import shape_flow
from analyzer.document.context import Context
from analyzer.document.holders import holder_of
from analyzer.document.outline import build_article
from analyzer.document.preset_rows import presets
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.configuration import Preset
from analyzer.records.document import BulletList, Document, Formula, Heading, Paragraph, Table
from analyzer.records.evidence import Known, Unknown
from analyzer.records.techniques import Binding, Pitfall, Symbol, TechniqueFinding, TechniqueSheet, Text, Unspecified
from analyzer.records.tensors import ModelShapes
from analyzer.techniques.findings.library_defaults import DEFAULTS

CONTEXT = Context(sample_analysis(), Words("en"))
INSIDE = at("model.py", "return x * scale")


def context_of(analysis: Analysis) -> Context:
    return Context(analysis, Words("en"))


def test_a_line_is_held_by_the_innermost_definition() -> None:
    assert holder_of(CONTEXT, INSIDE) == "RMSNorm.forward"
    assert holder_of(CONTEXT, at("model.py", "class RMSNorm")) == "RMSNorm"
    assert holder_of(CONTEXT, at("model.py", "import torch")) == ""
    assert holder_of(CONTEXT, at("README.md", "900 parameters")) == ""


def test_a_pitfall_names_the_class_it_stands_in() -> None:
    analysis = sample_analysis()
    found = replace(analysis.findings, pitfalls=(Pitfall("not_utf8", (INSIDE,)),))
    blocks = checks.build(context_of(replace(analysis, findings=found))).blocks
    items = [line_text(item) for block in blocks if isinstance(block, BulletList) for item in block.items]
    assert any(item.startswith("`RMSNorm.forward`: ") for item in items)


def captions(found: tuple[Preset, ...]) -> list[str]:
    analysis = sample_analysis()
    configuration = replace(analysis.facts.configuration, presets=found)
    blocks = presets(context_of(replace(analysis, facts=replace(analysis.facts, configuration=configuration))))
    return [line_text(block.caption) for block in blocks if isinstance(block, Table) and block.id.startswith("presets")]


def test_no_two_tables_of_presets_have_one_title() -> None:
    here, there = at("model.py", "class Tiny"), at("train.py", "get_batch")
    many = [Preset(f"p{n}", "Net", (("n", known(n, here)),), here) for n in range(8)]
    other = Preset("p1", "Net", (("n", known(9, there)),), there)
    command = Preset("README", "Net", (("n", known(9, there)),), there, layer="command_line")
    found = captions((*many, other, command))
    assert len(found) == len(set(found)) == 4
    assert found[0] == "Presets of `Net` in `model.py`, 1 to 6 of 8"
    assert found[3] == "What the commands in `train.py` give to `Net`"
    overrides = (
        Preset("a", "Net", (("n", known(1, here)),), here),
        Preset("b", "Net", (("n", known(2, there)),), there),
    )
    assert captions(overrides) == ["Presets of `Net`"]


def test_the_shapes_of_a_call_are_told_in_full_once() -> None:
    training, other = CONTEXT.trace_of("training"), CONTEXT.trace_of("inference")
    assert training is CONTEXT.trace is not None and other is not None
    pointer, table = shape_flow(CONTEXT, training, "t")
    assert isinstance(pointer, Paragraph) and isinstance(table, Table)
    assert {line_text(row[0]) for row in table.rows} == {"input", "output"}
    changed = replace(other.rows[-1], targets=training.rows[0].targets, module="")
    _, differing = shape_flow(CONTEXT, replace(other, rows=(*other.rows, changed)), "i")
    assert isinstance(differing, Table)
    assert len(differing.rows) == len(other.inputs) + len(changed.targets) + len(other.output)


@pytest.mark.parametrize(("count", "sections", "tables"), [(2, 2, 0), (5, 0, 1)])
def test_many_further_programs_are_one_table(count: int, sections: int, tables: int) -> None:
    analysis = sample_analysis()
    main = analysis.facts.processes.inference[0]
    entry = main.entry
    others = tuple(
        replace(main, main=False, entry=replace(entry, first_line=n + 1), entry_name=f"run{n}") for n in range(count)
    )
    processes = replace(analysis.facts.processes, inference=(main, *others))
    blocks = inference.build(context_of(replace(analysis, facts=replace(analysis.facts, processes=processes)))).blocks
    titles = [line_text(block.text) for block in blocks if isinstance(block, Heading)]
    assert sum(title.startswith("A further way") for title in titles) == sections
    assert sum(isinstance(block, Table) and block.id == "inference_others" for block in blocks) == tables


def test_what_the_family_shares_is_no_contribution() -> None:
    analysis = sample_analysis()
    shared = tuple(
        TechniqueFinding(name, (INSIDE,), "f", (), ("model.py:RMSNorm",)) for name in ("rms_norm", "weight_tying")
    )
    found = replace(analysis.findings, techniques=shared)
    text = document_text(
        Document("d", "en", (), (summary.build(context_of(replace(analysis, findings=found))),), (), ())
    )
    assert "1. Root mean square" not in text
    assert "what it contributes is code to read" in text


def test_evidence_tables_stand_behind_the_model() -> None:
    names = [chapter.id for chapter in build_article(CONTEXT).chapters]
    assert names.index("architecture") < names.index("core_modules") < names.index("reading_map")


FORMULA = TechniqueSheet(
    "penalty", Text("p", "p"), "norm", r"L = \lambda (\mathrm{Norm} - c) x",
    tuple(Symbol(name, hole, Text(f"meaning of {name}", "m")) for name, hole in (("c", ""), ("x", "x"), ("n", "n"))),
    Text("", ""), (),
)  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "bindings", "others", "told"),
    [
        (None, (), (), ["$c$ meaning of c", "$x$ meaning of x (no name of its own in this code)"]),
        (r"L = \mathcal{c} x", (), (), ["$x$ meaning of x (no name of its own in this code)"]),
        (None, (Binding("n", "count", INSIDE),), (), None),
        (None, (), (Binding("x", "image", INSIDE),), None),
    ],
)
def test_symbols_are_those_of_the_formula_with_the_names_of_any_place(
    formula: str | None, bindings: tuple[Binding, ...], others: tuple[Binding, ...], told: list[str] | None
) -> None:
    analysis = sample_analysis()
    one = TechniqueFinding("penalty", (INSIDE,), "f", bindings, ("model.py:RMSNorm",), formula=formula)
    two = replace(one, where=(at("model.py", "class RMSNorm"),), bindings=others)
    found = replace(analysis.findings, techniques=(one, two), sheets=(FORMULA,))
    context = context_of(replace(analysis, findings=found))
    (block,) = technique_blocks.formula(context, one)
    assert isinstance(block, Formula)
    shown = [f"{line_text((symbol,))} {line_text(text)}" for symbol, text in block.symbols]
    if told is not None:
        assert shown == told
    elif bindings:
        assert "`count`" in shown[-1]
    else:
        assert "`image`" in shown[1]


def test_a_build_is_shown_by_the_line_that_names_the_class() -> None:
    model = CONTEXT.model
    assert model is not None
    line = at("train.py", "model = Tiny")
    run = replace(model, build_expression="run(0, 1)", build_where=line)
    assert "Tiny(" in line_text(build_text(CONTEXT, run))
    assert line_text(build_text(CONTEXT, replace(run, build_where=INSIDE))) == "`run(0, 1)`"
    two = replace(model, build_expression="from a import b\nc = Config(3)\nTiny(c)")
    assert line_text(build_text(CONTEXT, two)) == "`c = Config(3); Tiny(c)`"
    assert line_text(build_text(CONTEXT, two, 12)) == "`Tiny(c)`"


def test_lines_of_a_docstring_are_told_from_code() -> None:
    analysis = sample_analysis()
    text = 'class A:\n    """Words.\n    a = A()\n    """\n    b = A()\n'
    file = replace(next(one for one in analysis.facts.files if one.path == "model.py"), text=text)
    context = context_of(replace(analysis, facts=replace(analysis.facts, files=(file,))))
    inside = replace(INSIDE, first_line=3, last_line=3)
    assert is_in_docstring(context, inside)
    assert not is_in_docstring(context, replace(inside, first_line=5, last_line=5))
    assert not is_in_docstring(context, replace(inside, path="README.md"))


@pytest.mark.parametrize("what", ["alternatives", "impact"])
def test_every_default_that_is_listed_has_its_alternatives_and_its_impact(what: str) -> None:
    names = {name for rows in DEFAULTS.values() for name, _ in rows} | {"weight"}
    assert {name for name in names if not Words("zh").has(f"open_arguments.{name}_{what}")} == set()


def test_an_open_argument_is_told_with_what_else_it_could_be() -> None:
    analysis = sample_analysis()
    rows = (Unspecified("AdamW.eps", INSIDE, "1e-08", "torch"), Unspecified("Own.unheard_of", INSIDE, "1", "torch"))
    found = replace(analysis.findings, unspecified=rows)
    blocks = checks.build(context_of(replace(analysis, findings=found))).blocks
    table = next(block for block in blocks if isinstance(block, Table) and block.id == "unspecified")
    cells = [[line_text(cell) for cell in row] for row in table.rows]
    assert cells[0][3] == "`1e-6`, `1e-12`" and "half precision" in cells[0][4]
    assert cells[1][3] == cells[1][4] == ""


def test_many_models_are_listed_from_large_to_small_and_the_extremes_are_named() -> None:
    analysis = sample_analysis()
    main = analysis.shapes.models[0]
    assert isinstance(main.parameters, Known)

    def other(name: str, total: int | None) -> ModelShapes:
        counts = replace(main.parameters.value, total=total) if total else None  # type: ignore[union-attr]
        found = Known(counts, (INSIDE,), "counted") if counts else Unknown("not_utf8")
        return replace(main, class_name=name, main=False, parameters=found)  # type: ignore[arg-type]

    models = (main, other("Small", 7), other("Open", None), other("Large", 9_000_000))
    blocks = architecture.build(context_of(replace(analysis, shapes=replace(analysis.shapes, models=models)))).blocks
    table = next(block for block in blocks if isinstance(block, Table) and block.id == "models")
    assert [line_text(row[0]) for row in table.rows] == [main.class_name, "`Large`", "`Small`", "`Open`"]
    texts = [line_text(block.text) for block in blocks if isinstance(block, Paragraph)]
    assert any("from `Small` with 7 parameters to `Large` with 9,000,000" in text for text in texts)
