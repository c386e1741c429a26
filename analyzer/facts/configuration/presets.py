"""Named sets of values: override files, registries of settings, registries of factories, factory functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.class_sections import find_sections, section_presets
from analyzer.facts.configuration.command_lines import find_commanded
from analyzer.facts.configuration.constants import executed_file, is_override_file
from analyzer.facts.configuration.dict_literals import (
    Registry,
    find_factory_registries,
    find_setting_registries,
    pairs_of,
)
from analyzer.facts.configuration.factory_calls import Made, made_by
from analyzer.facts.configuration.instance_registries import find_instances
from analyzer.facts.configuration.mapping_tables import find_options
from analyzer.facts.configuration.reading import callee, value_at
from analyzer.facts.configuration_owners import FILE_FORMATS
from analyzer.index import Definition, SourceIndex
from analyzer.records.configuration import ConfigTable, PlainValue, Preset
from analyzer.records.evidence import Known, Unknown

Value = Known[PlainValue] | Unknown


def find_presets(index: SourceIndex, tables: Sequence[ConfigTable]) -> tuple[Preset, ...]:
    """All presets of the repository, by place."""
    found = [*_override_files(index, tables), *_setting_registries(index, tables)]
    found += [*_factories(index), *find_options(index), *section_presets(find_sections(index, tables), tables)]
    found += [*find_commanded(index, tables), *_merged_files(tables), *find_instances(index, tables)]
    return tuple(sorted(found, key=lambda preset: (preset.where, preset.name)))


def _merged_files(tables: Sequence[ConfigTable]) -> Iterator[Preset]:
    """Configuration files whose every name is one of a table that code fills: what `merge_from_file` puts over it."""
    nodes = [table for table in tables if table.format == "call"]
    for file in tables:
        names = {value.name for value in file.values}
        for node in nodes if file.format in FILE_FORMATS else ():
            if names <= {value.name for value in node.values}:
                pairs = tuple((value.name, value.effective or value.value) for value in file.values)
                yield Preset(file.name, node.name, pairs, file.where, layer="config_file")


def _override_files(index: SourceIndex, tables: Sequence[ConfigTable]) -> Iterator[Preset]:
    """Files of assignments whose every name is a constant of a script that executes a file given to it."""
    trees = index.trees()
    scripts = {path for path, tree in trees.items() if executed_file(tree) is not None}
    constants = {table.name: table for table in tables if table.format == "constants"}
    for path in sorted(constants.keys() - scripts):
        if not is_override_file(trees[path]):
            continue
        values = constants[path].values
        for script in sorted(scripts & constants.keys()):
            names = {value.name for value in constants[script].values}
            if {value.name for value in values} <= names:
                pairs = tuple((value.name, value.value) for value in values)
                yield Preset(path, script, pairs, constants[path].where)


def _setting_registries(index: SourceIndex, tables: Sequence[ConfigTable]) -> Iterator[Preset]:
    for registry in find_setting_registries(index):
        path = registry.scope.path
        table = _overridden_table(registry, tables)
        for key, node in registry.entries:
            where = index.span(path, node)
            items = dict(pairs_of(node)) | dict(registry.added)
            pairs = tuple(
                (name, value_at(index, path, value, index.span(path, value))) for name, value in items.items()
            )
            yield Preset(key, table, pairs, where)


def _overridden_table(registry: Registry, tables: Sequence[ConfigTable]) -> str:
    """The table that has every name of the registry's entries; the registry's own name where none has."""
    names = {name for _, node in registry.entries for name, _ in (*pairs_of(node), *registry.added)}
    fitting = [t for t in tables if names <= {value.name for value in t.values}]
    same_file = [table for table in fitting if table.where.path == registry.scope.path]
    for table in (*same_file, *fitting):
        return table.name
    return registry.name or registry.scope.qualified_name


def _factories(index: SourceIndex) -> Iterator[Preset]:
    hierarchy = ClassHierarchy(index)
    registered: dict[Definition, list[tuple[str, str, ast.expr]]] = {}
    for registry in find_factory_registries(index):
        for key, node in registry.entries:
            target = callee(index, registry.scope, node)
            if isinstance(target, Definition) and registry.name and not registry.scope.name:
                registered.setdefault(target, []).append((key, f"{registry.name}[{key!r}]", node))
    for function in index.symbols.functions():
        made = made_by(index, hierarchy, function)
        if made is not None:
            yield from _factory_presets(index, function, made, registered.get(function, []))


def _factory_presets(
    index: SourceIndex,
    function: Definition,
    made: Made,
    keys: list[tuple[str, str, ast.expr]],
) -> Iterator[Preset]:
    owner = made.owner
    values = tuple((name, _argument_value(index, function.path, node)) for name, node in made.arguments)
    where = index.span(function.path, function.node)
    if keys:
        for key, expression, _ in keys:
            yield Preset(key, owner.name, values, where, f"{expression}()")
    else:
        yield Preset(function.name, owner.name, values, where, f"{function.name}()")


def _argument_value(index: SourceIndex, path: str, node: ast.expr) -> Value:
    return value_at(index, path, node, index.span(path, node))
