"""What a configuration file holds once the files that it extends and includes are put in: `_base_`, `!include`.

A name counts as a reference to another file only where that file is in the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.facts.configuration.file_leaves import file_meant, leaves_of
from analyzer.facts.configuration.mapping_files import Leaf
from analyzer.index import SourceIndex

BASE_KEYS = frozenset({
    "_base_", "__base__", "base", "base_config", "_base_config", "base_configs", "base_cfg", "inherit_from",
    "inherit", "inherits", "extends", "parent", "include", "includes", "_include_", "defaults",
})  # fmt: skip
"""Keys, in lower case, whose texts may name the files that a file extends."""
INCLUDING_TAGS = frozenset({"include", "inc", "import", "load", "extend", "yaml"})
DELETE = "_delete_"
MAX_DEPTH = 8


@dataclass(frozen=True)
class Entry:
    """A leaf with the file that it stands in."""

    leaf: Leaf
    path: str


def composed(index: SourceIndex, path: str, depth: int = 0) -> tuple[Entry, ...]:
    """The leaves of the files that a file extends, then its own; a later entry of a name replaces earlier ones."""
    found: tuple[Entry, ...] = ()
    own: list[Entry] = []
    for leaf in leaves_of(index, path):
        bases = _bases(index, path, leaf) if depth < MAX_DEPTH else []
        included = _included(index, path, leaf) if depth < MAX_DEPTH else None
        for base in bases:
            found = merged(found, composed(index, base, depth + 1))
        if included is not None:
            own += prefixed(composed(index, included, depth + 1), leaf.name)
        elif not bases:
            own.append(Entry(leaf, path))
    return merged(found, own)


def _bases(index: SourceIndex, path: str, leaf: Leaf) -> list[str]:
    if leaf.name.lower().partition("[")[0] not in BASE_KEYS:
        return []
    names = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    files = [file_meant(index, name, path) for name in names if isinstance(name, str) and "." in name]
    return [file for file in files if file is not None and file.rpartition(".")[2] == path.rpartition(".")[2]]


def _included(index: SourceIndex, path: str, leaf: Leaf) -> str | None:
    if leaf.tag.lower() not in INCLUDING_TAGS or not isinstance(leaf.value, str):
        return None
    return file_meant(index, leaf.value, path)


def prefixed(entries: Sequence[Entry], prefix: str) -> list[Entry]:
    """The entries under a section."""
    if not prefix:
        return list(entries)
    return [replace(entry, leaf=replace(entry.leaf, name=f"{prefix}.{entry.leaf.name}")) for entry in entries]


def merged(earlier: Sequence[Entry], later: Sequence[Entry]) -> tuple[Entry, ...]:
    """Both, without what the later ones cut off: a section that becomes a leaf, a section that starts anew."""
    cut = tuple(_cuts(later))
    kept = [entry for entry in earlier if not entry.leaf.name.startswith(cut)] if cut else earlier
    names = {entry.leaf.name for entry in earlier}
    buried = {name for name in names for entry in later if entry.leaf.name.startswith((f"{name}.", f"{name}["))}
    kept = [entry for entry in kept if entry.leaf.name not in buried]
    return (*kept, *(entry for entry in later if entry.leaf.name.rpartition(".")[2] != DELETE))


def _cuts(later: Sequence[Entry]) -> Iterator[str]:
    for entry in later:
        name = entry.leaf.name
        if name.rpartition(".")[2] == DELETE and entry.leaf.value is True:
            yield f"{name.rpartition('.')[0]}."
        yield f"{name}."
        yield f"{name}["
