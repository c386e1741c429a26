"""Tables: the same number of cells in every row, and sums that are the sum of their column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from benchmarks.report_lint.finding import Finding, MarkdownFile

TOTALS = {"**Sum**", "**合计**"}
REASON = {"Reason", "原因"}
IDENTIFIER = re.compile(r"`[a-z]+(?:_[a-z]+)+(?:: [^`]*)?`")
NUMBER = re.compile(r"-?[\d,]+")


@dataclass(frozen=True)
class Row:
    line: int
    cells: tuple[str, ...]


def table_findings(file: MarkdownFile) -> Iterator[Finding]:
    """Rows that do not fit their header, tables that no parser reads, totals that are none."""
    for table in tables(file.tokens):
        yield from _ragged(file, table)
        yield from _sums(file, table)
        yield from _reasons(file, table)
    for token in file.tokens:
        if token.type == "inline" and token.level < 2 and re.match(r"^\|.*\|$", token.content):
            yield file.finding("table_not_read", _line(token), token.content[:80])


def tables(tokens: list[Token]) -> Iterator[list[Row]]:
    """The tables of a file as rows of source text, the header first."""
    rows: list[Row] = []
    cells: list[str] = []
    line = 0
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            cells, line = [], _line(token)
        elif token.type in ("td_open", "th_open"):
            cells.append(tokens[at + 1].content)
        elif token.type == "tr_close":
            rows.append(Row(line, tuple(cells)))
        elif token.type == "table_close":
            yield rows


def _ragged(file: MarkdownFile, table: list[Row]) -> Iterator[Finding]:
    width = len(table[0].cells)
    for row in table:
        source = file.lines[row.line - 1] if row.line else ""
        written = len(re.findall(r"(?<!\\)\|", source)) - 1
        if len(row.cells) != width or (source.startswith("|") and written != width):
            yield file.finding("ragged_table", row.line, f"{written} cells under a header of {width}")


def _sums(file: MarkdownFile, table: list[Row]) -> Iterator[Finding]:
    """Columns whose last row is a total; a column with anything but numbers above it has none."""
    last = table[-1]
    if last.cells[0] not in TOTALS:
        return
    for at, cell in enumerate(last.cells[1:], 1):
        column = [row.cells[at] for row in table[1:-1]]
        if NUMBER.fullmatch(cell) and all(NUMBER.fullmatch(item) for item in column):
            total = sum(int(item.replace(",", "")) for item in column)
            if total != int(cell.replace(",", "")):
                yield file.finding("wrong_sum", last.line, f"{cell} stands under numbers that make {total:,}")


def _reasons(file: MarkdownFile, table: list[Row]) -> Iterator[Finding]:
    """Reasons that are told by their identifier alone."""
    columns = [at for at, cell in enumerate(table[0].cells) if cell in REASON]
    for row in table[1:]:
        for at in columns:
            if IDENTIFIER.fullmatch(row.cells[at]):
                yield file.finding("raw_identifier", row.line, row.cells[at])


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
