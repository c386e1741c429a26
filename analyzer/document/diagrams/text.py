"""How wide a text is in a figure, and where it is broken into lines.

Widths come from a committed table of DejaVu Sans, the font that matplotlib ships: no font file and no system
program is asked. Characters outside the table are written as escapes, so that no picture shows an empty square.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from math import ceil
from typing import Literal

Weight = Literal["regular", "bold"]

LABEL_SIZE = 13
LINE_SIZE = 11
LABEL_HEIGHT = 18
LINE_HEIGHT = 15


@cache
def _widths(weight: Weight) -> dict[str, int]:
    table = resources.files("report_templates").joinpath("diagrams/font_widths.json").read_text("utf-8")
    widths: dict[str, dict[str, int]] = json.loads(table)
    return widths[weight]


def drawable(text: str) -> str:
    """The text with every character that the figure's font lacks as a backslash escape, on one line."""
    known = _widths("regular")
    flat = " ".join(text.split())
    return "".join(char if char in known else char.encode("unicode_escape").decode("ascii") for char in flat)


def text_width(text: str, size: int, weight: Weight = "regular") -> int:
    """Width of one line in units, rounded up."""
    widths = _widths(weight)
    return ceil(sum(widths[char] for char in text) * size / 1000)


def wrap(text: str, size: int, limit: int, weight: Weight = "regular") -> tuple[str, ...]:
    """Break a text at spaces and after punctuation of identifiers, so that each line fits into `limit` units."""
    lines: list[str] = []
    current = ""
    for piece in _pieces(drawable(text)):
        if current and text_width((current + piece).rstrip(), size, weight) > limit:
            lines.append(current.rstrip())
            current = ""
        current += piece
        while text_width(current.rstrip(), size, weight) > limit:
            head = _longest_prefix(current, size, limit, weight)
            lines.append(current[:head])
            current = current[head:]
    return (*lines, current.rstrip()) if current.strip() or not lines else tuple(lines)


def _pieces(text: str) -> list[str]:
    """Cut behind every place where a line may end; the pieces joined are the text."""
    pieces = [""]
    for char in text:
        pieces[-1] += char
        if char in " ,/._=|&)]":
            pieces.append("")
    return [piece for piece in pieces if piece]


def _longest_prefix(text: str, size: int, limit: int, weight: Weight) -> int:
    end = 1
    while end < len(text) and text_width(text[: end + 1], size, weight) <= limit:
        end += 1
    return end
