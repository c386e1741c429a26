"""Files of a directory in a stable order: what git ignores, environments and hidden directories are left out.

Symbolic links never lead out of the directory, and directories behind links are not entered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analyzer.index.entries import Entry, Reader
from analyzer.records.evidence import Gap

SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "bower_components"})
ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True)
class _Ignore:
    """The patterns of one `.gitignore` with the directory it stands in."""

    base: str
    spec: object

    def verdict(self, path: str) -> bool | None:
        """True: ignored, False: taken back in, None: no pattern matches."""
        inner = path[len(self.base) + 1 :] if self.base else path
        result: bool | None = self.spec.check_file(inner).include  # type: ignore[attr-defined]
        return result


def find_entries(root: Path, tracked: frozenset[str] = frozenset()) -> Iterator[Entry | Gap]:
    """Entries and gaps of a directory tree; files that git tracks are never ignored."""
    yield from _Walk(root, tracked).directory(root, "", ())


class _Walk:
    def __init__(self, root: Path, tracked: frozenset[str]) -> None:
        self._real_root = Path(os.path.realpath(root))
        self._tracked = tracked
        self._tracked_directories = {str(p) for path in tracked for p in Path(path).parents}

    def directory(self, directory: Path, prefix: str, ignores: tuple[_Ignore, ...]) -> Iterator[Entry | Gap]:
        try:
            items = sorted(os.scandir(directory), key=lambda item: item.name)
        except OSError as error:
            yield Gap(prefix or ".", "unreadable", (("message", error.strerror or type(error).__name__),))
            return
        ignores = (*ignores, *_ignore_file(directory, prefix))
        for item in (item for item in items if not item.is_dir(follow_symlinks=False)):
            yield from self._item(item, prefix, ignores)
        for item in (item for item in items if item.is_dir(follow_symlinks=False)):
            path = f"{prefix}/{item.name}" if prefix else item.name
            if not self._is_skipped(item, path, ignores):
                yield from self.directory(Path(item.path), path, ignores)

    def _item(self, item: os.DirEntry[str], prefix: str, ignores: tuple[_Ignore, ...]) -> Iterator[Entry | Gap]:
        path = f"{prefix}/{item.name}" if prefix else item.name
        if item.name.startswith(".") or (path not in self._tracked and _is_ignored(path, ignores)):
            return
        if item.is_symlink():
            problem = self._link_problem(item)
            if problem is not None:
                yield Gap(path, problem)
                return
        try:
            if item.is_file():
                yield Entry(_readable(path), item.stat().st_size, file_reader(item.path))
        except OSError as error:
            yield Gap(_readable(path), "unreadable", (("message", error.strerror or type(error).__name__),))

    def _link_problem(self, item: os.DirEntry[str]) -> str | None:
        try:
            target = Path(item.path).resolve(strict=True)
        except (OSError, RuntimeError) as error:
            is_missing = isinstance(error, FileNotFoundError)
            return "link_without_target" if is_missing else "link_in_a_circle"
        if target != self._real_root and self._real_root not in target.parents:
            return "link_leaves_repository"
        return "link_to_directory" if target.is_dir() else None

    def _is_skipped(self, item: os.DirEntry[str], path: str, ignores: tuple[_Ignore, ...]) -> bool:
        if item.name in SKIPPED or item.name.startswith(".") or item.name.endswith(".egg-info"):
            return True
        if any(os.path.exists(os.path.join(item.path, mark)) for mark in ENVIRONMENT_MARKS):
            return True
        return path not in self._tracked_directories and _is_ignored(f"{path}/", ignores)


def _ignore_file(directory: Path, prefix: str) -> Iterator[_Ignore]:
    from pathspec import GitIgnoreSpec

    file = directory / ".gitignore"
    try:
        if file.is_file() and not file.is_symlink():
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            yield _Ignore(prefix, GitIgnoreSpec.from_lines(lines))
    except (OSError, ValueError):
        return


def _is_ignored(path: str, ignores: tuple[_Ignore, ...]) -> bool:
    """The nearest `.gitignore` with a matching pattern decides."""
    for ignore in reversed(ignores):
        verdict = ignore.verdict(path)
        if verdict is not None:
            return verdict
    return False


def file_reader(path: str) -> Reader:
    """Reader of a file on the disk."""

    def read(limit: int) -> bytes:
        with open(path, "rb") as stream:
            return stream.read(limit)

    return read


def _readable(path: str) -> str:
    """File names that are no valid text are shown with replacements."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
