"""Which values configure the repository, where they stand, what overrides them and who reads them.

One reader per format finds tables; this module joins them: values that need evaluation, presets, overrides.
"""

from __future__ import annotations

from analyzer.facts.configuration import (
    argument_parsers,
    class_attributes,
    commands,
    config_nodes,
    constants,
    constructor_defaults,
    dataclass_fields,
    dict_literals,
    json_files,
    pretrained_configs,
    toml_files,
    yaml_files,
)
from analyzer.facts.configuration.evaluation import ValueOf, evaluated_table, no_evaluator
from analyzer.facts.configuration.presets import find_presets
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, Configuration
from analyzer.records.evidence import Gap
from analyzer.records.structure import Structure

READERS = (
    dataclass_fields, class_attributes, pretrained_configs, config_nodes, argument_parsers, commands, constants,
    dict_literals, constructor_defaults, yaml_files, json_files, toml_files,
)  # fmt: skip


def find_tables(index: SourceIndex) -> tuple[ConfigTable, ...]:
    """Tables of all formats, by place."""
    found = [table for reader in READERS for table in reader.find(index)]
    return tuple(sorted(found, key=lambda table: (table.where, table.name)))


def find_gaps(index: SourceIndex) -> tuple[Gap, ...]:
    """Configuration files that could not be read."""
    return (*yaml_files.find_gaps(index), *json_files.find_gaps(index), *toml_files.find_gaps(index))


def derive_configuration(index: SourceIndex, structure: Structure, value_of: ValueOf = no_evaluator) -> Configuration:
    """Everything known about the repository's configuration."""
    tables = tuple(evaluated_table(index, table, value_of) for table in find_tables(index))
    return Configuration(tables=tables, presets=find_presets(index, tables), gaps=find_gaps(index))
