"""One complaint, and the texts of a report that rules look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

FRONT_MATTER = re.compile(r"---\n.*?\n---\n", re.DOTALL)
PARSER = MarkdownIt("commonmark").enable(["table"])
COPIES = ("sources/", "annotated/")
"""Folders that hold the target's own text."""


@dataclass(frozen=True)
class Finding:
    """What is wrong, in which file of the report, at which line (0 where the whole file is meant)."""

    rule: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.text}"


class MarkdownFile:
    """A Markdown file of a report with its tokens."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text

    @cached_property
    def tokens(self) -> list[Token]:
        """Of the text below the front matter, which stands there as empty lines."""
        front = FRONT_MATTER.match(self.text)
        skipped = front[0].count("\n") if front else 0
        return PARSER.parse("\n" * skipped + self.text[front.end() if front else 0 :])

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def finding(self, rule: str, line: int, text: str) -> Finding:
        return Finding(rule, self.name, line, text)


class WrittenReport:
    """The directory that `deepdive analyze` wrote."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @cached_property
    def texts(self) -> dict[str, MarkdownFile]:
        """Markdown files of our own by relative path."""
        return {name: MarkdownFile(name, path.read_text("utf-8")) for name, path in self._files("*.md")}

    @cached_property
    def pages(self) -> dict[str, str]:
        return {name: path.read_text("utf-8") for name, path in self._files("*.html")}

    def _files(self, pattern: str) -> Iterator[tuple[str, Path]]:
        for path in sorted(self.directory.rglob(pattern)):
            name = path.relative_to(self.directory).as_posix()
            if not name.startswith(COPIES):
                yield name, path
