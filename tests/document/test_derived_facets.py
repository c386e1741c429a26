"""Figures that take arithmetic or a look at built modules: constants of norms, scales, patches, tables of positions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import line_text
from document_sample import TINY, at, known, sample_analysis

from analyzer.document.context import Context
from analyzer.document.derived_facets import image_facets, norm_facets, pooling_facets, position_facets, scale_facets
from analyzer.document.facet import Facet
from analyzer.document.facets import facets
from analyzer.document.wording import Words
from analyzer.records.evidence import Condition
from analyzer.records.techniques import Binding, TechniqueFinding, TechniqueSheet, Text
from analyzer.records.tensors import Dim, ModelInput, ModuleCall, ModuleRecord, TakenArm, TensorSpec

LINE = at("model.py", "self.embed = nn.Embedding")
IMAGE = TensorSpec((Dim(2), Dim(3), Dim(64), Dim(32)), "float32")


def context_of(
    findings: tuple[tuple[str, TechniqueFinding], ...] = (),
    modules: tuple[ModuleRecord, ...] = (),
    inputs: tuple[ModelInput, ...] | None = None,
) -> Context:
    sample = sample_analysis()
    model = sample.shapes.models[0]
    trace = replace(model.traces[0], rows=(), modules=modules, inputs=inputs or model.traces[0].inputs)
    model = replace(model, modules=modules, traces=(trace,), unstated=())
    sheets = tuple(
        TechniqueSheet(found.sheet_id, Text("a", "a"), category, "", (), Text("", ""), ())
        for category, found in findings
    )
    found = replace(sample.findings, techniques=tuple(found for _, found in findings), sheets=sheets)
    context = Context(replace(sample, findings=found, shapes=replace(sample.shapes, models=(model,))), Words("en"))
    context.__dict__["executed"] = frozenset()
    return context


def told(rows: list[Facet]) -> dict[str, str]:
    return {row.key: line_text(row.value) for row in rows}


def test_the_small_constant_is_that_of_the_built_norms() -> None:
    norms = tuple(
        ModuleRecord(f"n{i}", "LayerNorm", 8, detail="8, eps=1e-06, elementwise_affine=True") for i in range(3)
    )
    linear = ModuleRecord("l", "Linear", 8, detail="in_features=2, eps=7")
    assert told(norm_facets(context_of(modules=(*norms, linear)))) == {"norm_epsilon": "`1e-06` (3 × `LayerNorm`)"}
    assert norm_facets(context_of(modules=(linear,))) == []


def test_the_constant_of_a_written_norm_is_what_its_modules_hold() -> None:
    found = TechniqueFinding("n", (TINY,), "written", (Binding("eps", "self.eps", LINE),), ("model.py:Tiny",))
    module = ModuleRecord("", "Tiny", 8, defined_at=TINY, values=(("eps", 1e-12),))
    other = replace(module, path="b", values=(("eps", 1e-6),))
    assert told(norm_facets(context_of((("norm", found),), (module,)))) == {"norm_epsilon": "`self.eps` = `1e-12`"}
    assert norm_facets(context_of((("norm", found),), (module, other))) == []


@pytest.mark.parametrize(
    ("code", "notes", "expected"),
    [
        ("1 / math.sqrt(self.d)", (), "`1 / math.sqrt(self.d)` = `0.125`"),
        ("1 / math.sqrt(k.size(-1))", (), "`1 / math.sqrt(k.size(-1))` = `0.25`"),
        ("self.scale", (), "`self.scale` = `0.5`"),
        ("scale", (), "`scale`"),
        (None, (("scale_is_library_default", ()),), "`1/sqrt(16)` = `0.25`, the library's default"),
        (None, (("no_scale", ()),), None),
    ],
)
def test_the_scale_of_scores_is_a_number_where_its_names_have_one(
    code: str | None, notes: tuple[tuple[str, tuple[()]], ...], expected: str | None
) -> None:
    bindings = (Binding("scale", code, LINE),) if code else ()
    found = TechniqueFinding("scaled_dot_product_attention", (TINY,), "f", bindings, ("model.py:Tiny",), notes=notes)
    module = ModuleRecord("", "Tiny", 8, defined_at=TINY, values=(("d", 64), ("scale", 0.5)))
    assert told(scale_facets(context_of((("attention", found),), (module,)), 16)).get("score_scale") == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(32, ("8 × 8", "(64/8)·(32/8) = 32")), (33, (None, None)), (None, (None, None))]
)
def test_patches_follow_from_the_length_of_their_sequence(count: int | None, expected: tuple[str | None, ...]) -> None:
    found = TechniqueFinding("patch_embedding", (LINE,), "f", (), ("model.py:Tiny",))
    sequence = TensorSpec((Dim(2), Dim(count), Dim(8)), "float32")
    module = ModuleRecord("p", "Sequential", 8, created_at=LINE, calls=(ModuleCall((IMAGE,), (sequence,)),))
    context = context_of((("structure", found),), (module,), (ModelInput("img", IMAGE, "signature"),))
    context.__dict__["family"] = "image_classifier"
    rows = told(image_facets(context))
    assert rows["image_size"] == "64 × 32"
    assert (rows.get("patch_size"), rows.get("patch_count")) == expected
    context.__dict__["family"] = "language_model"
    assert image_facets(context) == []


@pytest.mark.parametrize(("reason", "told_size"), [("signature", None), ("documented_call", "64 × 32")])
def test_sides_of_an_example_image_are_no_fact(reason: str, told_size: str | None) -> None:
    image = replace(IMAGE, shape=(*IMAGE.shape[:2], replace(IMAGE.shape[2], expression="H"), IMAGE.shape[3]))
    context = context_of((), (), (ModelInput("img", image, reason),))
    context.__dict__["family"] = "image_classifier"
    assert told(image_facets(context)).get("image_size") == told_size


@pytest.mark.parametrize(
    ("binding", "module", "expected"),
    [
        (Binding("P", "self.pos", LINE), ModuleRecord("", "Tiny", 8, own_shapes=(("pos", (65, 8)),)), "`pos`: 65 × 8"),
        (
            Binding("n", "config.n", LINE, known(9, LINE)),
            ModuleRecord("e.p", "Embedding", 8, created_at=LINE, detail="512, 768"),
            "`e.p`: 512 × 768",
        ),
        (Binding("P", "self.pos", LINE), ModuleRecord("", "Tiny", 8, own_shapes=(("other", (65, 8)),)), None),
    ],
)
def test_the_table_of_positions_is_told_with_its_sizes(
    binding: Binding, module: ModuleRecord, expected: str | None
) -> None:
    found = TechniqueFinding("learned_position_embedding", (TINY,), "f", (binding,), ("model.py:Tiny",))
    assert told(position_facets(context_of((("position", found),), (module,)))).get("position_table") == expected


@pytest.mark.parametrize(
    ("arms", "ran", "expected"),
    [
        (("x.mean(dim = 1)", "x[:, 0]"), (False, True), "first place of the sequence, `x[:, 0]`"),
        (("x.mean(dim = 1)", "x[:, 0]"), (True, False), "mean of all places, `x.mean(dim = 1)`"),
        (("x.mean(dim = 1)", "x[:, 0]"), (True, True), None),
        (("x.mean()", "x[0]"), (True, False), None),
    ],
)
def test_the_pooling_that_ran_is_told(arms: tuple[str, str], ran: tuple[bool, bool], expected: str | None) -> None:
    context = context_of()
    model = context.analysis.shapes.models[0]
    trace = replace(model.traces[0], arms=(TakenArm(LINE, 0, "pool == 'mean'", arms, ran, ("",)),))
    shapes = replace(context.analysis.shapes, models=(replace(model, traces=(trace,)),))
    context = Context(replace(context.analysis, shapes=shapes), Words("en"))
    for family, shown in (("image_classifier", expected), ("language_model", None)):
        context.__dict__["family"] = family
        assert told(pooling_facets(context)).get("pooling", "").partition(" (")[0] == (shown or "")


@pytest.mark.parametrize(
    ("text", "decided", "lines", "expected"),
    [
        ("T > 128", False, ("if n + T > most:", "    raise ValueError"), "128"),
        ("T <= 64", True, ("assert T <= most", "x = 1"), "64"),
        ("T > 128", False, ("if T > 128:", "    x = x[:, :8]"), None),
        ("T > 128", True, ("if n + T > most:", "    raise ValueError"), None),
    ],
)
def test_a_length_that_is_refused_is_the_context(
    text: str, decided: bool, lines: tuple[str, str], expected: str | None
) -> None:
    context = context_of()
    model = context.analysis.shapes.models[0]
    trace = replace(model.traces[0], conditions=(Condition(text, LINE, decided),))
    file = next(one for one in context.analysis.facts.files if one.path == LINE.path)
    written = file.text.split("\n")
    written[LINE.first_line - 1 : LINE.first_line + 1] = lines
    facts = replace(context.analysis.facts, files=(replace(file, text="\n".join(written)),))
    shapes = replace(context.analysis.shapes, models=(replace(model, traces=(trace,)),))
    found = Context(replace(context.analysis, facts=facts, shapes=shapes), Words("en"))
    assert told(list(facets(found))).get("context") == expected
