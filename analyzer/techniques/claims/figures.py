"""Numbers as people write them: `124M`, `~0.5M`, `6e-4`, `32,768`, with the precision that they are written in.

A derived number agrees with a stated one if it rounds to it; what neither rounds nor clearly misses is left open.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["agree", "differ", "unknown"]

UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?"
ABOUT = r"[~≈]\s*|\b(?:about|around|approximately|approx\.?|roughly|nearly|almost|over|more than|some|up to|约)\s+"
FIGURE = re.compile(rf"^\s*(?P<about>{ABOUT})?(?P<sign>[-−])?(?P<number>{NUMBER})\s?(?P<unit>[KkMBbT]?)\s*$")
CLOSE = 0.05
"""How far a truncated figure, or one marked as approximate, may lie from what it stands for."""
FAR = 0.1
"""From here on even an approximate figure is another number."""


@dataclass(frozen=True)
class Figure:
    """A number with the unit of its last printed digit; `about` where the text itself calls it approximate."""

    text: str
    value: float
    step: float
    about: bool = False

    @property
    def rounded(self) -> bool:
        """Written in a unit, or called approximate: its last digits need not be given."""
        return self.about or self.step >= 100 or (self.step < 1 and self.value > 1000)


def figure_of(text: str) -> Figure | None:
    """The figure that the text is, or None where it is anything else."""
    match = FIGURE.match(text.replace("−", "-"))
    if match is None:
        return None
    scale = UNITS[match.group("unit").lower()]
    digits = match.group("number").replace(",", "").replace("_", "")
    mantissa, _, exponent = digits.lower().partition("e")
    places = len(mantissa.partition(".")[2])
    step = 10.0 ** (int(exponent or 0) - places) * scale
    sign = -1.0 if match.group("sign") else 1.0
    return Figure(text.strip(), sign * float(digits) * scale, step, bool(match.group("about")))


def is_rounding(figure: Figure, actual: float) -> bool:
    """The actual number rounds to the figure, or, cut off at its last digit, lies within a few percent."""
    if math.isclose(figure.value, actual, rel_tol=1e-9, abs_tol=1e-15):
        return True
    if not figure.rounded:
        return False
    if abs(actual - figure.value) <= figure.step / 2 * (1 + 1e-9):
        return True
    near = abs(actual - figure.value) <= CLOSE * abs(actual)
    return near and (figure.about or any(abs(actual - figure.value) < step for step in _steps(figure)))


def _steps(figure: Figure) -> tuple[float, ...]:
    """The last digit's unit, and the next one where that digit is nought: `350M` may be written to ten millions."""
    return (figure.step, figure.step * 10) if round(figure.value / figure.step) % 10 == 0 else (figure.step,)


def judged(figure: Figure, actual: float) -> Verdict:
    """Agrees, differs, or neither: an approximate figure that lies only a little way off is left open."""
    if is_rounding(figure, actual):
        return "agree"
    if figure.about and abs(actual - figure.value) <= FAR * max(abs(actual), abs(figure.value)):
        return "unknown"
    return "differ"
