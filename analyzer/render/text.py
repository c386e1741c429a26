"""Repository text on its way out: control characters and invisible direction marks are taken away once, here."""

from __future__ import annotations

import unicodedata

KEPT = {"\n", "\t"}
DIRECTION_MARKS = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean(text: str) -> str:
    """The text without control characters (line ends and tabs stay), direction overrides and lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if char in KEPT or not _is_hidden(char))


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _is_hidden(char: str) -> bool:
    return char in DIRECTION_MARKS or unicodedata.category(char) in {"Cc", "Cs"}
