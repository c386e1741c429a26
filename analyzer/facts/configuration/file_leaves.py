"""The leaves of one configuration file of any format, and which file a name in another file means."""

from __future__ import annotations

import posixpath
from functools import lru_cache

from analyzer.facts.configuration import json_files, python_files, toml_files, yaml_files
from analyzer.facts.configuration.mapping_files import Leaf
from analyzer.index import SourceIndex
from analyzer.records.evidence import Gap

READERS = {".yaml": yaml_files, ".yml": yaml_files, ".json": json_files, ".toml": toml_files, ".py": python_files}


@lru_cache(maxsize=4096)
def leaves_of(index: SourceIndex, path: str) -> tuple[Leaf, ...]:
    """The leaves of a file, empty where it cannot be read."""
    reader = READERS.get(posixpath.splitext(path)[1])
    found = reader.read(index, path) if reader is not None else []
    return () if isinstance(found, Gap) else tuple(found)


def file_meant(index: SourceIndex, name: str, beside: str) -> str | None:
    """The file that a name in `beside` means: relative to that file, else to the root of the repository."""
    directory = posixpath.dirname(beside)
    for base in (directory, ""):
        joined = posixpath.normpath(posixpath.join(base, name))
        if joined in index.files and joined != beside:
            return joined
    return None
