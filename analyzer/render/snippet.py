"""Quoted code with line numbers in front and verified shapes behind; the code between them is unaltered."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.records.document import Snippet
from analyzer.render.markdown_escape import display_width
from analyzer.render.text import clean, one_line

WIDEST_CODE = 88
HASH_COMMENTS = {"python", "bash", "sh", "shell", "makefile", "yaml", "toml", "ini", "text", ""}


def numbered_lines(snippet: Snippet) -> Iterator[tuple[int, str, str]]:
    """(line number, code, shape comment or nothing)."""
    margin = dict(snippet.margin)
    for offset, line in enumerate(clean(snippet.text).rstrip("\n").split("\n")):
        number = snippet.span.first_line + offset
        yield number, line, one_line(margin.get(number, ""))


def as_text(snippet: Snippet) -> str:
    """For Markdown: `52  x = self.ln(x)    #| x: [B, T, n_embd]`."""
    lines = list(numbered_lines(snippet))
    digits = len(str(lines[-1][0]))
    widest = max((display_width(code.expandtabs()) for _, code, note in lines if note), default=0)
    column = min(widest, WIDEST_CODE)
    mark = "#|" if snippet.language.lower() in HASH_COMMENTS else "//|"
    texts = []
    for number, code, note in lines:
        gap = " " * max(2, column - display_width(code.expandtabs()) + 2)
        texts.append(
            f"{number:>{digits}}  {code}{gap}{mark} {note}" if note else f"{number:>{digits}}  {code}".rstrip()
        )
    return "\n".join(texts)
