"""Tables without vertical rules, read off the places of words: rows of as many cells, one below the other.

Publishers rule tables with a few horizontal lines at most, so cells show by the gaps between words alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer.techniques.paper.quantities import number_of

Word = Mapping[str, object]
Cell = tuple[float, float, str]
"""Left edge, right edge, text."""
Row = tuple[str, ...]
SAME_LINE = 2.5
GAP = 1.1
"""Of the height of a line: a wider gap parts two cells."""
NEXT_LINE = 2.2
FEWEST_ROWS = 3
CROSSING = 0.15
"""Share of lines with a word across the middle, below which a page has two columns."""


def plain_tables(words: Sequence[Word], width: float) -> list[list[Row]]:
    """Tables of a page by its words; a page of two columns is read column by column."""
    middle = width / 2
    lines = list(_lines(words))
    crossing = sum(any(_left(w) < middle < _right(w) for w in line) for line in lines)
    if len(lines) < 8 or crossing >= CROSSING * len(lines):
        return list(_tables(lines))
    left = list(_lines([w for w in words if _right(w) <= middle]))
    right = list(_lines([w for w in words if _left(w) >= middle]))
    return [*_tables(left), *_tables(right)]


def _number(word: Word, key: str) -> float:
    value = word[key]
    return float(value) if isinstance(value, (int, float)) else 0.0


def _left(word: Word) -> float:
    return _number(word, "x0")


def _right(word: Word) -> float:
    return _number(word, "x1")


def _lines(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words on one height, from left to right."""
    line: list[Word] = []
    for word in sorted(words, key=lambda w: (round(_number(w, "bottom")), _left(w))):
        if line and abs(_number(word, "bottom") - _number(line[0], "bottom")) > SAME_LINE:
            yield sorted(line, key=_left)
            line = []
        line.append(word)
    if line:
        yield sorted(line, key=_left)


def _height(line: Sequence[Word]) -> float:
    return max(_number(w, "bottom") - _number(w, "top") for w in line) or 1.0


def _cells(line: Sequence[Word]) -> list[Cell]:
    found: list[Cell] = []
    for word in line:
        text = str(word["text"])
        if found and _left(word) - found[-1][1] < GAP * _height(line):
            found[-1] = (found[-1][0], _right(word), f"{found[-1][2]} {text}")
        else:
            found.append((_left(word), _right(word), text))
    return found


def _tables(lines: Sequence[list[Word]]) -> Iterator[list[Row]]:
    block: list[list[Cell]] = []
    bottom = 0.0
    for line in lines:
        cells, below = _cells(line), _number(line[0], "bottom")
        is_near = bool(block) and below - bottom < NEXT_LINE * _height(line) + SAME_LINE
        if not (is_near and len(cells) == len(block[0]) and _aligned(block[-1], cells)):
            yield from _table(block)
            block = []
        block = [*block, cells] if len(cells) > 1 else []
        bottom = below
    yield from _table(block)


def _aligned(above: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Each cell stands under the one above it, and under no other."""
    for place, (left, right, _) in enumerate(below):
        if not (left < above[place][1] and right > above[place][0]):
            return False
        if place and left < above[place - 1][1]:
            return False
    return True


def _table(block: Sequence[Sequence[Cell]]) -> Iterator[list[Row]]:
    """A block with numbers in every row but its heading."""
    rows = [tuple(text for _, _, text in cells) for cells in block]
    if len(rows) >= FEWEST_ROWS and all(any(number_of(cell) is not None for cell in row[1:]) for row in rows[1:]):
        yield rows
