"""The values that finally count in one program: defaults, then what its own code assigns on the way of a default run.

Conditions are decided with the defaults where they can be; what stands under an undecided one does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.facts.argument_values import Slot, Value
from analyzer.facts.configuration.chosen_entries import chosen_entry
from analyzer.facts.configuration.file_names import FileNames
from analyzer.facts.configuration.overrides import construction_pairs, is_definition
from analyzer.facts.configuration.reading import Scope
from analyzer.facts.configuration_owners import CLASS_FORMATS, FILE_FORMATS, keys_of, owner_of, slot_of
from analyzer.facts.flow import Held, Klass
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.keyword_items import Place, TakenOut, keyword_of
from analyzer.facts.literal import NotPlain
from analyzer.facts.program import Program
from analyzer.records.configuration import ConfigTable
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

MERGING = "merge_from_file"


def effective_values(program: Program, tables: Sequence[ConfigTable]) -> dict[Slot, Value]:
    """Values by slot that the program itself gives, the last one counting."""
    homes = {slot_of(table, value.name): value.where for table in tables for value in table.values}
    owners = {owner_of(table): table for table in tables if table.format in CLASS_FORMATS}
    files = {table.name: table for table in tables if table.format in FILE_FORMATS}
    found: dict[Slot, Value] = {}
    for occurrence in program.occurrences:
        pairs = [*_stored(program, occurrence, homes), *_constructed(program, occurrence, owners)]
        chosen = chosen_entry(program, occurrence, program.flow.values.with_effective(found))
        pairs += [(slot, node) for slot, node in chosen if slot in homes]
        given = [*_spread(program, occurrence, owners), *_merged(program, occurrence, files)]
        if (pairs or given) and program.holds(occurrence):
            for slot, node in pairs:
                found[slot] = _value(program, occurrence, node)
            found.update(given)
    return found


def left_to_default(program: Program, tables: Sequence[ConfigTable]) -> dict[Slot, Value]:
    """What a program's own construction of a configuration class does not give has the default of the class, whatever
    other programs give it.
    """
    owners = {owner_of(table): table for table in tables if table.format in CLASS_FORMATS}
    found: dict[Slot, Value] = {}
    for occurrence in program.occurrences:
        call = occurrence.call
        for target in occurrence.step.targets:
            table = owners.get(target.type.owner) if isinstance(target.type, Klass) else None
            is_open = call is None or any(k.arg is None for k in call.keywords) or any(map(_is_starred, call.args))
            if table is not None and call is not None and not is_open:
                given = {name for name, _ in construction_pairs(program.flow.index, table, call, occurrence.step.scope)}
                found |= {slot_of(table, v.name): v.value for v in table.values if v.effective and v.name not in given}
    return found


def _is_starred(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred)


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


def _spread(program: Program, occurrence: Occurrence, owners: dict[str, ConfigTable]) -> Iterator[tuple[Slot, Value]]:
    """`Options(**options)`: configuration values that the mapping carries to fields of the class."""
    call = occurrence.call
    if call is None or all(keyword.arg is not None for keyword in call.keywords):
        return
    flow = program.flow
    place = Place(call, occurrence.step.scope, occurrence.stack)
    for target in occurrence.step.targets:
        table = owners.get(target.type.owner) if isinstance(target.type, Klass) else None
        for value in table.values if table is not None else ():
            try:
                given = keyword_of(flow.inference, place, value.name)
            except TakenOut as taken:
                if table is not None:
                    yield slot_of(table, value.name), _taken_out(program, call, place.scope.path, taken)
                continue
            except NotPlain:
                continue
            if table is None or given is None:
                continue
            option = flow.values.option(given.node, given.scope)
            known = flow.values.value(given.node, given.scope, given.stack)
            if isinstance(known, Known):
                call_at = flow.index.span(place.scope.path, call)
                known = replace(known, where=(option.where, call_at) if option is not None else (call_at,))
            if option is not None or isinstance(known, Known):
                yield slot_of(table, value.name), known


def _taken_out(program: Program, call: ast.Call, path: str, taken: TakenOut) -> Unknown:
    """What the mapping gives where nothing takes it out, and where something does."""
    flow, kept = program.flow, taken.kept
    at = flow.index.span(path, call)
    known = flow.values.value(kept.node, kept.scope, kept.stack) if kept is not None else None
    told = (("call", ast.unparse(call)),)
    if not isinstance(known, Known) or not taken.condition:
        return Unknown("set_by_mapping", told, at)
    line = str(flow.index.span(taken.at.scope.path, taken.at.node))
    given = (("value", repr(known.value)), ("condition", taken.condition), ("line", line))
    return Unknown("set_by_mapping_unless", (*told, *given), at)


def _merged(program: Program, occurrence: Occurrence, files: dict[str, ConfigTable]) -> Iterator[tuple[Slot, Value]]:
    """`cfg.merge_from_file("wide.yaml")`: the values of the one file that it names."""
    call = occurrence.call
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr != MERGING or not call.args:
        return
    scope = occurrence.step.scope
    names = FileNames(program.flow.index).named(call.args[0], Scope(scope.path, scope.dotted, scope.node))  # type: ignore[arg-type]
    table = files.get(names[0]) if len(names) == 1 else None
    for base in sorted(program.flow.inference.types(call.func.value, scope), key=repr):
        for value in table.values if table is not None and isinstance(base, Held) else ():
            inner, _, last = value.name.rpartition(".")
            yield (f"{base.site}|{inner}" if inner else base.site, last), value.effective or value.value  # type: ignore[union-attr]
