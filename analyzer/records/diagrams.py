"""One model of a drawing for three renderers (ASCII, Mermaid, matplotlib): boxes, arrows, charts, with
coordinates in abstract units (x to the right, y downwards) set by the layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.source import Span
from analyzer.records.techniques import Text

BoxStyle = Literal["io", "core", "feature", "attention", "loss", "plain"]


@dataclass(frozen=True)
class Box:
    """A node: `label` is a code identifier, `lines` what stands under it (class, shape, count)."""

    id: str
    label: str
    lines: tuple[str, ...] = ()
    style: BoxStyle = "plain"
    group: str | None = None
    where: Span | None = None
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True)
class Arrow:
    source: str
    target: str
    label: str = ""
    dashed: bool = False
    points: tuple[tuple[float, float], ...] = ()
    label_x: float = 0.0
    """Left edge of the label, and the middle of its first line."""
    label_y: float = 0.0


@dataclass(frozen=True)
class Group:
    """A frame around boxes: a repeated block, a phase. `label_x`, `label_y`: left edge and middle of its title."""

    id: str
    label: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    label_x: float = 0.0
    label_y: float = 0.0


@dataclass(frozen=True)
class Series:
    """A curve or a set of bars of a chart."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Diagram:
    """`flow` has boxes and arrows; `line` and `bar` have series, `categories` name the bars."""

    id: str
    title: Text
    kind: Literal["flow", "line", "bar"]
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    groups: tuple[Group, ...] = ()
    series: tuple[Series, ...] = ()
    categories: tuple[str, ...] = ()
    x_label: str = ""
    y_label: str = ""
    log_y: bool = False
    direction: Literal["down", "right"] = "down"
    where: tuple[Span, ...] = ()
    width: float = 0.0
    height: float = 0.0
