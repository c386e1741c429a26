"""Dataclasses that keep what a run has come to, a step counter or the last loss: they configure nothing.

Three signs: fields that a line sets anew, fields filled from what the code counts up, containers that begin empty.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.facts.configuration.usage import Usage
from analyzer.facts.configuration_owners import owner_of, slot_of
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.evidence import Known, Unknown

FEWEST = 2
"""So many fields must change: one that is filled in late makes no record of a class."""


def state_records(index: SourceIndex, tables: Sequence[ConfigTable], usage: Usage) -> frozenset[str]:
    """Owners of which at least half of the fields are set anew, after construction, to something computed; that are
    made of what is counted elsewhere; or that hold nothing but containers to be filled.
    """
    written = {
        (store.slot, store.scope.path, store.statement.lineno)
        for store in usage.stores
        if not is_test_file(index, store.scope.path)
    }
    counted = _counted_up(index)
    return frozenset(
        owner_of(table)
        for table in tables
        if table.format == "dataclass"
        and (
            _changing(table, written) >= max(FEWEST, len(table.values) / 2)
            or _keeps_count(table, counted)
            or all(map(_is_empty, table.values))
        )
    )


def _counted_up(index: SourceIndex) -> frozenset[str]:
    """Names of attributes that some line of the program updates in place: `state.step += 1`."""
    return frozenset(
        node.target.attr
        for path, tree in index.trees().items()
        if not is_test_file(index, path)
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute)
    )


def _keeps_count(table: ConfigTable, counted: frozenset[str]) -> bool:
    """At least half of the fields are given something computed, one of them what the code counts up."""
    computed = [
        [step for step in value.overrides if step.layer == "assignment" and isinstance(step.value, Unknown)]
        for value in table.values
    ]
    is_given = sum(map(bool, computed)) >= max(FEWEST, len(table.values) / 2)
    return is_given and any(_reads(step.expression, counted) for steps in computed for step in steps)


def _reads(expression: str, names: frozenset[str]) -> bool:
    try:
        tree = ast.parse(expression)
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Attribute) and node.attr in names for node in ast.walk(tree))


def _is_empty(value: ConfigValue) -> bool:
    """A list, set or mapping that begins with nothing in it."""
    return isinstance(value.value, Known) and value.value.value in ([], {}, ())


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
