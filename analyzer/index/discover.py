"""Which files belong to a repository, read in a stable order and within limits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analyzer.index.parse import notebook_source
from analyzer.index.source_index import SourceIndex
from analyzer.records.evidence import Gap
from analyzer.records.source import FileKind, Repository, SourceFile

KINDS: dict[str, FileKind] = {
    ".py": "python", ".ipynb": "notebook", ".yaml": "config", ".yml": "config", ".json": "config",
    ".toml": "config", ".cfg": "config", ".ini": "config", ".sh": "shell", ".bash": "shell",
    ".md": "markdown", ".rst": "markdown", ".txt": "text", ".in": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much is read; what exceeds a limit is skipped and stated."""

    file_bytes: int = 4_000_000
    files: int = 20_000
    total_bytes: int = 200_000_000
    depth: int = 40


def read_repository(location: str, limits: Limits | None = None) -> SourceIndex:
    """Index of the repository at `location`."""
    root = Path(location)
    limits = limits or Limits()
    files: dict[str, SourceFile] = {}
    gaps: list[Gap] = []
    for path in _walk(root):
        relative = path.relative_to(root).as_posix()
        read = _read_file(path, relative, limits)
        if isinstance(read, Gap):
            gaps.append(read)
        else:
            files[relative] = read
    name = root.resolve().name
    return SourceIndex(_identity(name, files), files, gaps)


def _walk(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in {".git", "__pycache__"})
        yield from (Path(directory) / name for name in sorted(files))


def _read_file(path: Path, relative: str, limits: Limits) -> SourceFile | Gap:
    size = path.stat().st_size
    if size > limits.file_bytes:
        return Gap(relative, "file_too_large", (("bytes", str(size)), ("limit", str(limits.file_bytes))))
    data = path.read_bytes()
    kind = KINDS.get(path.suffix, "makefile" if path.name in ("Makefile", "makefile") else "binary")
    if kind == "binary":
        return SourceFile(relative, kind, size, 0, hashlib.sha256(data).hexdigest())
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        text = notebook_source(text) if kind == "notebook" else text
    except ValueError:
        return Gap(relative, "not_utf8")
    return SourceFile(relative, kind, size, text.count("\n") + 1, hashlib.sha256(data).hexdigest(), text)


def _identity(name: str, files: dict[str, SourceFile]) -> Repository:
    digest = hashlib.sha256("".join(f"{p}\0{f.sha256}\n" for p, f in sorted(files.items())).encode()).hexdigest()
    return Repository(name, digest, len(files), sum(f.lines for f in files.values()))
