"""How wide a text is in a figure, and where it is broken into lines.

Widths come from a committed table of DejaVu Sans, the font that matplotlib ships: no font file and no system
program is asked. Characters outside the table are written as escapes, so that no picture shows an empty square.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from math import ceil
from typing import Literal

Weight = Literal["regular", "bold"]

LABEL_SIZE = 13
LINE_SIZE = 11
LABEL_HEIGHT = 18
LINE_HEIGHT = 15
LEAST_FILLED = 0.4
BREAKS = (re.compile(r" "), re.compile(r"[,/._|&)\]](?![,/._|&)\]])|(?<![=!<>])=(?!=)"), re.compile(r"[a-z](?=[A-Z])"))
"""Kinds of places where a line may end, the best first."""


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
    """Break a text so that each line fits into `limit` units: at a space, else behind the punctuation of a name, else
    before a capital of one, and only a word without any of them anywhere.
    """
    lines: list[str] = []
    rest = drawable(text)
    while rest and text_width(rest, size, weight) > limit:
        head = _break(rest, _longest_prefix(rest, size, limit, weight))
        lines.append(rest[:head].rstrip())
        rest = rest[head:].lstrip()
    return (*lines, rest) if rest or not lines else tuple(lines)


def _break(text: str, longest: int) -> int:
    """Where the first line ends: the last place of the best kind that does not leave the line nearly empty."""
    least = longest * LEAST_FILLED
    if text[longest : longest + 1] == " ":
        return longest
    for pattern in BREAKS:
        places = [match.end() for match in pattern.finditer(text, 0, longest)]
        fitting = [place for place in places if least <= place <= longest and text[place:].strip(" …")]
        if fitting:
            return fitting[-1]
    return longest


def _longest_prefix(text: str, size: int, limit: int, weight: Weight) -> int:
    end = 1
    while end < len(text) and text_width(text[: end + 1].rstrip(), size, weight) <= limit:
        end += 1
    return end
