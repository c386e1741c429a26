"""The drawings as data (`diagrams.json`) and the standalone script that draws them with matplotlib alone."""

from __future__ import annotations

import json
from importlib import resources

from analyzer.records.diagrams import Arrow, Box, Diagram, Group, Series
from analyzer.render.palette import BORDERS, FILLS, SERIES
from analyzer.render.text import clean

SCHEMA = "deepdive/diagrams/1"


def render_script() -> str:
    return resources.files("report_templates").joinpath("generate_diagrams.py").read_text("utf-8")


def render_diagrams_json(diagrams: tuple[Diagram, ...]) -> str:
    styles = {style: {"fill": FILLS[style], "border": BORDERS[style]} for style in FILLS}
    data = {
        "schema": SCHEMA,
        "styles": styles,
        "series_colours": list(SERIES),
        "diagrams": [_diagram(diagram) for diagram in diagrams],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _diagram(diagram: Diagram) -> dict[str, object]:
    described: dict[str, object] = {
        "id": diagram.id,
        "title": {"en": clean(diagram.title.en), "zh": clean(diagram.title.zh)},
        "kind": diagram.kind,
        "where": [str(span) for span in diagram.where],
    }
    if diagram.kind != "flow":
        return described | {
            "series": [_series(series) for series in diagram.series],
            "categories": [clean(name) for name in diagram.categories],
            "x_label": clean(diagram.x_label),
            "y_label": clean(diagram.y_label),
            "log_y": diagram.log_y,
        }
    return described | {
        "width": diagram.width,
        "height": diagram.height,
        "boxes": [_box(box) for box in diagram.boxes],
        "arrows": [_arrow(arrow) for arrow in diagram.arrows],
        "groups": [_group(group) for group in diagram.groups],
    }


def _box(box: Box) -> dict[str, object]:
    return {
        "id": clean(box.id), "label": clean(box.label), "lines": [clean(line) for line in box.lines],
        "style": box.style, "x": box.x, "y": box.y, "width": box.width, "height": box.height,
    }  # fmt: skip


def _arrow(arrow: Arrow) -> dict[str, object]:
    described: dict[str, object] = {
        "source": clean(arrow.source), "target": clean(arrow.target), "dashed": arrow.dashed,
        "points": [list(point) for point in arrow.points],
    }  # fmt: skip
    if arrow.label.strip():
        described |= {"label": clean(arrow.label), "label_x": arrow.label_x, "label_y": arrow.label_y}
    return described


def _group(group: Group) -> dict[str, object]:
    return {
        "id": clean(group.id), "label": clean(group.label), "x": group.x, "y": group.y, "width": group.width,
        "height": group.height, "label_x": group.label_x, "label_y": group.label_y,
    }  # fmt: skip


def _series(series: Series) -> dict[str, object]:
    return {"label": clean(series.label), "x": list(series.x), "y": list(series.y)}
