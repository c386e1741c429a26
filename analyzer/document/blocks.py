"""The few block shapes that every chapter uses: heading, paragraph, table with named columns, quoted code, formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from analyzer.document.wording import Filling, Words, as_line
from analyzer.records.document import Block, BulletList, Details, Heading, Line, Note, Paragraph, Table

NUMERIC_COLUMNS = {
    "statements",
    "parameters",
    "count",
    "total",
    "lines",
    "times",
    "instances",
    "share",
    "ratio",
    "rows",
    "here",
    "reference",
}
NoteKind = Literal["knowledge", "assumption", "gap", "warning", "info"]


def heading(words: Words, key: str, anchor: str, level: int = 3, **places: Filling) -> Heading:
    return Heading(level, words.line(key, **places), anchor)


def paragraph(words: Words, key: str, /, **places: Filling) -> Paragraph:
    return Paragraph(words.line(key, **places))


def note(words: Words, kind: NoteKind, key: str, /, **places: Filling) -> Note:
    return Note(kind, words.line(key, **places))


def bullets(items: Iterable[Line], ordered: bool = False) -> tuple[Block, ...]:
    """A list, or nothing where there are no items."""
    found = tuple(items)
    return (BulletList(found, ordered),) if found else ()


def table(
    words: Words,
    name: str,
    columns: str,
    rows: Iterable[Sequence[Filling]],
    total: str | None = None,
    caption: Line = (),
) -> tuple[Block, ...]:
    """A table whose columns are entries of `columns.toml`; no table where there are no rows.

    Columns in which every row has the dash are left out: an empty column tells nothing.
    """
    names = columns.split()
    cells = [tuple(as_line(cell) for cell in row) for row in rows]
    if not cells:
        return ()
    kept = [at for at, column in enumerate(names) if column == total or any(_says(row[at]) for row in cells)]
    header = tuple(words.line(f"columns.{names[at]}") for at in kept)
    body = tuple(tuple(row[at] for at in kept) for row in cells)
    alignment = tuple(_alignment(names[at]) for at in kept)
    label = words.text(f"columns.{total}") if total else None
    return (Table(name, header, body, alignment, caption, label),)


def folded(words: Words, key: str, blocks: Sequence[Block], /, **places: Filling) -> tuple[Block, ...]:
    """Blocks behind a summary line, where there are any."""
    return (Details(words.line(key, **places), tuple(blocks)),) if blocks else ()


def slug(text: str) -> str:
    """An anchor from code names: letters and digits, joined by hyphens."""
    kept = "".join(character if character.isalnum() and character.isascii() else "-" for character in text.lower())
    return "-".join(part for part in kept.split("-") if part)


def _says(cell: Line) -> bool:
    return bool(cell) and not (len(cell) == 1 and getattr(cell[0], "text", "") == "—")


def _alignment(column: str) -> Literal["left", "right"]:
    return "right" if column in NUMERIC_COLUMNS else "left"
