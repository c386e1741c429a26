"""Parameters of the module tables add up to the total, shares to the whole, also where modules share a tensor."""

from __future__ import annotations

from document_plain import line_text
from document_sample import sample_analysis

from analyzer.document.context import Context
from analyzer.document.module_rows import leaf_rows, top_rows
from analyzer.document.wording import Words


def cells(rows: list[tuple[tuple[object, ...], ...]], *columns: int) -> list[tuple[str, ...]]:
    return [tuple(line_text(row[column]) for column in columns) for row in rows]


def test_a_tied_weight_is_counted_where_it_stands_first_and_its_second_holder_names_it() -> None:
    context = Context(sample_analysis(), Words("en"))
    tied = "shares `embed.weight`, counted there"
    assert cells(top_rows(context), 0, 3, 4, 5) == [
        ("`embed`", "400", "400", "19.2 %"),
        ("`blocks.0` … `2`", "560", "1,680", "80.8 %"),
        ("`head`", "400", "0", f"0.0 %; {tied}"),
        ("Sum", "—", "2,080", "—"),
    ]
    assert cells(leaf_rows(context), 0, 2, 4, 5)[1:] == [
        ("`blocks.0.norm`", "3", "24", "—"),
        ("`blocks.0.up`", "3", "864", "`8, 32, bias=True`"),
        ("`blocks.0.down`", "3", "792", "`32, 8, bias=True`"),
        ("`head`", "1", "0", f"`8, 50, bias=False`; {tied}"),
        ("Sum", "—", "2,080", "—"),
    ]
