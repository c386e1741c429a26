"""Source of packages that are not installed, laid beside the files of a repository.

The stand-ins are texts; they are read here, parsed and interpreted like any other file, and never imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from analyzer.records.source import SourceFile

ROOT = Path(__file__).parent / "standins"
PLACE = "site-packages"
"""Folder of the index under which packages are found after the repository's own modules."""
MARK = "stand-in"


@cache
def stand_ins() -> tuple[SourceFile, ...]:
    """All stand-in files, under the place where their package would be found."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        relative = path.relative_to(ROOT).as_posix()
        digest = hashlib.sha256(text.encode()).hexdigest()
        package = f"{MARK}:{relative.split('/')[0]}"
        found.append(
            SourceFile(f"{PLACE}/{relative}", "python", len(text), text.count("\n") + 1, digest, text, package)
        )
    return tuple(found)


def with_stand_ins(files: Mapping[str, SourceFile]) -> dict[str, SourceFile]:
    """The files, and stand-ins for those packages that they do not contain themselves."""
    present = {part for path in files for part in _packages_of(path)}
    added = {file.path: file for file in stand_ins() if file.path.split("/")[1] not in present}
    return {**files, **added}


def _packages_of(path: str) -> tuple[str, ...]:
    parts = path.split("/")
    if parts[0] == PLACE:
        return (parts[1].removesuffix(".py"),)
    return (parts[0],) if len(parts) > 1 else ()


def is_stand_in(file: SourceFile | None) -> bool:
    return file is not None and (file.package or "").startswith(MARK)
