"""Papers as publishers set them: two columns, ligatures, words parted at line ends, tables without vertical rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.techniques.paper import read_paper
from analyzer.techniques.paper.numbers import in_sentences
from analyzer.techniques.paper.pages import plain
from analyzer.techniques.paper.plain_tables import plain_tables

from .pdf_pages import write_places

LEFT, RIGHT, FIRST, STEP = 50, 320, 700, 14
FI = "\xae"
"""The code of the ligature in the encoding of the standard fonts."""
ABSTRACT = [
    "ABSTRACT", "Images are everywhere. However, recog-", "nition remains dif" + FI + "cult. We pro-", "pose one "
    + FI + "ne model with 12 layers.", "1. INTRODUCTION", "The con" + FI + "guration is simple:",
    "a weight decay coef" + FI + "cient " + FI + "xed at", "0.05 and 8 attention heads in",
    "12 layers with 8 attention heads.",
]  # fmt: skip
TABLE = [
    ("Model", "Layers", "Heads"), ("Small", "6", "4"), ("Base", "12", "8"), ("Large", "24", "16"),
]  # fmt: skip
SETTINGS = [("Learning rate", "3e-4"), ("Weight decay", "0.05"), ("Warmup steps", "10,000"), ("Batch size", "256")]


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    places = [(120.0, 760.0, 16.0, "A Model in Two Columns"), (120.0, 742.0, 16.0, "and Its Second Line")]
    places += [(LEFT, FIRST - STEP * n, 10.0, line) for n, line in enumerate(ABSTRACT)]
    for down, row in enumerate(TABLE):
        places += [(RIGHT + 70 * n, FIRST - STEP * down, 10.0, cell) for n, cell in enumerate(row)]
    for down, pair in enumerate(SETTINGS, 6):
        places += [(RIGHT + 110 * n, FIRST - STEP * down, 10.0, cell) for n, cell in enumerate(pair)]
    return write_places(tmp_path / "paper.pdf", places)


def test_the_title_is_what_is_largest(paper: Path) -> None:
    assert read_paper(paper).title == "A Model in Two Columns and Its Second Line"


def test_ligatures_and_parted_words_are_read_as_words(paper: Path) -> None:
    found = read_paper(paper)
    assert "recognition remains difficult" in found.abstract[0].text
    assert [p.text for p in found.contributions] == ["We propose one fine model with 12 layers."]


def test_numbers_of_sentences_and_of_unruled_tables(paper: Path) -> None:
    found = {(n.quantity, n.value, n.column) for n in read_paper(paper).numbers}
    sizes = {
        (name, float(value), row[0])
        for row in TABLE[1:]
        for name, value in zip(("layers", "heads"), row[1:], strict=True)
    }
    settings = {("learning_rate", 3e-4, ""), ("weight_decay", 0.05, ""), ("warmup", 1e4, ""), ("batch", 256.0, "")}
    assert found == sizes | settings | {("layers", 12.0, ""), ("heads", 8.0, "")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 layers with 8 attention heads", {("layers", 12.0), ("heads", 8.0)}),
        ("Weight decay 0.05\nWarmup steps 10,000\nBatch size 256", set()),
        ("a weight decay coefficient of 0.1", {("weight_decay", 0.1)}),
        ("a network of 12\nlayers", {("layers", 12.0)}),
    ],
)
def test_a_number_belongs_to_one_quantity(text: str, found: set[tuple[str, float]]) -> None:
    assert {(number.quantity, number.value) for number in in_sentences([text])} == found


def test_every_hyphen_and_ligature_is_plain() -> None:
    assert plain("coe\ufb03cient \ufb01ne\u2010tuned \ufb02ow") == "coefficient fine-tuned flow"


def word(text: str, x: float, y: float) -> dict[str, object]:
    return {"text": text, "x0": x, "x1": x + 5.0 * len(text), "top": y - 10, "bottom": y}


def test_running_text_is_no_table() -> None:
    lines = ["we train all of these models", "with the same settings as in", "the work before, and 12 more"]
    words = [word(t, 40 + 32 * n, 100 + 12 * y) for y, line in enumerate(lines) for n, t in enumerate(line.split())]
    assert plain_tables(words, 600.0) == []


def test_rows_of_other_columns_are_no_part_of_a_table() -> None:
    rows = [("a", "1", "2"), ("b", "3", "4"), ("c", "5"), ("d", "6", "7")]
    words = [word(t, 40 + 80 * n, 100 + 12 * y) for y, row in enumerate(rows) for n, t in enumerate(row)]
    assert plain_tables(words, 2000.0) == []
