"""Every sheet's own examples: positives are found, also after all names were changed, negatives are not."""

from __future__ import annotations

import ast

import pytest

from analyzer.index import SourceIndex
from analyzer.records.source import Repository, SourceFile
from analyzer.records.techniques import TechniqueFinding
from analyzer.techniques.program import Program
from analyzer.techniques.recognise import find_techniques
from analyzer.techniques.sheets import Sheet, load_sheets
from tests.techniques.renaming import rename_everything

HEADER = """import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from einops import rearrange, repeat
"""
POSITIVE = [pytest.param(s, e, id=f"{s.card.id}-{i}") for s in load_sheets() for i, e in enumerate(s.positive)]
NEGATIVE = [pytest.param(s, e, id=f"{s.card.id}-{i}") for s in load_sheets() for i, e in enumerate(s.negative)]


def techniques_in(source: str, sheet: Sheet) -> tuple[TechniqueFinding, ...]:
    file = SourceFile("example.py", "python", len(source), source.count("\n") + 1, "", source)
    index = SourceIndex(Repository("example", "", 1, 0), {"example.py": file})
    return find_techniques(Program(index), [sheet])


@pytest.mark.parametrize(("sheet", "example"), POSITIVE)
def test_a_positive_example_is_found_at_its_own_lines(sheet: Sheet, example: str) -> None:
    ast.parse(example)
    found = techniques_in(HEADER + example, sheet)
    assert found
    assert all(span.first_line > HEADER.count("\n") for finding in found for span in finding.where)


@pytest.mark.parametrize(("sheet", "example"), NEGATIVE)
def test_a_negative_example_is_not_found(sheet: Sheet, example: str) -> None:
    ast.parse(example)
    assert techniques_in(HEADER + example, sheet) == ()


@pytest.mark.parametrize(("sheet", "example"), POSITIVE)
def test_renaming_every_identifier_changes_nothing(sheet: Sheet, example: str) -> None:
    plain = techniques_in(HEADER + example, sheet)
    renamed = techniques_in(rename_everything(HEADER + example), sheet)
    assert [(f.form, f.where) for f in renamed] == [(f.form, f.where) for f in plain]


def test_every_sheet_has_examples_of_both_kinds_and_a_citation_with_identifier() -> None:
    for sheet in load_sheets():
        assert sheet.positive and sheet.negative, sheet.card.id
        assert all(s.identifier.startswith(("arXiv:", "doi:")) for s in sheet.card.sources), sheet.card.id


def test_prose_of_sheets_has_no_digits() -> None:
    for sheet in load_sheets():
        texts = [sheet.card.motivation, sheet.card.name, *(symbol.meaning for symbol in sheet.card.symbols)]
        assert not [t for text in texts for t in (text.en, text.zh) if any(c.isdigit() for c in t)], sheet.card.id


@pytest.mark.parametrize("sheet", [pytest.param(s, id=s.card.id) for s in load_sheets()])
def test_every_symbol_with_a_hole_is_bound_by_an_example(sheet: Sheet) -> None:
    bound = {b.hole for e in sheet.positive for f in techniques_in(HEADER + e, sheet) for b in f.bindings}
    assert {symbol.hole for symbol in sheet.card.symbols if symbol.hole} <= bound


def test_formulas_hold_no_words_of_a_language() -> None:
    for sheet in load_sheets():
        formulas = [sheet.card.formula, *(r.formula for r in sheet.recognitions if r.formula)]
        assert not [f for f in formulas if "\\text{" in f], sheet.card.id
