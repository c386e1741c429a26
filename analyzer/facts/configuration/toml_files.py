"""TOML files: values by the standard parser, lines by a scan for tables and keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import lru_cache

from analyzer.facts.configuration.mapping_files import Leaf, candidates
from analyzer.index import SourceIndex
from analyzer.records.configuration import PlainValue
from analyzer.records.evidence import Gap

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIXES = (".toml",)
HEADER = re.compile(r"\s*\[(\[)?\s*(.+?)\s*\]?\]\s*(#.*)?$")
PAIR = re.compile(
    r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=\s*(.*)$"""
)


def find_gaps(index: SourceIndex) -> tuple[Gap, ...]:
    """Files that are not TOML."""
    return tuple(gap for path in candidates(index, SUFFIXES) if isinstance(gap := read(index, path), Gap))


@lru_cache(maxsize=2048)
def read(index: SourceIndex, path: str) -> list[Leaf] | Gap:
    """The leaves of one file, or why it has none."""
    text = index.text(path)
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return Gap(path, "toml_not_readable")
    lines = _lines_of_keys(text)
    return [_leaf(name, value, lines) for name, value in _flatten(data, "") if _place(name, lines) is not None]


def _leaf(name: str, value: PlainValue, lines: dict[str, tuple[int, str]]) -> Leaf:
    line, text = _place(name, lines) or (1, "")
    return Leaf(name, text, value, line, line)


def _place(name: str, lines: dict[str, tuple[int, str]]) -> tuple[int, str] | None:
    """The line of a key; values inside an inline table stand on the line of the table."""
    while name:
        if name in lines:
            return lines[name]
        name = name.rpartition(".")[0]
    return None


def _flatten(value: object, name: str) -> Iterator[tuple[str, PlainValue]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for place, item in enumerate(value):
            yield from _flatten(item, f"{name}[{place}]")
    elif isinstance(value, (bool, int, float, str, list)):
        yield name, value
    else:
        yield name, str(value)


def _lines_of_keys(text: str) -> dict[str, tuple[int, str]]:
    """Line and text of every `key = value`, by dotted name; arrays of tables are numbered."""
    found: dict[str, tuple[int, str]] = {}
    prefix = ""
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        header = HEADER.match(line)
        pair = PAIR.match(line)
        if header and not pair:
            prefix = _plain_key(header.group(2))
            if header.group(1):
                counts[prefix] = counts.get(prefix, -1) + 1
                prefix = f"{prefix}[{counts[prefix]}]"
        elif pair:
            key = _plain_key(pair.group(1))
            found.setdefault(f"{prefix}.{key}" if prefix else key, (number, pair.group(2).strip()))
    return found


def _plain_key(text: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in text.split("."))
