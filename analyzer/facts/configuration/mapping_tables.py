"""Configuration files as tables: what a file extends, includes and refers to is put in, each value with its own line.

A value that several files give carries the chain of them; the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from analyzer.facts.configuration.compositions import Entry, composed
from analyzer.facts.configuration.file_leaves import leaves_of
from analyzer.facts.configuration.hydra_groups import Primary, composed_primary, options, primaries
from analyzer.facts.configuration.interpolation import Settings, has_reference, resolved
from analyzer.facts.configuration.json_files import format_of
from analyzer.facts.configuration.mapping_files import MAX_LEAVES, candidates, is_configuration
from analyzer.facts.configuration.python_files import is_settings_file
from analyzer.index import SourceIndex
from analyzer.records.configuration import (
    ConfigFormat,
    ConfigTable,
    ConfigValue,
    Override,
    PlainValue,
    Preset,
)
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

SUFFIXES = (".yaml", ".yml", ".json", ".toml")


@lru_cache(maxsize=4)
def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    """One table per file that is configuration, and one per composed Hydra configuration."""
    groups = _group_files(index)
    hydra = {primary.path: primary for primary in primaries(index)}
    tables: list[ConfigTable] = []
    for path in (*candidates(index, SUFFIXES), *_settings_files(index)):
        if path in hydra:
            tables += _table(index, path, composed_primary(index, hydra[path]))
        elif path not in groups and is_configuration(list(leaves_of(index, path))):
            tables += _table(index, path, composed(index, path))
    return tuple(tables)


@lru_cache(maxsize=4)
def find_options(index: SourceIndex) -> tuple[Preset, ...]:
    """The options of Hydra's groups, each as a set of values over the primary configuration."""
    return tuple(preset for primary in primaries(index) for preset in _options(index, primary))


def _options(index: SourceIndex, primary: Primary) -> Iterator[Preset]:
    own = {(entry.path, entry.leaf.name) for entry in composed_primary(index, primary)}
    for name, path, entries in options(index, primary):
        pairs = tuple(
            (entry.leaf.name, _known(index, entry)) for entry in entries if (entry.path, entry.leaf.name) not in own
        )
        if pairs:
            yield Preset(name, primary.path, pairs, index.span(path, 1, _last_line(index, path)))


@lru_cache(maxsize=8)
def _group_files(index: SourceIndex) -> frozenset[str]:
    """Files whose values are shown with the configuration that they are composed into."""
    found: set[str] = set()
    for primary in primaries(index):
        found |= {entry.path for entry in composed_primary(index, primary)} - {primary.path}
        found |= {path for _, path, _ in options(index, primary)}
    return frozenset(found)


def _settings_files(index: SourceIndex) -> Iterator[str]:
    return (path for path in index.python_paths() if path in index.trees() and is_settings_file(index, path))


def _table(index: SourceIndex, path: str, entries: Sequence[Entry]) -> Iterator[ConfigTable]:
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.leaf.name, []).append(entry)
    if not by_name or len(by_name) > MAX_LEAVES * 2:
        return
    settings: Settings = {name: (found[-1].leaf.value, _span(index, found[-1])) for name, found in by_name.items()}
    values = tuple(_value(index, name, found, settings) for name, found in by_name.items())
    yield ConfigTable(path, _format(index, path), index.span(path, 1, _last_line(index, path)), values)


def _format(index: SourceIndex, path: str) -> ConfigFormat:
    if path.endswith(".json"):
        return format_of(list(leaves_of(index, path)))
    if path.endswith(".py"):
        return "python_file"
    return "toml" if path.endswith(".toml") else "yaml"


def _last_line(index: SourceIndex, path: str) -> int:
    return max((leaf.last_line for leaf in leaves_of(index, path)), default=1)


def _value(index: SourceIndex, name: str, found: Sequence[Entry], settings: Settings) -> ConfigValue:
    first, last = found[0], found[-1]
    where = _span(index, first)
    steps: tuple[Override, ...] = ()
    effective: Known[PlainValue] | Unknown | None = None
    if len(found) > 1:
        later = [Override("config_file", e.leaf.text, _known(index, e), _span(index, e), e.path) for e in found[1:]]
        steps = (Override("default", first.leaf.text, _known(index, first), where), *later)
        effective = _known(index, last)
    if last.leaf.problem is None and has_reference(last.leaf.value):
        effective = resolved(name, settings)
    return ConfigValue(name, first.leaf.text, _known(index, first), where, overrides=steps, effective=effective)


def _known(index: SourceIndex, entry: Entry) -> Known[PlainValue] | Unknown:
    where, leaf = _span(index, entry), entry.leaf
    if leaf.problem is None:
        return Known(leaf.value, (where,), "read")
    return Unknown(leaf.problem, (("expression", leaf.text),) if leaf.text else (), where)


def _span(index: SourceIndex, entry: Entry) -> Span:
    return index.span(entry.path, entry.leaf.first_line, entry.leaf.last_line)
