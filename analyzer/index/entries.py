"""Files as they come from a directory or an archive, and reading them within limits.

An entry knows its path, its size and how to read it; the limits are kept here, in one place for all origins.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import tokenize
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO

from analyzer.index.notebooks import notebook_source
from analyzer.records.evidence import Gap
from analyzer.records.source import FileKind, SourceFile

KINDS: dict[str, FileKind] = {
    ".py": "python", ".ipynb": "notebook", ".yaml": "config", ".yml": "config", ".json": "config",
    ".toml": "config", ".cfg": "config", ".ini": "config", ".sh": "shell", ".bash": "shell",
    ".md": "markdown", ".markdown": "markdown", ".rst": "markdown", ".txt": "text", ".in": "text", ".mk": "makefile",
    ".cu": "text", ".cuh": "text", ".cpp": "text", ".cc": "text", ".c": "text", ".h": "text", ".hpp": "text",
    ".pyx": "text", ".pyi": "text", ".gin": "text", ".cff": "text", ".bib": "text",
}  # fmt: skip
NAMED: dict[str, FileKind] = {
    "Makefile": "makefile", "makefile": "makefile", "GNUmakefile": "makefile", "LICENSE": "text", "LICENCE": "text",
    "COPYING": "text", "NOTICE": "text", "Dockerfile": "text", "METADATA": "text", "README": "markdown",
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much is read; what exceeds a limit is skipped and stated."""

    file_bytes: int = 4_000_000
    notebook_bytes: int = 40_000_000
    """Notebooks carry pictures; only their code cells are kept."""
    files: int = 20_000
    total_bytes: int = 200_000_000
    depth: int = 40

    def bytes_of(self, path: str) -> int:
        return self.notebook_bytes if kind_of(path) == "notebook" else self.file_bytes


Reader = Callable[[int], bytes]


@dataclass(frozen=True)
class Entry:
    """A file that may be read: `read(n)` gives at most n bytes and raises OSError where it cannot."""

    path: str
    size: int
    read: Reader


@dataclass
class Reading:
    """What has been read so far."""

    limits: Limits
    files: dict[str, SourceFile] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    total: int = 0

    def skip(self, path: str, reason: str, **arguments: object) -> None:
        self.gaps.append(Gap(path, reason, tuple((name, str(value)) for name, value in arguments.items())))


def kind_of(path: str) -> FileKind:
    """What a file is, by its name."""
    name = path.rpartition("/")[2]
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    return NAMED.get(name) or KINDS.get(suffix, "binary")


def read_entries(entries: Iterable[Entry | Gap], limits: Limits) -> Reading:
    """Read entries in their order until a limit of the whole is reached."""
    reading = Reading(limits)
    for entry in entries:
        if isinstance(entry, Gap):
            reading.gaps.append(entry)
        elif len(reading.files) >= limits.files:
            reading.skip(".", "too_many_files", limit=limits.files, first=entry.path)
            break
        elif not _is_within_limits(reading, entry):
            continue
        elif reading.total + entry.size > limits.total_bytes:
            reading.skip(".", "too_many_bytes", limit=limits.total_bytes, first=entry.path)
            break
        else:
            _read(reading, entry)
    return reading


def _is_within_limits(reading: Reading, entry: Entry) -> bool:
    limit = reading.limits.bytes_of(entry.path)
    if entry.size > limit:
        reading.skip(entry.path, "file_too_large", bytes=entry.size, limit=limit)
        return False
    if entry.path.count("/") >= reading.limits.depth:
        reading.skip(entry.path, "path_too_deep", limit=reading.limits.depth)
        return False
    return True


def _read(reading: Reading, entry: Entry) -> None:
    limit = reading.limits.bytes_of(entry.path)
    try:
        data = entry.read(limit + 1)
    except OSError as error:
        reading.skip(entry.path, "unreadable", message=error.strerror or type(error).__name__)
        return
    reading.total += len(data)
    if len(data) > limit:
        reading.skip(entry.path, "file_too_large", bytes=f"> {limit}", limit=limit)
        return
    file = source_file(entry.path, data)
    if isinstance(file, SourceFile):
        reading.files[entry.path] = file
    else:
        reading.gaps.append(file)


def source_file(path: str, data: bytes, package: str | None = None) -> SourceFile | Gap:
    """The record of a file's content, or why its text cannot be had."""
    kind, sha256 = kind_of(path), hashlib.sha256(data).hexdigest()
    if kind == "binary":
        return SourceFile(path, kind, len(data), 0, sha256, package=package)
    text = decoded(kind, data)
    if text is None:
        return Gap(path, "binary_content" if b"\0" in data else "not_utf8")
    try:
        text = notebook_source(text) if kind == "notebook" else text
    except (ValueError, RecursionError):
        return Gap(path, "broken_notebook")
    return SourceFile(path, kind, len(data), text.count("\n") + (not text.endswith("\n")), sha256, text, package)


MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""Byte order marks with the encoding that they announce."""


def decoded(kind: FileKind, data: bytes) -> str | None:
    """Text with plain line ends: UTF-8, what a Python file declares, or what a mark announces; None for the rest."""
    announced = next((name for mark, name in MARKS if data.startswith(mark)), None)
    encoding = announced or (_declared_encoding(data) if kind == "python" else "utf-8")
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    return None if "\0" in text else re.sub(r"\r\n?", "\n", text)


def _declared_encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(BytesIO(data).readline)[0]
    except SyntaxError:
        return "utf-8"
