"""Numbers in the tables of documents: rows named after a preset under columns named after its values or its size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.counts import count_claim, count_of
from analyzer.techniques.claims.sizes import Sizes
from analyzer.techniques.claims.texts import Row, rows

PARAMETERS = re.compile(
    r"^(?:#\s*)?(?:(?:number of|num\.?|total|model)\s+)?(?:#\s*)?(?:params?|parameters?|参数量?)\b", re.I
)
CELL = re.compile(r"^~?\d[\d,]*(?:\.\d+)?\s?[KMBkmb]?$")


def find_table_counts(index: SourceIndex, sizes: Sizes) -> Iterator[Claim]:
    """Rows that a preset's name begins, in a column headed by parameters."""
    for row in rows(index):
        size = sizes.named(row.cells[0]) if row.cells else None
        for title, cell in zip(row.header, row.cells, strict=False):
            if not PARAMETERS.match(title) or not CELL.match(cell):
                continue
            stated = cell if cell[-1].isalpha() else cell + (_unit_of(title) or "")
            where = index.span(row.line.path, row.line.number)
            if size is not None and count_of(stated) is not None:
                yield count_claim(row.line.text.strip(), stated, where, size, certain=True)
            else:
                yield Claim(row.line.text.strip(), stated, "", "unknown", where, (), row.cells[0], _why(row))


def _unit_of(title: str) -> str | None:
    """`Params (M)` gives its cells their unit."""
    match = re.search(r"\(\s*(?:in\s+)?([KMB])(?:illions?)?\s*\)", title, re.IGNORECASE)
    return match.group(1).upper() if match is not None else None


def _why(row: Row) -> str:
    return "not_built" if row.cells and row.cells[0] else "subject_not_named"
