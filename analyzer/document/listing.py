"""Quoted code with shapes in its margin: at most forty unaltered lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from analyzer.document.context import Context
from analyzer.records.document import Block, Snippet
from analyzer.records.source import Span
from analyzer.records.tensors import ShapeRow

LONGEST = 40
LANGUAGES = {
    ".py": "python",
    ".ipynb": "python",
    ".sh": "bash",
    ".md": "markdown",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".toml": "toml",
}


def snippet(context: Context, span: Span, rows: Iterable[ShapeRow] = (), longest: int = LONGEST) -> tuple[Block, ...]:
    """The lines of a span, cut after `longest`; nothing where the text is not at hand."""
    lines = context.quote(span).split("\n")
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if not filled:
        return ()
    first, last = span.first_line + filled[0], span.first_line + min(filled[-1], filled[0] + longest - 1)
    shown = span if (first, last) == (span.first_line, span.last_line) else context.part(span, first, last)
    text = context.quote(shown)
    return (Snippet(shown, text, language_of(span.path), margin(shown, rows)),)


def surroundings(context: Context, span: Span, before: int = 2, after: int = 3) -> Span:
    """A short span with the lines around it that belong to the same block: up to its header, not beyond its end."""
    file = context.files.get(span.path)
    lines = file.text.split("\n") if file else []
    if span.last_line > len(lines) or not lines:
        return span
    depth = _depth(lines[span.first_line - 1])
    first, last = span.first_line, span.last_line
    while first > 1 and span.first_line - first < before and _depth(lines[first - 1]) >= depth:
        first -= 1
    while last < len(lines) and last - span.last_line < after and _depth(lines[last]) >= depth:
        last += 1
    return context.part(span, first, last)


def _depth(line: str) -> int:
    """The indentation of a line; an empty one belongs to whatever stands around it."""
    return len(line) - len(line.lstrip()) if line.strip() else sys.maxsize


def language_of(path: str) -> str:
    return next((language for suffix, language in LANGUAGES.items() if path.endswith(suffix)), "text")


def margin(span: Span, rows: Iterable[ShapeRow]) -> tuple[tuple[int, str], ...]:
    """Shape comments by line number: the first shapes that the line had, an ellipsis where others follow."""
    found: dict[int, list[str]] = {}
    for row in rows:
        if row.where.path == span.path and span.first_line <= row.where.first_line <= span.last_line:
            text = row_text(row)
            if text:
                found.setdefault(row.where.first_line, []).append(text)
    return tuple((line, _one(texts)) for line, texts in sorted(found.items()))


def _one(texts: Sequence[str]) -> str:
    unique = list(dict.fromkeys(texts))
    return unique[0] if len(unique) == 1 else f"{unique[0]} …"


def row_text(row: ShapeRow) -> str:
    """The targets of a row: `q [B, T, n_embd]; k [B, T, n_embd]`."""
    return "; ".join(
        f"{target.name} {', '.join(str(spec) for spec in target.tensors)}" for target in row.targets if target.tensors
    )


def best_part(context: Context, span: Span, rows: Sequence[ShapeRow], longest: int = LONGEST) -> Span:
    """The part of a long span that holds most shape rows, at most `longest` lines."""
    if span.last_line - span.first_line < longest:
        return span
    lines = sorted(
        {
            row.where.first_line
            for row in rows
            if row.where.path == span.path and span.first_line <= row.where.first_line <= span.last_line
        }
    )
    start = max(
        lines,
        key=lambda first: (sum(first <= line < first + longest for line in lines), -first),
        default=span.first_line,
    )
    return context.part(span, start, min(start + longest - 1, span.last_line))
