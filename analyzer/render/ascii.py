"""A drawing with `+`, `-` and `|`, from the same coordinates as the picture.

Every coordinate that occurs becomes a column or row of characters, in the same order and far enough apart for the
text between them; so the drawing has the topology of the picture at the size that its letters need.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from analyzer.records.diagrams import Arrow, Box, Diagram, Group
from analyzer.render.ascii_chart import render_ascii_chart
from analyzer.render.ascii_text import ascii_text

NEAR = 3.0
LABEL_RISE = 7.0
LINE_RISE = 15.0
Constraint = tuple[float, float, int]
"""(smaller coordinate, larger coordinate, least distance in characters)."""


def render_ascii(diagram: Diagram) -> str:
    if diagram.kind != "flow":
        return render_ascii_chart(diagram)
    columns = _Axis(_all_x(diagram), _column_constraints(diagram))
    rows = _Axis(_all_y(diagram), _row_constraints(diagram))
    canvas = _Canvas()
    for group in diagram.groups:
        canvas.frame(columns(group.x), rows(group.y), columns(group.x + group.width), rows(group.y + group.height))
    for arrow in diagram.arrows:
        canvas.arrow([(columns(x), rows(y)) for x, y in arrow.points], dashed=arrow.dashed)
    for box in diagram.boxes:
        _draw_box(canvas, box, columns, rows)
    for group in diagram.groups:
        if group.label:
            canvas.write(columns(group.label_x), rows(group.y), f" {ascii_text(group.label)} ")
    for arrow in diagram.arrows:
        for number, line in enumerate(_label_lines(arrow)):
            canvas.write(columns(arrow.label_x), rows(arrow.label_y - LABEL_RISE) + number, line)
    return canvas.text()


def _label_lines(arrow: Arrow) -> list[str]:
    return [ascii_text(line) for line in arrow.label.split("\n")] if arrow.label.strip() else []


def _box_lines(box: Box) -> list[str]:
    return [ascii_text(line) for line in (*box.label.split("\n"), *box.lines)]


def _draw_box(canvas: _Canvas, box: Box, columns: _Axis, rows: _Axis) -> None:
    left, right = columns(box.x), columns(box.x + box.width)
    top, bottom = rows(box.y), rows(box.y + box.height)
    canvas.clear(left, top, right, bottom)
    canvas.frame(left, top, right, bottom)
    lines = _box_lines(box)
    first = top + 1 + (bottom - top - 1 - len(lines)) // 2
    for number, line in enumerate(lines):
        canvas.write(left + 1, first + number, line.center(right - left - 1))


class _Axis:
    """From coordinates to columns or rows: the least numbers that keep the order and all distances."""

    def __init__(self, values: Iterable[float], constraints: list[Constraint]) -> None:
        self.values = _clusters(values)
        self.places = [0] * len(self.values)
        behind: dict[int, list[tuple[int, int]]] = {}
        for low, high, distance in constraints:
            first, second = self._index(low), self._index(high)
            if first < second:
                behind.setdefault(second, []).append((first, distance))
        for index in range(1, len(self.values)):
            least = [self.places[first] + distance for first, distance in behind.get(index, ())]
            self.places[index] = max([self.places[index - 1] + 1, *least])

    def _index(self, value: float) -> int:
        return max(0, bisect_left(self.values, value + 0.01) - 1)

    def __call__(self, value: float) -> int:
        return self.places[self._index(value)]


def _clusters(values: Iterable[float]) -> list[float]:
    """First value of each run of values that are nearly the same."""
    firsts: list[float] = []
    for value in sorted(set(values)):
        if not firsts or value - firsts[-1] > NEAR:
            firsts.append(value)
    return firsts


def _all_x(diagram: Diagram) -> list[float]:
    values = [edge for box in diagram.boxes for edge in (box.x, box.x + box.width)]
    values += [edge for group in diagram.groups for edge in (group.x, group.x + group.width, group.label_x)]
    values += [x for arrow in diagram.arrows for x, _ in arrow.points]
    return values + [arrow.label_x for arrow in diagram.arrows if arrow.label.strip()]


def _all_y(diagram: Diagram) -> list[float]:
    values = [edge for box in diagram.boxes for edge in (box.y, box.y + box.height)]
    values += [edge for group in diagram.groups for edge in (group.y, group.y + group.height)]
    values += [y for arrow in diagram.arrows for _, y in arrow.points]
    return values + [arrow.label_y - LABEL_RISE for arrow in diagram.arrows if arrow.label.strip()]


def _column_constraints(diagram: Diagram) -> list[Constraint]:
    found = [(box.x, box.x + box.width, max(map(len, _box_lines(box))) + 3) for box in diagram.boxes]
    for arrow in diagram.arrows:
        found += _run_constraints(arrow, 0)
        lines = _label_lines(arrow)
        if lines:
            top, length = arrow.label_y - LABEL_RISE, max(map(len, lines)) + 1
            found += [(arrow.label_x, x, length) for x in _right_of(diagram, arrow.label_x, top, len(lines))]
            found += [(x, arrow.label_x, 2) for x, _ in arrow.points]
    for box in diagram.boxes:
        right = box.x + box.width
        found += [(right, x, 2) for x in _right_of(diagram, right, box.y, box.height / LINE_RISE)]
    for group in diagram.groups:
        found += _group_constraints(diagram, group)
    return found


def _group_constraints(diagram: Diagram, group: Group) -> list[Constraint]:
    """Room for the title in the upper border, and air between border and boxes."""
    length = len(ascii_text(group.label)) + 3
    right = group.x + group.width
    found = [(group.x, right, length + 3), (group.x, group.label_x, 2)]
    found += [(group.label_x, x, length) for x in _right_of(diagram, group.label_x, group.y - 2, 1)]
    members = [box for box in diagram.boxes if box.group == group.id]
    found += [(group.x, box.x, 2) for box in members]
    return found + [(box.x + box.width, right, 2) for box in members]


def _right_of(diagram: Diagram, left: float, top: float, lines: float) -> list[float]:
    """Edges and verticals to the right of a text, at its height."""
    bottom = top + lines * LINE_RISE
    spans = [(box.x, box.y, box.y + box.height) for box in diagram.boxes]
    spans += [(group.x + group.width, group.y, group.y + group.height) for group in diagram.groups]
    spans += [(group.x, group.y, group.y + group.height) for group in diagram.groups]
    for arrow in diagram.arrows:
        spans += [(x1, min(y1, y2), max(y1, y2)) for (x1, y1), (_, y2) in pairwise(arrow.points)]
        if arrow.label.strip():
            height = len(_label_lines(arrow)) * LINE_RISE
            spans.append((arrow.label_x, arrow.label_y - LABEL_RISE, arrow.label_y - LABEL_RISE + height))
    return [x for x, start, end in spans if x > left + NEAR and start < bottom and end > top]


def _row_constraints(diagram: Diagram) -> list[Constraint]:
    found = [(box.y, box.y + box.height, len(_box_lines(box)) + 1) for box in diagram.boxes]
    for arrow in diagram.arrows:
        found += _run_constraints(arrow, 1)
        lines = len(_label_lines(arrow))
        if lines:
            top = arrow.label_y - LABEL_RISE
            found += [(top, y, lines) for y in _all_y(diagram) if y > top + NEAR and y > top + (lines - 1) * LINE_RISE]
            found += [(y, top, 1) for y in _all_y(diagram) if y < top - NEAR]
    for group in diagram.groups:
        found += [(group.y, box.y, 2) for box in diagram.boxes if box.group == group.id]
    return found


def _run_constraints(arrow: Arrow, axis: int) -> list[Constraint]:
    """Room for a piece of line, and at the end for the head too."""
    found: list[Constraint] = []
    pieces = list(pairwise(arrow.points))
    for number, (start, end) in enumerate(pieces):
        low, high = sorted((start[axis], end[axis]))
        least = 2 if number == len(pieces) - 1 else 1
        if high - low > NEAR:
            found.append((low, high, least + (len(pieces) == 1)))
    return found


class _Canvas:
    """Characters by place; later ones cover earlier ones, a vertical line stays where a horizontal one crosses."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], str] = {}

    def write(self, column: int, row: int, text: str) -> None:
        for offset, char in enumerate(text):
            self.cells[column + offset, row] = char

    def clear(self, left: int, top: int, right: int, bottom: int) -> None:
        for row in range(top, bottom + 1):
            self.write(left, row, " " * (right - left + 1))

    def frame(self, left: int, top: int, right: int, bottom: int) -> None:
        for row in (top, bottom):
            self.write(left, row, "+" + "-" * (right - left - 1) + "+")
        for row in range(top + 1, bottom):
            self.cells[left, row] = "|"
            self.cells[right, row] = "|"

    def arrow(self, points: list[tuple[int, int]], *, dashed: bool) -> None:
        for (x1, y1), (x2, y2) in pairwise(points):
            for x in range(min(x1, x2), max(x1, x2) + 1) if y1 == y2 else ():
                if self.cells.get((x, y1)) not in ("|", ":"):
                    self.cells[x, y1] = "." if dashed else "-"
            for y in range(min(y1, y2), max(y1, y2) + 1) if y1 != y2 else ():
                self.cells[x1, y] = ":" if dashed else "|"
        for corner in points[1:-1]:
            self.cells[corner] = "+"
        if len(points) > 1:
            self._head(points[-2], points[-1])

    def _head(self, before: tuple[int, int], tip: tuple[int, int]) -> None:
        """The head stands beside the box, whose border covers the tip itself."""
        (x1, y1), (x2, y2) = before, tip
        if x1 == x2:
            self.cells[x2, y2 - (1 if y2 > y1 else -1)] = "v" if y2 > y1 else "^"
        else:
            self.cells[x2 - (1 if x2 > x1 else -1), y2] = ">" if x2 > x1 else "<"

    def text(self) -> str:
        if not self.cells:
            return ""
        left = min(column for column, _ in self.cells)
        height = max(row for _, row in self.cells) + 1
        rows: list[list[str]] = [[] for _ in range(height)]
        for (column, row), char in sorted(self.cells.items()):
            line = rows[row]
            line += [" "] * (column - left - len(line)) + [char]
        return "\n".join("".join(row).rstrip() for row in rows)
