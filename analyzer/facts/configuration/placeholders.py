"""Texts in a command that stand for what the reader fills in: `<path>`, `{run name}`, `/path/to/data`, `...`."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(
    r"\{[A-Za-z][\w\s./-]*\}|<[A-Za-z][^<>]*>|\[[A-Z][A-Z_ ]+\]|\.\.\.|…|"
    r"(^|[\s/=_.-])path[/_-]to([/_.\s-]|$)|(^|[\s/=_-])your[/_-]\w|\b[A-Z]+_(PATH|DIR|FOLDER|FILE|NAME)\b",
)


def is_placeholder(text: str) -> bool:
    """True where no program could mean the text as it stands."""
    return PLACEHOLDER.search(text) is not None
