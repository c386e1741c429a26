"""Tables of the article as CSV, cells as plain text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from analyzer.records.document import Block, Details, Document, Inline, Line, Math, SourceRef, Table
from analyzer.render.text import one_line

NUMBER = re.compile(r"[-+]?[\d.,_]+(?:[eE][-+]?\d+)?%?")
FORMULA_STARTS = ("=", "+", "-", "@")
"""A spreadsheet would run a cell that begins so."""


def render_tables(document: Document) -> dict[str, str]:
    """Text of every table by its id; a second table of the same id is a fault of the document."""
    tables: dict[str, str] = {}
    for table in _tables((*document.lead, *(block for chapter in document.chapters for block in chapter.blocks))):
        if table.id in tables:
            raise ValueError(f"two tables of {document.path} are called {table.id}")
        tables[table.id] = _csv(table)
    return tables


def _tables(blocks: tuple[Block, ...]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Details):
            yield from _tables(block.blocks)


def _csv(table: Table) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerows([_cell(cell) for cell in row] for row in (table.header, *table.rows))
    return sink.getvalue()


def _cell(line: Line) -> str:
    text = one_line("".join(_text(part) for part in line))
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text) else text


def _text(part: Inline) -> str:
    if isinstance(part, SourceRef):
        return part.text or str(part.span)
    return part.latex if isinstance(part, Math) else part.text
