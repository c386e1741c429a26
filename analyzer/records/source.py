"""Where things stand in the analysed repository: files, spans, and what was left out while reading.

A span quotes: it carries the digest of the lines it points to, so that `deepdive check` can tell later
whether a report still agrees with its source. Nothing here reads a disk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

FileKind = Literal["python", "notebook", "config", "shell", "makefile", "markdown", "text", "binary"]


@dataclass(frozen=True, order=True)
class Span:
    """A run of lines of one file.

    In a notebook the lines count in the text of its code cells joined together (`SourceFile.text`), so that a
    span quotes the same way everywhere; `cell` and `cell_start` say which cell the first line stands in, and
    `str` prints the line inside that cell: `demo.ipynb[4]:3`.
    """

    path: str
    """POSIX path relative to the repository's root."""
    first_line: int
    last_line: int
    sha256: str = field(default="", compare=False)
    """SHA-256 of the quoted lines, joined by `\\n`, without a final newline; empty only in tests."""
    cell: int | None = None
    """Number of the notebook's cell, counted from 1 over code and text cells."""
    cell_start: int = 0
    """Lines of the joined text that stand before the cell's own first line."""

    def __str__(self) -> str:
        place = self.path if self.cell is None else f"{self.path}[{self.cell}]"
        first, last = self.first_line - self.cell_start, self.last_line - self.cell_start
        return f"{place}:{first}" if first == last else f"{place}:{first}-{last}"


def digest_of(text: str) -> str:
    """SHA-256 of a quotation, as spans carry it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class SourceFile:
    """One file of the repository as it was read. `text` is empty where the file is binary or was not read."""

    path: str
    kind: FileKind
    size: int
    lines: int
    sha256: str
    text: str = field(default="", repr=False)
    package: str | None = None
    """Name of the installed package the file comes from (`--with-package`); None for the repository itself."""


@dataclass(frozen=True)
class Repository:
    """Identity of what was analysed. `commit` and `remote` are set only for the root of a git work tree."""

    name: str
    digest: str
    """SHA-256 over the sorted paths and digests of all files read."""
    files: int
    lines: int
    commit: str | None = None
    remote: str | None = None
    """Web address of the repository without user, password or `.git` suffix."""
    dirty: bool = False
    """True where tracked files differ from `commit`: links then go into `sources/`."""
    license: str | None = None
