"""Text inside an ASCII drawing: only ASCII, so that every font keeps the frames aligned."""

from __future__ import annotations

import unicodedata

from analyzer.render.text import one_line

SPELLED = {
    "×": "x", "·": ".", "→": "->", "←": "<-", "…": "...", "−": "-", "–": "-", "—": "-", "√": "sqrt", "≤": "<=",
    "≥": ">=", "≠": "!=", "≈": "~", "∞": "inf", "⊕": "(+)", "⊗": "(x)", "‘": "'", "’": "'", "“": '"', "”": '"',
    "α": "alpha", "β": "beta", "γ": "gamma", "θ": "theta", "σ": "sigma", "μ": "mu", "ε": "eps", "λ": "lambda",
    "∑": "sum", "•": "*", "²": "^2", "³": "^3", "′": "'",
}  # fmt: skip


def ascii_text(text: str) -> str:
    """The text in ASCII: signs spelled out, accents dropped, anything else as a backslash escape."""
    return "".join(_ascii(char) for char in one_line(text))


def _ascii(char: str) -> str:
    if char.isascii():
        return char
    if char in SPELLED:
        return SPELLED[char]
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode("ascii")
    return plain or char.encode("unicode_escape").decode("ascii")
