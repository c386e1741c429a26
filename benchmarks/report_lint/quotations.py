"""Quoted code stands at the lines that its row links to: the click test, done by program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it.token import Token

from benchmarks.report_lint.finding import Finding, MarkdownFile, WrittenReport
from benchmarks.report_lint.links import linked_lines

QUOTING = {"Code", "Processing", "As written", "Claim", "代码", "处理过程", "源码写法", "说法"}
PLACES = {"Where", "Line", "出处", "行"}
NOTEBOOK = ".ipynb"
COMMENT = re.compile(r"\s#[^'\"\n]*$", re.MULTILINE)


def quotation_findings(report: WrittenReport, repository: Path | None) -> Iterator[Finding]:
    """Rows with a column of code and one of places: the code, as far as it is shown, stands at one of them."""
    for file in report.texts.values():
        for header, cells in rows(file.tokens):
            quoted = [cell for name, cell in zip(header, cells, strict=False) if name in QUOTING]
            placed = [cell for name, cell in zip(header, cells, strict=False) if name in PLACES]
            yield from _compared(report, file, quoted, placed, repository)


def rows(tokens: list[Token]) -> Iterator[tuple[list[str], list[Token]]]:
    """Each row of each table as (header texts, cells)."""
    header: list[str] = []
    cells: list[Token] = []
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            header = []
        elif token.type == "tr_open":
            cells = []
        elif token.type == "th_open":
            header.append(tokens[at + 1].content)
        elif token.type == "td_open":
            cells.append(tokens[at + 1])
        elif token.type == "tr_close" and cells:
            yield header, cells


def _compared(
    report: WrittenReport, file: MarkdownFile, quoted: list[Token], placed: list[Token], repository: Path | None
) -> Iterator[Finding]:
    links = [str(part.attrGet("href")) for cell in placed for part in cell.children or [] if part.type == "link_open"]
    found = [linked_lines(report, file, link, repository) for link in links if NOTEBOOK not in link]
    texts = [_bare("\n".join(lines)) for lines in found if lines is not None]
    for cell in quoted if texts else ():
        for part in cell.children or []:
            written = part.content.split("; ") if part.type == "code_inline" else []
            statements = [_bare(statement).rstrip("…") for statement in written]
            if not all(any(statement in text for text in texts) for statement in statements):
                line = cell.map[0] + 1 if cell.map else 0
                yield file.finding("quote_not_there", line, f"{part.content[:60]} is not at {links[0]}")


def _bare(text: str) -> str:
    """Without white space and comments, which a quotation over several lines leaves out."""
    return re.sub(r"\s+", "", COMMENT.sub("", text) if "\n" in text else text)
