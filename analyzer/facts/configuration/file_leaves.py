"""The leaves of one configuration file of any format, and which file a name in another file means."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from functools import lru_cache

from analyzer.facts.configuration.json_files import read as read_json
from analyzer.facts.configuration.mapping_files import Leaf
from analyzer.facts.configuration.python_files import read as read_python
from analyzer.facts.configuration.toml_files import read as read_toml
from analyzer.facts.configuration.yaml_files import read as read_yaml
from analyzer.index import SourceIndex
from analyzer.records.evidence import Gap

READERS: dict[str, Callable[[SourceIndex, str], list[Leaf] | Gap]] = {
    ".yaml": read_yaml, ".yml": read_yaml, ".json": read_json, ".toml": read_toml, ".py": read_python,
}  # fmt: skip


@lru_cache(maxsize=4096)
def leaves_of(index: SourceIndex, path: str) -> tuple[Leaf, ...]:
    """The leaves of a file, empty where it cannot be read."""
    reader = READERS.get(posixpath.splitext(path)[1])
    found = reader(index, path) if reader is not None else []
    return () if isinstance(found, Gap) else tuple(found)


def file_meant(index: SourceIndex, name: str, beside: str) -> str | None:
    """The file that a name in `beside` means: relative to that file, else to the root of the repository."""
    directory = posixpath.dirname(beside)
    for base in (directory, ""):
        joined = posixpath.normpath(posixpath.join(base, name))
        if joined in index.files and joined != beside:
            return joined
    return None
