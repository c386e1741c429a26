"""Numbers that a paper states for named quantities: in its sentences and in the cells of its ruled tables.

A number counts only where the quantity's own name stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from analyzer.records.paper import PaperNumber
from analyzer.techniques.paper.pages import Row
from analyzer.techniques.paper.quantities import NUMBER, POWER, QUANTITIES, Quantity, number_of, quantity_named

VALUE = rf"(?P<value>{POWER}|{NUMBER})(?![\w%])"
BETWEEN = (
    r"\s*(?:(?:is|was|are|of|to|at|=|:|set to|equal to|a|an|value of|fixed at|with)\s*){1,3}"
    r"(?:approximately |about |only |up to |just )?"
)
NOUN = r"(?:\s+(?:coefficient|factor|value|parameter|penalty))?"
LONGEST = 240
Tables = Mapping[int, Sequence[Sequence[Row]]]


def in_sentences(texts: Sequence[str]) -> Iterator[PaperNumber]:
    """`a learning rate of 6e-4`, `β2 = 0.95`, `12 layers`."""
    patterns = [(quantity, list(_patterns(quantity))) for quantity in QUANTITIES]
    for page, text in enumerate(texts, 1):
        flat = _flat(text)
        if not any(letter.isdigit() for letter in flat):
            continue
        for quantity, forms in patterns:
            for form in forms:
                for match in form.finditer(flat):
                    value = number_of(match.group("value"))
                    if value is not None and not _counts_other(quantity, flat[match.end() :]):
                        quoted = _around(flat, match.start(), match.end())
                        yield PaperNumber(quantity.id, value, match.group("value").strip(), page, quoted)


def _counts_other(quantity: Quantity, following: str) -> bool:
    """`12 layers with 8 attention heads`: the number belongs to what stands behind it."""
    others = (q for q in QUANTITIES if q.counted and q is not quantity)
    return any(re.match(rf"[ -]{other.counted}", following, re.IGNORECASE) for other in others)


def _patterns(quantity: Quantity) -> Iterator[re.Pattern[str]]:
    yield re.compile(rf"(?<![\w-])(?:{quantity.words}){NOUN}{BETWEEN}{VALUE}", re.IGNORECASE)
    if quantity.symbol:
        yield re.compile(rf"(?<![\w|({{])(?:{quantity.symbol})\s*=\s*{VALUE}")
    if quantity.counted:
        yield re.compile(
            rf"(?<![\w.,=×-])(?P<value>\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?[KMB]?)[ -]{quantity.counted}", re.IGNORECASE
        )


def _flat(text: str) -> str:
    """Running text; a line that ends in a number before one that begins anew is a row of a table, and stays apart."""
    whole = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    return " ".join(re.sub(r"(?<=\d)[ \t]*\n(?=[ \t]*[A-Z][a-z])", " | ", whole).split())


def _around(text: str, first: int, last: int) -> str:
    """The sentence around a place, within bounds."""
    start = max(text.rfind(". ", 0, first) + 2 if text.rfind(". ", 0, first) >= 0 else 0, first - LONGEST // 2)
    end = text.find(". ", last)
    return text[start : min(end + 1 if end >= 0 else len(text), last + LONGEST // 2)].strip()


def in_tables(tables: Tables) -> Iterator[PaperNumber]:
    """Cells in the row or column that a quantity's name heads."""
    for page, found in tables.items():
        for rows in found:
            yield from _by_row(page, rows)
            yield from _by_column(page, rows)


def _by_row(page: int, rows: Sequence[Row]) -> Iterator[PaperNumber]:
    """`Learning rate | 6e-4 | 3e-4` under `| small | large`."""
    heading = rows[0] if rows and all(quantity_named(cell) is None for cell in rows[0]) else ()
    for row in rows:
        quantity = quantity_named(row[0]) if row else None
        if quantity is None:
            continue
        for place, cell in enumerate(row[1:], 1):
            value = number_of(cell) if cell else None
            if value is not None:
                column = heading[place] if place < len(heading) and len(row) > 2 else ""
                yield PaperNumber(quantity, value, cell, page, " | ".join(row)[:LONGEST], column)


def _by_column(page: int, rows: Sequence[Row]) -> Iterator[PaperNumber]:
    """`Model | Layers | Heads` over `small | 12 | 12`."""
    if len(rows) < 2:
        return
    named = {place: quantity for place, cell in enumerate(rows[0]) if (quantity := quantity_named(cell)) is not None}
    if 0 in named and len(named) < 2:
        return
    for row in rows[1:]:
        for place, quantity in named.items():
            value = number_of(row[place]) if place < len(row) and row[place] else None
            if value is not None:
                label = row[0] if 0 not in named else ""
                yield PaperNumber(quantity, value, row[place], page, " | ".join(row)[:LONGEST], label)
