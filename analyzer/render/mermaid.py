"""A drawing as Mermaid text: ids of our own, every label quoted and escaped, within GitHub's limits.

None where a drawing has more nodes or text than a reader or GitHub bears; the other renderings still show it.
"""

from __future__ import annotations

from math import log10

from analyzer.records.diagrams import Arrow, Box, Diagram, Series
from analyzer.render.palette import BORDERS, FILLS
from analyzer.render.text import one_line

MOST_BOXES = 25
MOST_CHARACTERS = 5000
ESCAPES = {char: f"#{ord(char)};" for char in '#"&<>`*_~[](){}|\\%;@'}
"""Everything that Mermaid, its Markdown or HTML could read as a construct."""


def render_mermaid(diagram: Diagram) -> str | None:
    if len(diagram.boxes) > MOST_BOXES:
        return None
    text = _flowchart(diagram) if diagram.kind == "flow" else _chart(diagram)
    return text if len(text) <= MOST_CHARACTERS else None


def _flowchart(diagram: Diagram) -> str:
    ids = {box.id: f"n{number}" for number, box in enumerate(diagram.boxes)}
    lines = [f"flowchart {'LR' if diagram.direction == 'right' else 'TD'}"]
    for number, group in enumerate(diagram.groups):
        lines.append(f'  subgraph g{number}["{_escaped(group.label)}"]')
        lines += [f"    {_box(box, ids)}" for box in diagram.boxes if box.group == group.id]
        lines.append("  end")
    framed = {group.id for group in diagram.groups}
    lines += [f"  {_box(box, ids)}" for box in diagram.boxes if box.group not in framed]
    lines += [f"  {_arrow(arrow, ids)}" for arrow in diagram.arrows]
    used = sorted({box.style for box in diagram.boxes})
    lines += [f"  classDef {style} fill:{FILLS[style]},stroke:{BORDERS[style]},color:#1f2328" for style in used]
    return "\n".join(lines)


def _box(box: Box, ids: dict[str, str]) -> str:
    label = "<br/>".join(_escaped(line) for line in (*box.label.split("\n"), *box.lines))
    opening, closing = ("([", "])") if box.style == "io" else ("[", "]")
    return f'{ids[box.id]}{opening}"{label}"{closing}:::{box.style}'


def _arrow(arrow: Arrow, ids: dict[str, str]) -> str:
    line = "-.->" if arrow.dashed else "-->"
    label = "<br/>".join(_escaped(part) for part in arrow.label.split("\n")) if arrow.label.strip() else ""
    between = f'{line}|"{label}"|' if label else line
    return f"{ids[arrow.source]} {between} {ids[arrow.target]}"


def _escaped(text: str) -> str:
    """The text with Mermaid's numeric entities; a space stands for nothing, since an empty label is an error."""
    flat = one_line(text)
    escaped = "".join(ESCAPES.get(char, char) for char in flat)
    start = len(flat) - len(flat.lstrip("0123456789"))
    if start and flat[start : start + 1] in (".", ")"):
        escaped = f"{flat[:start]}#{ord(flat[start])};" + "".join(ESCAPES.get(c, c) for c in flat[start + 1 :])
    if escaped[:2] in ("- ", "+ "):
        escaped = f"#{ord(escaped[0])};{escaped[1:]}"
    return escaped or " "


def _chart(diagram: Diagram) -> str:
    """`xychart-beta` knows no logarithmic axis: logarithms are drawn, and the axis says so."""
    title = f'  title "{_chart_text(diagram.title.en)}"'
    name = f"log10({diagram.y_label})" if diagram.log_y else diagram.y_label
    kind = (
        "xychart-beta horizontal" if diagram.kind == "bar" else "xychart-beta"
    )  # names below each other stay readable
    lines = [kind, title, _chart_x(diagram), f'  y-axis "{_chart_text(name)}"']
    word = "bar" if diagram.kind == "bar" else "line"
    lines += [f"  {word} [{', '.join(_values(series, diagram))}]" for series in diagram.series]
    return "\n".join(lines)


def _chart_x(diagram: Diagram) -> str:
    if diagram.kind == "bar":
        names = ", ".join(f'"{_chart_text(name)}"' for name in diagram.categories)
        return f"  x-axis [{names}]"
    xs = [x for series in diagram.series for x in series.x]
    return f'  x-axis "{_chart_text(diagram.x_label)}" {min(xs):g} --> {max(xs):g}'


def _chart_text(text: str) -> str:
    """Charts know no entities: the signs that would end a string or begin a comment are replaced."""
    return one_line(text).replace('"', "'").replace("`", "'").replace("%%", "% %") or " "


def _values(series: Series, diagram: Diagram) -> list[str]:
    """Mermaid's charts know no exponents, and a curve has evenly spaced points."""
    values = series.y if diagram.kind == "bar" else _evenly(series)
    return [_decimal(log10(value) if diagram.log_y else value) for value in values]


def _decimal(value: float) -> str:
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _evenly(series: Series, points: int = 41) -> tuple[float, ...]:
    """The curve read off at evenly spaced places, straight between its own points."""
    first, last = series.x[0], series.x[-1]
    if len(series.x) < 2 or last <= first:
        return series.y
    values, index = [], 0
    for step in range(points):
        x = first + (last - first) * step / (points - 1)
        while index < len(series.x) - 2 and series.x[index + 1] < x:
            index += 1
        left, right = series.x[index], series.x[index + 1]
        share = (x - left) / (right - left) if right > left else 0.0
        values.append(series.y[index] + (series.y[index + 1] - series.y[index]) * min(max(share, 0.0), 1.0))
    return tuple(values)
