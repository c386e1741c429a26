"""The values that finally count in one program: defaults, then what its own code assigns on the way of a default run.

Conditions are decided with the defaults where they can be; what stands under an undecided one does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.argument_values import Slot, Value
from analyzer.facts.configuration.overrides import construction_pairs, is_definition
from analyzer.facts.configuration_owners import CLASS_FORMATS, keys_of, owner_of, slot_of
from analyzer.facts.flow import Klass
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program
from analyzer.records.configuration import ConfigTable
from analyzer.records.evidence import Unknown
from analyzer.records.source import Span


def effective_values(program: Program, tables: Sequence[ConfigTable]) -> dict[Slot, Value]:
    """Values by slot that the program itself gives, the last one counting."""
    homes = {slot_of(table, value.name): value.where for table in tables for value in table.values}
    owners = {owner_of(table): table for table in tables if table.format in CLASS_FORMATS}
    found: dict[Slot, Value] = {}
    for occurrence in program.occurrences:
        pairs = [*_stored(program, occurrence, homes), *_constructed(program, occurrence, owners)]
        if pairs and program.holds(occurrence):
            for slot, node in pairs:
                found[slot] = _value(program, occurrence, node)
    return found


def _value(program: Program, occurrence: Occurrence, node: ast.expr | None) -> Value:
    where = program.flow.index.span(occurrence.step.scope.path, occurrence.step.statement)
    if node is None or isinstance(occurrence.step.statement, ast.AugAssign):
        return Unknown("updated_in_place", (), where)
    return program.flow.values.value(node, occurrence.step.scope, occurrence.stack)


def _stored(
    program: Program, occurrence: Occurrence, homes: dict[Slot, Span]
) -> Iterator[tuple[Slot, ast.expr | None]]:
    node, statement = occurrence.step.node, occurrence.step.statement
    if occurrence.step.kind != "store" or not isinstance(node, ast.Attribute):
        return
    for base in sorted(program.flow.inference.types(node.value, occurrence.step.scope), key=repr):
        for key in keys_of(base):
            home = homes.get((key, node.attr))
            if home is not None and not is_definition(home, occurrence.step.scope, statement, key):
                yield (key, node.attr), getattr(statement, "value", None)


def _constructed(
    program: Program, occurrence: Occurrence, owners: dict[str, ConfigTable]
) -> Iterator[tuple[Slot, ast.expr | None]]:
    call = occurrence.call
    for target in occurrence.step.targets:
        table = owners.get(target.type.owner) if isinstance(target.type, Klass) else None
        if table is not None and call is not None:
            for name, node in construction_pairs(program.flow.index, table, call, occurrence.step.scope):
                yield slot_of(table, name), node
