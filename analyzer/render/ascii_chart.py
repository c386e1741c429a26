"""Charts in characters: bars of `#` with their values, curves of `*` on a grid."""

from __future__ import annotations

from itertools import pairwise
from math import log10

from analyzer.records.diagrams import Diagram, Series
from analyzer.render.ascii_text import ascii_text
from analyzer.render.chart_axis import tick_text

BAR_LENGTH = 48
PLOT_WIDTH, PLOT_HEIGHT = 60, 14
MARKS = "*o+x#"


def render_ascii_chart(diagram: Diagram) -> str:
    return _bars(diagram) if diagram.kind == "bar" else _lines(diagram)


def _bars(diagram: Diagram) -> str:
    names = [ascii_text(name) for name in diagram.categories]
    widest = max(map(len, names), default=0)
    values = [value for series in diagram.series for value in series.y]
    length = _BarLength(values, log=diagram.log_y)
    heading = ascii_text(diagram.y_label) + (" (log axis)" if diagram.log_y else "")
    lines = [f"{'':{widest}}   {heading}".rstrip()] if heading else []
    for row, name in enumerate(names):
        for number, series in enumerate(diagram.series):
            mark = "#" if len(diagram.series) == 1 else MARKS[number % len(MARKS)]
            label = name if number == 0 else ""
            lines.append(f"{label:{widest}} | {mark * length(series.y[row])} {tick_text(series.y[row])}")
    return "\n".join(lines + _legend(diagram))


class _BarLength:
    """Characters for a value; every bar that is not zero shows at least one."""

    def __init__(self, values: list[float], *, log: bool) -> None:
        positive = [value for value in values if value > 0]
        self.log = log and bool(positive)
        self.high = max(positive, default=1.0)
        self.low = min(positive, default=1.0) / 10

    def __call__(self, value: float) -> int:
        if value <= 0:
            return 0
        share = log10(value / self.low) / log10(self.high / self.low) if self.log else value / self.high
        return max(1, round(share * BAR_LENGTH))


def _lines(diagram: Diagram) -> str:
    xs = [x for series in diagram.series for x in series.x]
    ys = [y for series in diagram.series for y in series.y]
    low_x, high_x, high_y = min(xs), max(xs), max(ys)
    low_y = min(0.0, *ys)
    grid = [[" "] * PLOT_WIDTH for _ in range(PLOT_HEIGHT)]
    for number, series in enumerate(diagram.series):
        _plot(grid, series, MARKS[number % len(MARKS)], (low_x, high_x, low_y, high_y))
    labels = {0: tick_text(high_y), PLOT_HEIGHT - 1: tick_text(low_y)}
    widest = max(len(label) for label in labels.values())
    lines = [ascii_text(diagram.y_label)] if diagram.y_label else []
    lines += [f"{labels.get(row, ''):>{widest}} |{''.join(cells)}".rstrip() for row, cells in enumerate(grid)]
    lines.append(f"{'':{widest}} +{'-' * PLOT_WIDTH}> {ascii_text(diagram.x_label)}".rstrip())
    first, last = tick_text(low_x), tick_text(high_x)
    lines.append(f"{'':{widest}}  {first}{last:>{PLOT_WIDTH - len(first)}}")
    return "\n".join(lines + _legend(diagram))


def _plot(grid: list[list[str]], series: Series, mark: str, bounds: tuple[float, float, float, float]) -> None:
    low_x, high_x, low_y, high_y = bounds
    for x, y in _dense(series):
        column = round((x - low_x) / ((high_x - low_x) or 1.0) * (PLOT_WIDTH - 1))
        row = round((high_y - y) / ((high_y - low_y) or 1.0) * (PLOT_HEIGHT - 1))
        grid[row][column] = mark


def _dense(series: Series) -> list[tuple[float, float]]:
    """Points between the given ones, so that a steep line has no holes."""
    points = list(zip(series.x, series.y, strict=True))
    dense = points[:1]
    for (x1, y1), (x2, y2) in pairwise(points):
        dense += [(x1 + (x2 - x1) * step / 40, y1 + (y2 - y1) * step / 40) for step in range(1, 41)]
    return dense


def _legend(diagram: Diagram) -> list[str]:
    if len(diagram.series) < 2:
        return []
    return ["", *(f"{MARKS[n % len(MARKS)]} = {ascii_text(series.label)}" for n, series in enumerate(diagram.series))]
