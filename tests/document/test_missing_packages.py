"""The chapter of gaps says which missing package leaves how many rows empty, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import line_text
from document_sample import sample_analysis

from analyzer.document.chapters import gaps
from analyzer.document.context import Context
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.document import Block, Table
from analyzer.records.evidence import Gap

KERNEL = Gap("model.py:3", "package_not_available", (("detail", "kernels.scan"),))


def with_trace_gaps(*found: Gap) -> Analysis:
    sample = sample_analysis()
    model = sample.shapes.models[0]
    trace = replace(model.traces[0], gaps=found)
    model = replace(model, traces=(trace, trace))
    return replace(sample, shapes=replace(sample.shapes, models=(model,), presets=(model,)))


def chapter(analysis: Analysis, language: str) -> tuple[Block, ...]:
    return gaps.build(Context(analysis, Words(language))).blocks


@pytest.mark.parametrize("language", ["en", "zh"])
def test_packages_are_listed_with_the_rows_of_all_calls_of_one_model(language):
    blocks = chapter(with_trace_gaps(KERNEL, replace(KERNEL, unlocks=5)), language)
    table = next(block for block in blocks if isinstance(block, Table) and block.id == "missing_packages")
    assert [[line_text(cell) for cell in row] for row in table.rows] == [
        ["`kernels`", "`kernels.scan`", "10", "`model.py:3`"]
    ]


def test_nothing_is_said_of_packages_where_none_is_missing():
    blocks = chapter(with_trace_gaps(), "en")
    assert not any(isinstance(block, Table) and block.id == "missing_packages" for block in blocks)
