"""The one visual language of all drawings: fill and border of each style of box, and the colours of series.

Fills are the project's own; borders are dark enough to be told apart without colour vision, and every style is
told by its label too.
"""

from __future__ import annotations

FILLS = {
    "io": "#e1f5fe",
    "core": "#fff3e0",
    "feature": "#e8f5e9",
    "attention": "#fce4ec",
    "loss": "#f3e5f5",
    "plain": "#f6f8fa",
}
BORDERS = {
    "io": "#0277bd",
    "core": "#b26a00",
    "feature": "#2e7d32",
    "attention": "#ad1457",
    "loss": "#6a1b9a",
    "plain": "#57606a",
}
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's colours, distinguishable without colour vision."""
