"""Dataclasses that keep what a run has come to, a step counter or the last loss: they configure nothing."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.facts.configuration.usage import Usage
from analyzer.facts.configuration_owners import owner_of, slot_of
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable
from analyzer.records.evidence import Unknown

FEWEST = 2
"""So many fields must change: one that is filled in late makes no record of a class."""


def state_records(index: SourceIndex, tables: Sequence[ConfigTable], usage: Usage) -> frozenset[str]:
    """Owners of which at least half of the fields are set anew, after construction, to something computed."""
    written = {
        (store.slot, store.scope.path, store.statement.lineno)
        for store in usage.stores
        if not is_test_file(index, store.scope.path)
    }
    return frozenset(
        owner_of(table)
        for table in tables
        if table.format == "dataclass" and _changing(table, written) >= max(FEWEST, len(table.values) / 2)
    )


def _changing(table: ConfigTable, written: set[tuple[tuple[str, str], str, int]]) -> int:
    """Fields that a line outside the class gives a value which no line of the source states."""
    return sum(
        any(
            step.layer == "assignment"
            and isinstance(step.value, Unknown)
            and (slot_of(table, value.name), step.where.path, step.where.first_line) in written
            for step in value.overrides
        )
        for value in table.values
    )
