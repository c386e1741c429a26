"""Source files of an installed distribution, found through its metadata; nothing of it is imported."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path, PurePosixPath

from analyzer.index.directories import file_reader
from analyzer.index.entries import Entry
from analyzer.records.errors import UserError
from analyzer.records.evidence import Gap

KEPT_METADATA = ("METADATA", "entry_points.txt")


def read_distribution(name: str) -> tuple[str, list[Entry | Gap]]:
    """Distribution name as installed, and the entries of its files in path order."""
    distribution = _distribution(name)
    found: list[Entry | Gap] = []
    for file in distribution.files or ():
        path = PurePosixPath(file.as_posix())
        if ".." in path.parts or path.is_absolute() or not _is_wanted(path):
            continue
        place = Path(str(file.locate()))
        try:
            found.append(Entry(str(path), place.stat().st_size, file_reader(str(place))))
        except OSError as error:
            found.append(Gap(str(path), "unreadable", (("message", error.strerror or type(error).__name__),)))
    if not found:
        raise UserError("the installed package lists no files", f"package:{name}", "name its source directory instead")
    return distribution.name, sorted(found, key=lambda item: item.path if isinstance(item, Entry) else item.where)


def _distribution(name: str) -> metadata.Distribution:
    """By distribution name, else by the name it is imported by."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise UserError("this is no package name", f"package:{name}", "use the name it is installed by")
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        homes = metadata.packages_distributions() if hasattr(metadata, "packages_distributions") else {}
    candidates = sorted(set(homes.get(name, ())))
    if len(candidates) == 1:
        return metadata.distribution(candidates[0])
    hint = f"name one of {', '.join(candidates)}" if candidates else f"install it first: pip install {name}"
    raise UserError("the package is not installed", f"package:{name}", hint)


def _is_wanted(path: PurePosixPath) -> bool:
    if path.suffix in (".pyc", ".so", ".pyd") or "__pycache__" in path.parts:
        return False
    if path.parts[0].endswith((".dist-info", ".egg-info")):
        return path.name in KEPT_METADATA or path.parts[1:2] == ("licenses",)
    return not any(part.startswith(".") for part in path.parts)
