"""Syntax colours for quoted code through pygments, one piece of HTML per line of source."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound


def highlighted_lines(code: str, language: str) -> list[Markup]:
    html = highlight(code, _lexer(language.lower()), _formatter())
    lines = html.removesuffix("\n").split("\n")
    expected = code.count("\n") + 1
    lines += [""] * (expected - len(lines))
    return [Markup(line) for line in lines[:expected]]


@cache
def _lexer(language: str) -> Lexer:
    try:
        found = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        found = TextLexer(stripnl=False, ensurenl=False)
    assert isinstance(found, Lexer)
    return found


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True)
