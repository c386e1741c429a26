"""A statement that runs over several lines, told whole: its first line alone says nothing (`x = (`)."""

from __future__ import annotations

import re

from analyzer.document.context import Context
from analyzer.document.inline import LONGEST_CODE, code, ref, statement
from analyzer.records.document import Line
from analyzer.records.tensors import ShapeRow

MOST_LINES = 12
COMMENT = re.compile(r"\s+#[^'\"]*$")
NO_BRACKETS = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|#.*")


def quoted(context: Context, row: ShapeRow, longest: int = LONGEST_CODE) -> tuple[Line, Line]:
    """The statement of an executed line on one line, and the place where it stands."""
    if not _open(row.code) or row.where.cell is not None or row.where.path not in context.files:
        return statement(row.code, longest), ref(row.where)
    lines = context.files[row.where.path].text.split("\n")
    first = row.where.first_line
    for last in range(first + 1, min(first + MOST_LINES, len(lines)) + 1):
        found = lines[first - 1 : last]
        if not _open("\n".join(found)):
            return code(_joined(found), longest), ref(context.part(row.where, first, last))
    return statement(row.code, longest), ref(row.where)


def _open(text: str) -> int:
    """How many brackets are still open; what stands in strings on one line and in comments does not count."""
    bare = NO_BRACKETS.sub("", text)
    return sum(bare.count(mark) for mark in "([{") - sum(bare.count(mark) for mark in ")]}")


def _joined(lines: list[str]) -> str:
    text = " ".join(COMMENT.sub("", line).strip() for line in lines if not line.strip().startswith("#"))
    return re.sub(r" ([)\]}])", r"\1", re.sub(r"([(\[{]) ", r"\1", text))
