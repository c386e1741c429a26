"""Finds prompt and chat templates in the text of the repository's files."""

from __future__ import annotations

import re

from analyzer.document.context import Context
from analyzer.records.source import Span

TEMPLATE = re.compile(
    r"chat_template\b|<\|im_start\|>|\[INST\]|<\|user\|>|<\|system\|>|system_prompt\s*=|PROMPT_TEMPLATE\b"
)
LONGEST_LINE = 400


def template_lines(context: Context) -> list[Span]:
    """The first line of each Python or JSON file that holds a template, with the lines after it."""
    found = []
    for path, file in sorted(context.files.items()):
        if file.kind not in ("python", "config"):
            continue
        lines = file.text.split("\n")
        hits = [at for at, line in enumerate(lines, 1) if TEMPLATE.search(line) and len(line) < LONGEST_LINE]
        if hits:
            last = min(hits[0] + 5, len(lines))
            while last > hits[0] and len(lines[last - 1]) >= LONGEST_LINE:
                last -= 1
            found.append(context.part(Span(path, hits[0], last), hits[0], last))
    return found
