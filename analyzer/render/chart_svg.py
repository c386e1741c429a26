"""Line and bar charts as inline SVG; every bar carries its value as text, every line its name."""

from __future__ import annotations

from math import log10

from markupsafe import Markup

from analyzer.records.diagrams import Diagram, Series
from analyzer.render.chart_axis import log_ticks, tick_text, ticks
from analyzer.render.palette import SERIES
from analyzer.render.text import one_line

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 34, 52
BAR, BAR_GAP = 18, 12
CHARACTER, LONGEST_NAME = 7.2, 44


def chart_svg(diagram: Diagram, description: str) -> Markup:
    body, height = _bars(diagram) if diagram.kind == "bar" else (_lines(diagram), HEIGHT)
    return Markup(
        '<svg class="drawing" viewBox="0 0 {w} {h:g}" width="{w}" height="{h:g}" style="min-width:34rem" role="img" '
        'aria-label="{label}">{body}</svg>'
    ).format(w=WIDTH, h=height, label=one_line(description), body=body)


def _text(x: float, y: float, content: str, anchor: str = "middle", kind: str = "tick") -> Markup:
    return Markup('<text class="{}" x="{:.4g}" y="{:.4g}" text-anchor="{}">{}</text>').format(
        kind, x, y, anchor, one_line(content)
    )


class _Scale:
    """Value to position, linear or logarithmic."""

    def __init__(self, values: list[float], start: float, end: float, *, log: bool, zero: bool = False) -> None:
        low, high = min(values), max(values)
        if log:
            self.ticks = log_ticks(low, high)
        else:
            self.ticks = ticks(min(0.0, low) if zero else low, high)
        self.log, self.start, self.end = log, start, end

    def __call__(self, value: float) -> float:
        low, high, at = self.ticks[0], self.ticks[-1], value
        if self.log:
            low, high, at = log10(low), log10(high), log10(value)
        return round(self.start + (at - low) / ((high - low) or 1.0) * (self.end - self.start), 2)


def _lines(diagram: Diagram) -> Markup:
    xs = [x for series in diagram.series for x in series.x]
    ys = [y for series in diagram.series for y in series.y]
    across = _Scale(xs, LEFT, WIDTH - RIGHT, log=False)
    up = _Scale(ys, HEIGHT - BOTTOM, TOP, log=diagram.log_y and min(ys) > 0, zero=True)
    parts = [_grid(up, tick) for tick in up.ticks]
    parts += [_text(across(tick), HEIGHT - BOTTOM + 18, tick_text(tick)) for tick in across.ticks]
    parts += [_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, diagram.x_label, kind="axis")]
    parts += [_text(LEFT - 8, TOP - 16, diagram.y_label, kind="axis")]
    parts += [_line(series, index, across, up) for index, series in enumerate(diagram.series)]
    if len(diagram.series) > 1:
        parts += [_legend(series.label, index) for index, series in enumerate(diagram.series)]
    return Markup("").join(parts)


def _grid(up: _Scale, tick: float) -> Markup:
    line = Markup('<path class="grid" d="M{} {:g}H{}"/>').format(LEFT, up(tick), WIDTH - RIGHT)
    return line + _text(LEFT - 8, up(tick) + 4, tick_text(tick), "end")


def _line(series: Series, index: int, across: _Scale, up: _Scale) -> Markup:
    points = " ".join(f"{across(x):g},{up(y):g}" for x, y in zip(series.x, series.y, strict=True))
    dash = ("", "7 4", "2 3", "9 3 2 3")[index % 4]
    return Markup('<polyline class="curve" stroke="{}" stroke-dasharray="{}" points="{}"/>').format(
        SERIES[index % len(SERIES)], dash, points
    )


def _legend(label: str, index: int) -> Markup:
    y = TOP + 10 + index * 18
    mark = Markup('<path class="curve" stroke="{}" d="M{} {}h22"/>').format(SERIES[index % len(SERIES)], WIDTH - 200, y)
    return mark + _text(WIDTH - 172, y + 4, label, "start")


def _bars(diagram: Diagram) -> tuple[Markup, float]:
    """Horizontal bars, one block of them per category, so that long names stay readable."""
    block = len(diagram.series) * BAR + BAR_GAP
    values = [y for series in diagram.series for y in series.y]
    names = [_shortened(name) for name in diagram.categories]
    left = max(map(len, names), default=0) * CHARACTER + 20
    reach = WIDTH - 90
    along = _Scale([*values, 0.0] if not diagram.log_y else values, left, reach, log=diagram.log_y)
    parts = [_text(left, TOP - 16, diagram.y_label, "start", "axis")]
    for row, category in enumerate(names):
        top = TOP + row * block
        parts.append(_text(left - 10, top + len(diagram.series) * BAR / 2 + 4, category, "end", "category"))
        for index, series in enumerate(diagram.series):
            parts.append(_bar(series.y[row], (left, top + index * BAR), index, along))
    height = TOP + len(diagram.categories) * block + 14
    if len(diagram.series) > 1:
        parts += [_legend(series.label, index) for index, series in enumerate(diagram.series)]
    return Markup("").join(parts), height


def _shortened(name: str) -> str:
    """The end of a path says more than its beginning."""
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]


def _bar(value: float, corner: tuple[float, float], index: int, along: _Scale) -> Markup:
    left, top = corner
    end = max(along(value), left + 1)
    bar = Markup('<rect x="{:g}" y="{:g}" width="{:g}" height="{}" fill="{}"/>').format(
        left, top, round(end - left, 2), BAR - 3, SERIES[index % len(SERIES)]
    )
    return bar + _text(end + 6, top + BAR - 6, tick_text(value), "start", "value")
