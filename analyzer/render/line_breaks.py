"""Where a long name may be broken in a narrow table cell: after its separators, nowhere else."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

SHORTEST = 18
"""Shorter text stays whole."""
SEPARATOR = re.compile(r"((?<=[\w\])'\"])(?:\.(?!\w{1,5}:\d)|[/,=(\[-])+|(?<=[A-Za-z0-9]{3})_(?!_))(?=[\w'\"\[(])")
"""An underscore only behind three letters: `n_embd` stays whole."""
NUMBER = re.compile(r"[-+]?[\d.,_]+(e[-+]?\d+)?")


def breakable(text: str) -> Markup:
    """The text escaped, with a break opportunity behind each separator between two parts of a name."""
    if len(text) < SHORTEST:
        return escape(text)
    return Markup(" ").join(_word(word) for word in text.split(" "))


def _word(word: str) -> Markup:
    if len(word) < SHORTEST or NUMBER.fullmatch(word):
        return escape(word)
    parts = SEPARATOR.split(word)
    names, separators = parts[::2], [*parts[1::2], ""]
    return Markup("<wbr>").join(escape(name + mark) for name, mark in zip(names, separators, strict=True))
