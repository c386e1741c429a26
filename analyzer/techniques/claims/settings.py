"""The values that the source gives to named settings, as statements may speak of them: defaults by name, presets,
runs that a document shows as a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.configuration import ConfigTable, Preset
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

OPTIONS = frozenset({"argparse", "click", "typer", "fire", "absl"})


@dataclass(frozen=True)
class Setting:
    """One value under a name. `owner` is the table or preset that holds it; `option` where a command line sets it."""

    name: str
    value: object
    where: Span
    owner: str
    option: bool = False

    @property
    def number(self) -> float | None:
        is_number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        return float(self.value) if is_number else None  # type: ignore[arg-type]


@dataclass(frozen=True)
class Run:
    """A command of a document: its own options first, then the configuration files it names, then the defaults."""

    where: Span
    target: str
    layers: tuple[tuple[Setting, ...], ...]


def plain_name(name: str) -> str:
    """`model.n_layer`, `--n-layer` and `n_layer` are one name to a reader."""
    return name.rpartition(".")[2].lstrip("-").replace("-", "_").lower()


def defaults(facts: Facts) -> tuple[Setting, ...]:
    """Every value of every table, as written and, where that is another one, as it counts in the end."""
    return tuple(setting for table in facts.configuration.tables for setting in _of_table(table))


def _of_table(table: ConfigTable) -> Iterator[Setting]:
    for value in table.values:
        for known in dict.fromkeys((_plain(value.value), _plain(value.effective))):
            if known is not None:
                option = table.format in OPTIONS
                yield Setting(plain_name(value.name), known[0], value.where, table.name, option)


def _plain(known: Known[object] | Unknown | None) -> tuple[object] | None:
    if not isinstance(known, Known) or not isinstance(known.value, (bool, int, float, str)):
        return None
    return (known.value,)


def of_preset(preset: Preset) -> tuple[Setting, ...]:
    """The values that a preset gives, at the line that gives each."""
    return tuple(
        Setting(plain_name(name), value.value, value.where[0] if value.where else preset.where, preset.name)
        for name, value in preset.values
        if isinstance(value, Known) and isinstance(value.value, (bool, int, float, str))
    )


def documented_runs(index: SourceIndex, facts: Facts) -> tuple[Run, ...]:
    """Runs that documents show, by place."""
    shown = [e for e in facts.structure.entry_points if e.kind == "readme" and e.command and e.target]
    files = {p.name: p for p in facts.configuration.presets if p.layer != "command_line"}
    runs = []
    for entry in shown:
        own = [s for p in facts.configuration.presets if p.where == entry.where for s in of_preset(p)]
        named = [s for word in (entry.command or "").split() if word in files for s in of_preset(files[word])]
        base = [s for table in facts.configuration.tables if table.where.path == entry.target for s in _of_table(table)]
        runs.append(Run(entry.where, entry.target or "", (tuple(own), tuple(named), tuple(base))))
    return tuple(sorted(runs, key=lambda run: run.where))


def of_run(run: Run, names: Iterable[str]) -> tuple[Setting, ...]:
    """What the run has under any of the names, from its first layer that has one."""
    wanted = set(names)
    for layer in run.layers:
        found = tuple(setting for setting in layer if setting.name in wanted)
        if found:
            return found
    return ()


def files_named(line: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The files that a line names by their whole path."""
    return tuple(
        p for p in sorted(set(paths)) if p in line and re.search(rf"(?<![\w/.-]){re.escape(p)}(?![\w/])", line)
    )


def by_owner(facts: Facts) -> dict[str, tuple[Setting, ...]]:
    """The values of each table that is no list of options, by the table's name."""
    found: dict[str, tuple[Setting, ...]] = {}
    for table in facts.configuration.tables:
        found[table.name] = (*found.get(table.name, ()), *_of_table(table))
    return found
