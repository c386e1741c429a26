"""Which values configure the repository, where they stand, what overrides them and who reads them.

One reader per format finds tables; this module joins them: values that need evaluation, presets, overrides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from analyzer.facts.argument_values import ArgumentValues, Slot, Value
from analyzer.facts.configuration import (
    argument_parsers,
    class_attributes,
    commands,
    config_nodes,
    constants,
    constructor_defaults,
    dataclass_fields,
    dict_literals,
    function_defaults,
    json_files,
    mapping_tables,
    pretrained_configs,
    toml_files,
    value_classes,
    yaml_files,
)
from analyzer.facts.configuration.argument_loops import argument_loop
from analyzer.facts.configuration.class_sections import find_sections
from analyzer.facts.configuration.constants import is_override_file
from analyzer.facts.configuration.derived import find_derived
from analyzer.facts.configuration.effective import effective_values
from analyzer.facts.configuration.evaluation import evaluated_preset, evaluated_table
from analyzer.facts.configuration.file_loads import holders_of
from analyzer.facts.configuration.overrides import with_overrides
from analyzer.facts.configuration.presets import find_presets
from analyzer.facts.configuration.state_records import state_records
from analyzer.facts.configuration.usage import Usage, find_usage, uses_of
from analyzer.facts.configuration_owners import owner_of, slot_of
from analyzer.facts.entries import inference_programs, ranked, training_programs
from analyzer.facts.evaluation import ValueOf, no_evaluator
from analyzer.facts.flow import Inference
from analyzer.facts.flow.walk import Walker
from analyzer.facts.program import Flow, Program
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, Configuration, ConfigValue, Override
from analyzer.records.evidence import Gap, Known, Unknown
from analyzer.records.source import Span
from analyzer.records.structure import Structure

READERS = (
    dataclass_fields, class_attributes, value_classes, pretrained_configs, config_nodes, argument_parsers, commands,
    constants, dict_literals, constructor_defaults, function_defaults, mapping_tables,
)  # fmt: skip


TRACKED = ("dataclass", "class", "argparse", "constants", "init_defaults", "call", "click", "typer", "fire")
"""Formats whose every read can be seen in the code."""


def find_tables(index: SourceIndex) -> tuple[ConfigTable, ...]:
    """Tables of all formats, by place; what tests set up for themselves configures nothing."""
    found = [table for reader in READERS for table in reader.find(index)]
    found = [table for table in found if not is_test_file(index, table.where.path)]
    settings = {v.where.path for table in found if table.format == "python_file" for v in table.values}
    kept = [t for t in found if t.format not in ("constants", "dict") or t.where.path not in settings]
    return tuple(sorted(kept, key=lambda table: (table.where, table.name)))


def find_gaps(index: SourceIndex) -> tuple[Gap, ...]:
    """Configuration files that could not be read."""
    return (*yaml_files.find_gaps(index), *json_files.find_gaps(index), *toml_files.find_gaps(index))


def derive_configuration(index: SourceIndex, structure: Structure, value_of: ValueOf = no_evaluator) -> Configuration:
    """Everything known about the repository's configuration."""
    tables = tuple(evaluated_table(index, table, value_of) for table in find_tables(index))
    presets = tuple(
        evaluated_preset(index, preset, value_of)
        for preset in find_presets(index, tables)
        if not is_test_file(index, preset.where.path)
    )
    inference = inference_of(index)
    usage = find_usage(index, inference, tables)
    values = ArgumentValues(index, inference, tables, value_of)
    program = _main_program(index, structure, values)
    effective = effective_values(program, tables) if program is not None else {}
    tables = _without_tests(index, with_overrides(index, inference, tables, presets, usage, values))
    records = state_records(index, tables, usage) | value_classes.unread_classes(index, tables, usage)
    tables = tuple(table for table in tables if not _holds_results(table) and owner_of(table) not in records)
    sections = _section_slots(index, tables)
    tables = tuple(_completed(table, usage, effective, sections) for table in tables)
    tables = tuple(_with_argument_loop(index, table) for table in tables)
    return Configuration(
        tables=tables,
        presets=presets,
        derived=find_derived(index, inference, values.with_effective(effective)),
        unused=tuple(_unused(index, tables, usage)),
        gaps=find_gaps(index),
        program=program.name if program is not None else "",
    )


def _with_argument_loop(index: SourceIndex, table: ConfigTable) -> ConfigTable:
    return replace(table, argument_loop=argument_loop(index, table.name)) if table.format == "constants" else table


def _without_tests(index: SourceIndex, tables: Sequence[ConfigTable]) -> tuple[ConfigTable, ...]:
    """The tables without what tests give anew."""

    def kept(value: ConfigValue) -> ConfigValue:
        steps = tuple(step for step in value.overrides if not is_test_file(index, step.where.path))
        if len(steps) == len(value.overrides):
            return value
        return replace(value, overrides=steps if any(step.layer != "default" for step in steps) else ())

    return tuple(replace(table, values=tuple(map(kept, table.values))) for table in tables)


def _holds_results(table: ConfigTable) -> bool:
    """A dataclass without defaults whose every field is given in code by something computed: a record, no setting."""
    if table.format != "dataclass":
        return False
    given = [[step for step in value.overrides if step.layer != "default"] for value in table.values]
    return all(
        isinstance(value.value, Unknown)
        and bool(steps)
        and all(step.layer == "assignment" and isinstance(step.value, Unknown) for step in steps)
        for value, steps in zip(table.values, given, strict=True)
    )


def _main_program(index: SourceIndex, structure: Structure, values: ArgumentValues) -> Program | None:
    """The main training program, or the main inference program where nothing trains."""
    flow = Flow(index, inference_of(index), Walker(inference_of(index)), values)
    programs = ranked(index, structure, list(training_programs(flow)))
    programs = programs or ranked(index, structure, list(inference_programs(flow, structure)))
    return programs[0][0] if programs else None


@lru_cache(maxsize=2)
def inference_of(index: SourceIndex) -> Inference:
    """The flow of objects through a repository, computed once for configuration and processes."""
    return Inference(index, holders_of(index))


def _completed(
    table: ConfigTable, usage: Usage, effective: Mapping[Slot, Value], sections: Mapping[Slot, Slot]
) -> ConfigTable:
    """The table with the lines that read its values and the values that finally count."""
    changed = {v.where for v in table.values if slot_of(table, v.name) in effective}
    return replace(table, values=tuple(_counted(table, v, usage, effective, changed, sections) for v in table.values))


def _counted(
    table: ConfigTable, value: ConfigValue, usage: Usage, effective: Mapping[Slot, Value], changed: set[Span],
    sections: Mapping[Slot, Slot],
) -> ConfigValue:  # fmt: skip
    slot = slot_of(table, value.name)
    counts = effective.get(slot, value.effective)
    if slot not in effective and isinstance(counts, Known) and changed & set(counts.where[1:]):
        counts = Unknown("interpolation_of_changed", (("expression", value.expression),), value.where)
    written = usage.written_by_name.get(slot[0])
    if counts is None and written is not None and isinstance(value.value, Known) and value.value.value is None:
        counts = Unknown("set_by_name", (("line", str(written)),), written)
    used = {*uses_of(usage, table, value), *usage.reads.get(sections.get(slot, ("", "")), ())}
    value = replace(value, used_at=tuple(sorted(used)), effective=counts)
    if slot in effective and not value.overrides and isinstance(counts, Known):
        first = Override("default", value.expression, value.value, value.where)
        step = Override(
            "command_line" if len(counts.where) > 1 else "assignment", repr(counts.value), counts, counts.where[0]
        )
        value = replace(value, overrides=(first, step))
    return value


def _section_slots(index: SourceIndex, tables: Sequence[ConfigTable]) -> dict[Slot, Slot]:
    """Values of sections that build an object, and the constructor's parameters that take them."""
    by_name = {table.name: table for table in tables}
    return {
        slot_of(by_name[section.table], value.name): (f"{section.owner.qualified_name}.__init__", name)
        for section in find_sections(index, tables)
        for name, value in section.values
    }


def _unused(index: SourceIndex, tables: Sequence[ConfigTable], usage: Usage) -> Iterator[ConfigValue]:
    """Values that nothing reads, of tables whose holder is seen in use and is never handed on as a whole."""
    trees = index.trees()
    held = set(holders_of(index).made.values())
    for table in tables:
        path = table.where.path
        is_override = table.format == "constants" and is_override_file(trees[path])
        if table.format not in TRACKED or is_override or path.endswith(".ipynb"):
            continue
        owner = owner_of(table)
        is_seen = any(value.used_at for value in table.values) or table.format == "constants"
        if is_seen and owner not in usage.spread and not _has_foreign_base(index, table):
            for value in table.values:
                key = slot_of(table, value.name)[0]
                if not value.used_at and (table.format != "call" or key in held):
                    yield value


def _has_foreign_base(index: SourceIndex, table: ConfigTable) -> bool:
    """Code that is not here may read the values."""
    owner = index.symbols.definition(f"{table.where.path}:{table.name}")
    return table.format == "pretrained_config" or (
        owner is not None
        and table.format != "init_defaults"
        and bool(inference_of(index).hierarchy.foreign_bases(owner))
    )
