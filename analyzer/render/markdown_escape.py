"""Text of the repository and prose of ours as literal Markdown: nothing in it can start a construct."""

from __future__ import annotations

import re
import unicodedata

from analyzer.render.text import clean, one_line

SPECIAL = re.compile(r"[\\`*\[\]<>$~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|!(?=\[)|&(?=#?\w+;)")
LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|=+\s*$|\d{1,9}(?=[.)](?:\s|$))|\|)")


def escape(text: str) -> str:
    """The text as inline Markdown."""
    return SPECIAL.sub(_escaped, one_line_keeping_edges(text))


def escape_line_start(line: str) -> str:
    """A finished line that must be read as a paragraph, whatever it begins with."""

    def guarded(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}\\" if match[2].isdigit() else f"{match[1]}\\{match[2]}"

    return LINE_START.sub(guarded, line)


def _escaped(match: re.Match[str]) -> str:
    mark = match[0]
    if mark == "<":
        return "&lt;"
    if mark == "&":
        return "&amp;"
    return f"\\{mark}"


def one_line_keeping_edges(text: str) -> str:
    """One line; a space at either end stays, because parts of a line are joined."""
    flat = one_line(text)
    if not flat:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + flat + (" " if text[-1].isspace() else "")


def code_span(text: str) -> str:
    """The text between more backticks than it contains in a row."""
    flat = one_line(text)
    if not flat:
        return ""
    fence = "`" * (longest_run(flat, "`") + 1)
    padding = " " if flat[0] == "`" or flat[-1] == "`" else ""
    return f"{fence}{padding}{flat}{padding}{fence}"


def fenced(text: str, language: str) -> str:
    body = clean(text).rstrip("\n")
    fence = "`" * max(3, longest_run(body, "`") + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


def emphasised(escaped: str, plain: str, mark: str, tag: str) -> str:
    """Stars where Markdown is sure to read them; beside punctuation it is not, least of all between Chinese."""
    edges = (plain[:1], plain[-1:])
    if all(edge and unicodedata.category(edge)[0] in "LN" for edge in edges):
        return f"{mark}{escaped}{mark}"
    return f"<{tag}>{escaped}</{tag}>"


def in_cell(markdown: str) -> str:
    """Inline Markdown inside a table cell: a pipe would end the cell, even in code."""
    return markdown.replace("|", "\\|").replace("\n", " ")


def display_width(text: str) -> int:
    """Columns of a terminal or code block that the text takes; Chinese takes two each."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
