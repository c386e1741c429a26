"""A paper beside the code: what its pages say, its numbers against the source, and files that are no paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analyzer.analyze import AnalyzeOptions, analyze
from analyzer.facts import derive_facts
from analyzer.index import SourceIndex
from analyzer.records.bundles import Shapes
from analyzer.records.errors import UserError
from analyzer.records.paper import PaperClaim
from analyzer.techniques.paper import compared, read_paper
from analyzer.techniques.paper.quantities import QUANTITIES, number_of, quantity_named

from .pdf_pages import write_pdf

Write = Callable[[Mapping[str, str]], SourceIndex]

FIRST = """A Model of Small Size
Ann Author, ann@example.org
Abstract
Sequence models are used everywhere. However, they remain ex-
pensive to train. We propose a small model. It has 12 layers and 8 attention heads.
1 Introduction
The rest follows."""
SECOND = """2 Training
We train with a learning rate of 6e-4, a weight decay of 0.1 and a batch size of 64.
The dropout rate is 0.3. Adam with beta1 = 0.9 is used.
y = softmax(x W + b) (1)
L = -log p(x)
(2)
as shown in the survey (3)"""
SOURCE = {
    "train.py": """
        import torch
        n_layer = 12
        n_head = 4
        learning_rate = 6e-4
        weight_decay = 0.1
        batch_size = 32
        exec(open('configurator.py').read())
        model = torch.nn.Linear(n_layer, n_head)
        optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
        model(torch.ones(batch_size, n_layer)).sum().backward()
        optimizer.step()
        """,
    "nets.py": """
        SIZES = {"small": dict(depth=2, dropout=0.1), "large": dict(depth=4, dropout=0.5)}
        """,
}


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "paper.pdf", [FIRST, SECOND])


def test_title_abstract_problem_and_contribution_are_quoted_with_their_page(pdf: Path) -> None:
    paper = read_paper(pdf)
    assert (paper.name, paper.pages, paper.title) == ("paper.pdf", 2, "A Model of Small Size")
    assert paper.abstract[0].text.startswith("Sequence models") and "expensive to train" in paper.abstract[0].text
    assert "The rest follows" not in paper.abstract[0].text
    assert [(one.text, one.page) for one in paper.problem] == [("However, they remain expensive to train.", 1)]
    assert [(one.text, one.page) for one in paper.contributions] == [("We propose a small model.", 1)]


def test_numbered_equations_stand_with_their_page(pdf: Path) -> None:
    found = [(one.number, one.text, one.page) for one in read_paper(pdf).equations]
    assert found == [("1", "y = softmax(x W + b)", 2), ("2", "L = -log p(x)", 2)]


def claims(pdf: Path, index: SourceIndex) -> dict[str, PaperClaim]:
    return {one.number.quantity: one for one in compared(read_paper(pdf), derive_facts(index), Shapes()).claims}


def test_numbers_are_held_against_the_source_with_both_places(pdf: Path, repository: Write) -> None:
    found = claims(pdf, repository(SOURCE))
    assert {name: one.verdict for name, one in found.items()} == {
        "layers": "agree", "heads": "differ", "learning_rate": "agree", "weight_decay": "agree", "batch": "differ",
        "dropout": "unknown", "beta1": "unknown",
    }  # fmt: skip
    heads = found["heads"]
    assert (heads.number.value, heads.number.page) == (8, 1)
    assert [(name, value, str(where)) for name, value, where in heads.candidates] == [("n_head", "4", "train.py:3")]
    assert found["beta1"].candidates == ()
    assert [name for name, _, _ in found["dropout"].candidates] == ["large.dropout", "small.dropout"]


def test_cells_of_ruled_tables_belong_to_the_variant_that_heads_them(tmp_path: Path, repository: Write) -> None:
    rows = [["Model", "Depth", "Dropout"], ["Small", "2", "0.2"], ["Large", "4", "0.5"], ["Huge", "8", "0.5"]]
    pdf = write_pdf(tmp_path / "table.pdf", ["Sizes of all models that were trained"], rows)
    paper = compared(read_paper(pdf), derive_facts(repository(SOURCE)), Shapes())
    found = {(one.number.column, one.number.quantity): one.verdict for one in paper.claims if one.number.column}
    assert found == {
        ("Small", "layers"): "agree", ("Small", "dropout"): "differ", ("Large", "layers"): "agree",
        ("Large", "dropout"): "agree", ("Huge", "layers"): "unknown", ("Huge", "dropout"): "agree",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "value"),
    [("6e-4", 6e-4), ("6 × 10−4", 6e-4), ("10−3", 1e-3), ("1,024", 1024), ("124M", 124e6), (".5", 0.5), ("abc", None),
     ("3 × 10^4", 3e4), ("10", 10)],
)  # fmt: skip
def test_printed_numbers_are_read(printed: str, value: float | None) -> None:
    found = number_of(printed)
    assert found == (pytest.approx(value) if value is not None else None)


@pytest.mark.parametrize(
    ("name", "quantity"),
    [("Number of layers", "layers"), ("Learning rate", "learning_rate"), ("d_model", "width"), ("Hidden size D", None),
     ("n_embd", "width"), ("#Params", "parameters"), ("Accuracy", None), ("Layers (decoder)", "layers")],
)  # fmt: skip
def test_labels_name_quantities_as_a_whole(name: str, quantity: str | None) -> None:
    assert quantity_named(name) == quantity


def test_files_that_are_no_paper_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_text("<html>no</html>")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing here")
    write_pdf(tmp_path / "empty.pdf", [""])
    write_pdf(tmp_path / "locked.pdf", ["text"], password="secret")
    wanted = {
        "absent.pdf": "not a file", "page.pdf": "not a PDF", "broken.pdf": "cannot be read", "empty.pdf": "no text",
        "locked.pdf": "encrypted",
    }  # fmt: skip
    for name, words in wanted.items():
        with pytest.raises(UserError, match=words):
            read_paper(tmp_path / name)


def test_every_quantity_has_its_words_in_both_languages() -> None:
    from analyzer.document.wording import Words

    for language in ("en", "zh"):
        words = Words(language)  # type: ignore[arg-type]
        assert all(words.text(f"paper.q_{quantity.id}") for quantity in QUANTITIES)


def test_the_command_line_tells_a_wrong_paper_before_the_long_work(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_text("<html>no</html>")
    with pytest.raises(UserError, match="not a PDF"):
        analyze(AnalyzeOptions(str(tmp_path / "no_repository"), paper=str(tmp_path / "page.pdf")))
