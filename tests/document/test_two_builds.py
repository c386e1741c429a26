"""Two builds of a model: both totals are told with their lines, and no number mixes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text, line_text
from document_sample import at, sample_analysis

from analyzer.document.chapters import configuration, core_modules, gaps, training
from analyzer.document.context import Context
from analyzer.document.diagrams import build_diagrams
from analyzer.document.facets import facets
from analyzer.document.program_builds import computes_alike
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis, ProgramBuild
from analyzer.records.document import Document
from analyzer.records.evidence import Assumption, Known
from analyzer.records.tensors import Cost, CostBasis, ModelShapes, ParameterCounts


def with_build(**changes: object) -> Analysis:
    """The sample whose training program builds its model with 321 parameters."""
    sample = sample_analysis()
    pipeline, shown = sample.facts.processes.training[0], sample.shapes.models[0]
    counts = Known(ParameterCounts(321, 300, 321), (), "counted")
    absent = (Assumption("file_absent", "data/meta.pkl", None),)
    model = replace(shown, parameters=counts, build_where=at("train.py", "model = Tiny"), assumptions=absent)
    build = ProgramBuild(pipeline.entry_name, pipeline.entry, replace(model, **changes))  # type: ignore[arg-type]
    return replace(sample, shapes=replace(sample.shapes, program_builds=(build,)))


def chapter_text(analysis: Analysis, chapter: object) -> str:
    context = Context(analysis, Words("en"))
    return document_text(Document("x", "en", (), (chapter.build(context),)))  # type: ignore[attr-defined]


def test_the_fact_sheet_and_the_chapters_give_both_totals_with_their_lines() -> None:
    analysis = with_build()
    found = {facet.key: facet for facet in facets(Context(analysis, Words("en")))}
    said = found["parameters_program"]
    assert line_text(said.value) == "321 (`train.py`, without `data/meta.pkl`)"
    assert said.where == (at("train.py", "model = Tiny"),)
    shown = line_text(found["parameters_total"].value)
    for chapter in (training, configuration):
        text = chapter_text(analysis, chapter)
        assert "321 parameters, 300 of them trainable" in text and f"which has {shown}" in text
        assert "`data/meta.pkl`" in text


def test_effective_values_are_said_to_be_of_the_program_and_the_counts_of_the_build_shown() -> None:
    analysis = with_build()
    facts = analysis.facts.configuration
    (table,) = facts.tables
    changed = (replace(table.values[1], effective=Known(99, (table.where,), "evaluated")), *table.values[2:])
    settings = replace(facts, tables=(replace(table, values=changed),), program="train.py")
    analysis = replace(analysis, facts=replace(analysis.facts, configuration=settings))
    text = chapter_text(analysis, core_modules)
    assert "“Effective” is what counts in a default run of `train.py`; the shapes and counts of this article" in text
    assert "in a default run of `train.py`" in chapter_text(analysis, configuration)


def test_a_file_that_a_programs_build_takes_as_absent_is_an_assumption_of_the_report() -> None:
    text = chapter_text(with_build(), gaps)
    assert "Assumptions: 0" not in text and "`data/meta.pkl`" in text


def test_a_program_that_builds_another_class_gets_its_own_shapes_and_no_cost_of_the_one_shown() -> None:
    text = chapter_text(with_build(class_name="Wide", qualified_name="model.py:Wide"), training)
    assert "builds `model.py:Wide`, not the `model.py:Tiny` of this article" in text
    assert "### Cost" not in text and "### Cost" in chapter_text(with_build(), training)


def test_charts_of_one_build_name_it_where_there_are_two() -> None:
    total = "2,080"
    titles = {drawn.id: drawn.title.en for drawn in build_diagrams(with_build())}
    assert titles["parameter_shares"].endswith(f": the build with {total} parameters")
    assert all("build with" not in drawn.title.en for drawn in build_diagrams(sample_analysis()))


def cost(flops: int, length: int) -> tuple[tuple[str, Cost], ...]:
    basis = CostBasis("inference", "forward", (("B", 2), ("T", length)))
    return (("flops", Cost(Known(flops, (), "counted"), None, "x", basis)),)


@pytest.mark.parametrize(
    ("costs", "alike"), [(cost(10, 4), True), (cost(12, 4), False), (cost(10, 5), False), ((), False)]
)
def test_a_cost_of_one_build_holds_for_the_other_only_where_the_same_call_costs_the_same(
    costs: tuple[tuple[str, Cost], ...], alike: bool
) -> None:
    analysis = with_build(costs=costs)
    shown: ModelShapes = replace(analysis.shapes.models[0], costs=cost(10, 4))
    analysis = replace(analysis, shapes=replace(analysis.shapes, models=(shown,)))
    context = Context(analysis, Words("en"))
    assert computes_alike(context, context.training) is alike
