"""Reasons that the source itself gives: comments and docstrings that say why, quoted with their line."""

from __future__ import annotations

import io
import re
import tokenize

from analyzer.document.context import Context
from analyzer.records.document import Line, Plain, SourceRef
from analyzer.records.source import Span

WHY = re.compile(
    r"\b(because|since|so that|otherwise|instead of|avoid|prevent|note|hack|in order to|faster|slower|more efficient|"
    r"saves?|memory|stable|stability|following|as in|see https?|paper|require[sd]?|must|only (?:needed|used|matters))\b"
    r"|因为|为了|避免|防止|否则|以便|节省|注意|从而|保证",
    re.IGNORECASE,
)
MOST = 6
SHORTEST = 24


def remarks(context: Context, span: Span, most: int = MOST) -> list[Line]:
    """Comments inside a span that state a reason, as quotations."""
    found: list[Line] = []
    for first, last, text in _comments(context, span):
        if len(text) >= SHORTEST and WHY.search(text) and not _is_code(text):
            place = context.part(span, first, last)
            found.append((Plain(f"“{text}” ("), SourceRef(place), Plain(")")))
    return found[:most]


def _comments(context: Context, span: Span) -> list[tuple[int, int, str]]:
    """Runs of comment lines inside a span as (first line, last line, text)."""
    file = context.files.get(span.path)
    if file is None or span.cell is not None:
        return []
    runs: list[tuple[int, int, str, int]] = []
    for line, column, text in _tokens(file.text):
        if not span.first_line <= line <= span.last_line:
            continue
        if runs and runs[-1][1] == line - 1 and runs[-1][3] == column:
            first, _, before, _ = runs.pop()
            runs.append((first, line, f"{before} {text}", column))
        else:
            runs.append((line, line, text, column))
    return [(first, last, text.strip()) for first, last, text, _ in runs]


def _tokens(text: str) -> list[tuple[int, int, str]]:
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found.append((token.start[0], token.start[1], token.string.lstrip("#!: ").rstrip()))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return found
    return found


def _is_code(text: str) -> bool:
    """A statement that was commented out."""
    return bool(re.match(r"^[\w.\[\]]+\s*(=|\()", text)) or text.startswith(("import ", "from ", "print("))
