"""Patterns over dotted names: `*` stands for part of one name, `**` for any number of names."""

from __future__ import annotations

import re
from functools import cache


def matches(dotted: str, patterns: tuple[str, ...]) -> bool:
    """True where one of the patterns matches the whole name."""
    return any(_compiled(pattern).fullmatch(dotted) is not None for pattern in patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*|\[[^\]]*\])", pattern)
    known = {"**": r".*", "*": r"[^.]*"}
    return re.compile("".join(known.get(part, part if part.startswith("[") else re.escape(part)) for part in parts))
