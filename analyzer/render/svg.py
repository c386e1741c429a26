"""A drawing as inline SVG for the HTML report, from the coordinates that the layout set.

Lines and text outside boxes take the page's colours through CSS classes, so that the picture works in light and
dark; boxes keep their own light fill with dark text in both.
"""

from __future__ import annotations

from markupsafe import Markup

from analyzer.records.diagrams import Arrow, Box, Diagram, Group
from analyzer.render.chart_svg import chart_svg
from analyzer.render.palette import BORDERS, FILLS
from analyzer.render.text import one_line

LABEL_HEIGHT = 18
LINE_HEIGHT = 15
HEAD = 7.0
RADIUS = 5.0


def render_svg(diagram: Diagram, description: str) -> Markup:
    """`description` is what a screen reader says instead of the picture."""
    if diagram.kind != "flow":
        return chart_svg(diagram, description)
    parts = [_group(group) for group in diagram.groups]
    parts += [_arrow(arrow) for arrow in diagram.arrows]
    parts += [_box(box) for box in diagram.boxes]
    parts += [_arrow_label(arrow) for arrow in diagram.arrows if arrow.label]
    return Markup(
        '<svg class="drawing" viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}" '
        'style="min-width:min({w:g}px,34rem)" role="img" aria-label="{label}">{body}</svg>'
    ).format(w=diagram.width, h=diagram.height, label=one_line(description), body=Markup("").join(parts))


def _group(group: Group) -> Markup:
    frame = Markup('<rect class="frame" x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="8"/>').format(
        group.x, group.y, group.width, group.height
    )
    if not group.label:
        return frame
    return frame + Markup('<text class="frame-title" x="{:g}" y="{:g}">{}</text>').format(
        group.label_x, group.label_y + 4, one_line(group.label)
    )


def _box(box: Box) -> Markup:
    middle = box.x + box.width / 2
    labels = box.label.split("\n")
    top = box.y + (box.height - len(labels) * LABEL_HEIGHT - len(box.lines) * LINE_HEIGHT) / 2
    texts = [
        Markup('<text class="label" x="{:g}" y="{:g}">{}</text>').format(
            middle, top + index * LABEL_HEIGHT + 13.5, one_line(line)
        )
        for index, line in enumerate(labels)
    ]
    top += len(labels) * LABEL_HEIGHT
    texts += [
        Markup('<text class="line" x="{:g}" y="{:g}">{}</text>').format(
            middle, top + index * LINE_HEIGHT + 11, one_line(line)
        )
        for index, line in enumerate(box.lines)
    ]
    rect = Markup(
        '<rect x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="{:g}" fill="{}" stroke="{}" stroke-width="1.3"/>'
    ).format(box.x, box.y, box.width, box.height, 14 if box.style == "io" else 4, FILLS[box.style], BORDERS[box.style])
    return Markup('<g class="box">{}{}</g>').format(rect, Markup("").join(texts))


def _arrow(arrow: Arrow) -> Markup:
    if len(arrow.points) < 2:
        return Markup("")
    kind = "arrow dashed" if arrow.dashed else "arrow"
    return Markup('<path class="{}" d="{}"/><path class="head" d="{}"/>').format(
        kind, path_data(arrow.points), head_data(arrow.points)
    )


def path_data(points: tuple[tuple[float, float], ...]) -> str:
    """The line with rounded corners, ending where the head begins."""
    shortened = (*points[:-1], _towards(points[-1], points[-2], HEAD - 1))
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(shortened, shortened[1:], shortened[2:], strict=False):
        reach = min(RADIUS, _distance(before, corner) / 2, _distance(corner, after) / 2)
        start, end = _towards(corner, before, reach), _towards(corner, after, reach)
        parts.append(f"L{start[0]:g} {start[1]:g}Q{corner[0]:g} {corner[1]:g} {end[0]:g} {end[1]:g}")
    parts.append(f"L{shortened[-1][0]:g} {shortened[-1][1]:g}")
    return "".join(parts)


def head_data(points: tuple[tuple[float, float], ...]) -> str:
    tip = points[-1]
    base = _towards(tip, points[-2], HEAD)
    across = (-(tip[1] - base[1]) / HEAD * 3.6, (tip[0] - base[0]) / HEAD * 3.6)
    left, right = (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1])
    return f"M{tip[0]:g} {tip[1]:g}L{left[0]:g} {left[1]:g}L{right[0]:g} {right[1]:g}Z"


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: tuple[float, float], goal: tuple[float, float], length: float) -> tuple[float, float]:
    distance = _distance(start, goal)
    share = length / distance if distance else 0.0
    return round(start[0] + (goal[0] - start[0]) * share, 2), round(start[1] + (goal[1] - start[1]) * share, 2)


def _arrow_label(arrow: Arrow) -> Markup:
    lines = [
        Markup('<text class="arrow-label" x="{:g}" y="{:g}">{}</text>').format(
            arrow.label_x, arrow.label_y + index * LINE_HEIGHT + 4, one_line(line)
        )
        for index, line in enumerate(arrow.label.split("\n"))
    ]
    return Markup("").join(lines)
