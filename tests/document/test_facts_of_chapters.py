"""Single statements of chapters: what they are derived from, and when they are withheld."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text, line_text
from document_sample import BLOCK, NORM, TINY, at, empty_analysis, known, sample_analysis

from analyzer.document.chapters import core_modules, innovations, modes, reference, training
from analyzer.document.context import Context, walk
from analyzer.document.diagrams import build_diagrams
from analyzer.document.facets import facets
from analyzer.document.outline import build_article
from analyzer.document.rating import ratings
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.document import Note, Table
from analyzer.records.evidence import Gap, Known, Unknown
from analyzer.records.processes import Optimizer
from analyzer.records.techniques import Binding, Claim, TechniqueFinding, TechniqueSheet, Text
from analyzer.records.tensors import Cost, Dim, ShapeTarget, TensorSpec, UnstatedSize


def context_of(analysis: Analysis) -> Context:
    return Context(analysis, Words("en"))


def with_model(analysis: Analysis, **changes: object) -> Analysis:
    model = replace(analysis.shapes.models[0], **changes)
    return replace(analysis, shapes=replace(analysis.shapes, models=(model,)))


def facet(analysis: Analysis, key: str) -> str | None:
    return next((line_text(item.value) for item in facets(context_of(analysis)) if item.key == key), None)


def test_counts_of_modules_are_withheld_where_the_whole_was_not_counted() -> None:
    analysis = with_model(sample_analysis(), parameters=Unknown("not_utf8"))
    context = context_of(analysis)
    text = str(core_modules.build(context).blocks)
    assert "could not be counted as a whole" in text
    assert "1,680" not in text
    assert facet(analysis, "parameters_total") == "unknown: The file is not valid UTF-8 text."


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("train.py", "as the training script builds it"),
        ("model.py", "as the repository's code builds it"),
        ("anywhere.py", "as the repository's code builds it"),
        ("README.md", "as the README shows it"),
    ],
)
def test_only_a_file_with_the_role_is_called_the_script_that_builds_the_model(path: str, said: str) -> None:
    analysis = with_model(sample_analysis(), build_where=replace(TINY, path=path))
    text = document_text(build_article(context_of(analysis)))
    assert said in text.partition("Built with")[2].partition("it has")[0]


def test_inputs_of_a_call_that_stopped_are_not_told_as_the_models() -> None:
    sample = sample_analysis()
    gap = Gap("model.py:9", "not_utf8")
    traces = tuple(replace(trace, output=(), gaps=(gap,)) for trace in sample.shapes.models[0].traces)
    assert facet(sample, "input") is not None
    assert facet(with_model(sample, traces=traces), "input") is None


def test_lines_that_only_one_mode_runs_are_found_from_the_traces() -> None:
    sample = sample_analysis()
    bare = replace(sample, findings=replace(sample.findings, line_differences=()))
    table = next(
        block for block in modes.build(context_of(bare)).blocks if isinstance(block, Table) and block.id == "mode_lines"
    )
    assert [line_text(row[0]) for row in table.rows] == ["`return logits, loss`"]
    assert line_text(table.rows[0][2]) == "does not run"


def test_state_of_adamw_is_not_stated_for_another_optimizer() -> None:
    sample = sample_analysis()
    pipeline = sample.facts.processes.training[0]
    sgd = replace(pipeline, optimizers=(Optimizer("torch.optim.SGD", (), (), at("train.py", "AdamW")),))
    processes = replace(sample.facts.processes, training=(sgd,))
    analysis = replace(sample, facts=replace(sample.facts, processes=processes))
    assert "Optimizer state" in str(training.build(context_of(sample)).blocks)
    assert "Optimizer state" not in str(training.build(context_of(analysis)).blocks)
    heavy = Optimizer("torch.optim.SGD", (("momentum", "0.9", Known(0.9, (), "read")),), (), at("train.py", "AdamW"))
    processes = replace(sample.facts.processes, training=(replace(pipeline, optimizers=(heavy,)),))
    analysis = replace(sample, facts=replace(sample.facts, processes=processes))
    assert "one value of four bytes" in str(training.build(context_of(analysis)).blocks)


def test_norm_that_the_built_model_lacks_is_not_on_the_fact_sheet() -> None:
    sample = sample_analysis()
    sheet = TechniqueSheet("batch_norm", Text("Batch norm", "批归一化"), "norm", "", (), Text("", ""), ())
    unused = TechniqueFinding("batch_norm", (at("model.py", "import torch"),), "call", models=("model.py:Tiny",))
    rows = sample.shapes.models[0].traces[0].rows
    ran = replace(rows[1], where=at("model.py", "scale = torch"), class_name="RMSNorm", module="blocks.0.norm")
    traced = with_model(sample, traces=(replace(sample.shapes.models[0].traces[0], rows=(*rows, ran)),))
    findings = replace(
        sample.findings, sheets=(*sample.findings.sheets, sheet), techniques=(*sample.findings.techniques, unused)
    )
    assert facet(replace(traced, findings=findings), "normalisation") == "RMSNorm"


def test_heads_are_the_size_that_is_neither_length_nor_batch() -> None:
    sample = sample_analysis()
    place = at("model.py", "h = self.up")
    sheet = TechniqueSheet("multi_head_attention", Text("MHA", "MHA"), "attention", "", (), Text("", ""), ())
    found = TechniqueFinding("multi_head_attention", (place,), "", (Binding("h", "H", place),), ("model.py:Block",))
    trace = sample.shapes.models[0].traces[0]
    four = TensorSpec((Dim(2, "B"), Dim(4), Dim(16, "T"), Dim(2)), "float32")
    three = TensorSpec((Dim(2, "B"), Dim(16, "T"), Dim(8)), "float32")
    row = replace(trace.rows[2], where=place, targets=(ShapeTarget("q", (four,)), ShapeTarget("x", (three,))))
    analysis = with_model(sample, traces=(replace(trace, rows=(*trace.rows[:2], row, *trace.rows[3:])),))
    findings = replace(sample.findings, sheets=(sheet,), techniques=(found,))
    assert facet(replace(analysis, findings=findings), "heads") == "`H` = 4"


def test_motivation_without_names_of_this_code_is_not_printed() -> None:
    sample = sample_analysis()
    sheet = replace(sample.findings.sheets[0], motivation=Text("It is simply better.", "就是更好。"))
    bare = TechniqueFinding("rms_norm", (at("model.py", "x = self.embed"),), "", (), ("model.py:Tiny",))
    named = replace(bare, bindings=(Binding("eps", "self.eps", NORM, known(1e-5, NORM)),))
    for found, printed in ((bare, False), (named, True)):
        analysis = replace(sample, findings=replace(sample.findings, sheets=(sheet,), techniques=(found,)))
        context = context_of(analysis)
        blocks = (*core_modules.build(context).blocks, *innovations.build(context).blocks)
        notes = [block for block in blocks if isinstance(block, Note)]
        assert any("simply better" in line_text(note.text) for note in notes) is printed


def test_stars_need_two_lines_of_evidence_and_follow_the_thresholds() -> None:
    found = {item.id: item for item in ratings(context_of(sample_analysis()))}
    assert found["training"].stars == 0
    assert found["typing"].stars == 1
    assert found["reproducibility"].stars == 2
    for item in found.values():
        assert item.stars == 0 or len(set(item.evidence)) >= 2
    (pinned,) = found["reproducibility"].thresholds
    shown = len(found["reproducibility"].evidence)
    assert found["reproducibility"].stars == 1 + sum(shown >= step for step in pinned)
    assert f"counted: {shown}" in line_text(found["reproducibility"].measured)


@pytest.mark.parametrize(
    ("agree", "differ", "unknown", "measured", "stars"),
    [
        (20, 0, 20, 500, 5),
        (20, 0, 200, 0, 1),
        (20, 0, 100, 0, 2),
        (19, 0, 0, 0, 4),
        (3, 0, 0, 0, 2),
        (2, 0, 0, 0, 1),
        (18, 2, 0, 0, 4),
        (10, 10, 0, 0, 2),
    ],
)
def test_documents_earn_stars_only_where_enough_of_their_statements_were_checked(
    agree: int, differ: int, unknown: int, measured: int, stars: int
) -> None:
    sample = sample_analysis()
    place = sample.findings.claims[0].where
    counts = {"agree": (agree, ""), "differ": (differ, ""), "unknown": (unknown, "subject_not_certain")}
    claims = [
        Claim("t", "1", "1", verdict, replace(place, first_line=number, last_line=number), (), "", reason)
        for verdict, (count, reason) in (*counts.items(), ("unknown", (measured, "measured")))
        for number in range(1, count + 1)
    ]
    analysis = replace(sample, findings=replace(sample.findings, claims=tuple(claims)))
    assert {item.id: item.stars for item in ratings(context_of(analysis))}["truthfulness"] == stars


def test_repository_without_a_model_says_what_was_searched() -> None:
    text = document_text(build_article(context_of(empty_analysis())))
    assert "no subclass of `torch.nn.Module` was found in the 1 files" in text
    assert "no loop calls `backward()`" in text
    assert text.count("[gap]") >= 8


def test_places_in_the_sample_are_where_they_claim_to_be() -> None:
    context = context_of(sample_analysis())
    for span in (TINY, BLOCK, NORM):
        assert context.quote(span).startswith("class ")


def test_classes_of_a_model_that_was_not_built_are_shown_without_place_and_size() -> None:
    unbuilt = with_model(sample_analysis(), parameters=Unknown("not_utf8"), tree=None, modules=(), traces=())
    context = context_of(unbuilt)
    text = document_text(build_article(context))
    assert "the model was not built, so its place and its size are not stated" in text.lower()
    assert "`Tiny` could not be built, so no shape is known" in text
    assert "was built and counted" not in text


def test_what_rests_on_an_example_size_is_not_told() -> None:
    sample = sample_analysis()
    node = next(child for child in walk(sample.shapes.models[0].tree) if child.repeats > 1)
    open_sizes = (UnstatedSize("depth", node.repeats, at("config.py", "class Config")),)
    analysis = with_model(sample, unstated=open_sizes, parameters=Unknown("sizes_not_in_source", (("names", "depth"),)))
    assert facet(analysis, "stack").startswith(f"? × `{node.class_name}`")
    assert f"{node.repeats} × " not in document_text(build_article(context_of(analysis)))
    drawn = build_diagrams(analysis)
    lines = [line for diagram in drawn for box in diagram.boxes for line in box.lines]
    lines += [group.label for diagram in drawn for group in diagram.groups]
    assert lines and not [line for line in lines if "parameters" in line or f"×{node.repeats}" in line]


def test_sizes_that_the_source_leaves_open_are_named_at_the_top() -> None:
    open_sizes = (UnstatedSize("vocab_size", 120, at("config.py", "class Config")),)
    analysis = with_model(
        sample_analysis(), unstated=open_sizes, parameters=Unknown("sizes_not_in_source", (("names", "vocab_size"),))
    )
    lead = document_text(build_article(context_of(analysis))).partition("Fact sheet")[0]
    assert "declares `vocab_size`" in lead and "120" not in lead


@pytest.mark.parametrize(
    ("name", "said"), [("flops_training", "of a training call"), ("flops", "traced without targets")]
)
def test_the_note_of_the_yardstick_says_whose_forward_pass_is_counted(name: str, said: str) -> None:
    cost = Cost(Known(7, (TINY,), "counted"), None, "products")
    text = "".join(
        str(block) for block in reference.build(context_of(with_model(sample_analysis(), costs=((name, cost),)))).blocks
    )
    assert said in text and "'7'" in text
