"""Named sets of values: override files, registries of settings, registries of factories, factory functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.constants import executed_file, is_override_file
from analyzer.facts.configuration.dict_literals import (
    Registry,
    find_factory_registries,
    find_setting_registries,
    pairs_of,
)
from analyzer.facts.configuration.mapping_tables import find_options
from analyzer.facts.configuration.reading import FUNCTIONS, Scope, callee, own_nodes, parameters, value_at
from analyzer.index import Definition, SourceIndex
from analyzer.records.configuration import ConfigTable, PlainValue, Preset
from analyzer.records.evidence import Known, Unknown

Value = Known[PlainValue] | Unknown


def find_presets(index: SourceIndex, tables: Sequence[ConfigTable]) -> tuple[Preset, ...]:
    """All presets of the repository, by place."""
    found = [*_override_files(index, tables), *_setting_registries(index, tables)]
    found += [*_factories(index), *find_options(index)]
    return tuple(sorted(found, key=lambda preset: (preset.where, preset.name)))


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
            pairs = tuple(
                (name, value_at(index, path, value, index.span(path, value))) for name, value in pairs_of(node)
            )
            yield Preset(key, table, pairs, where)


def _overridden_table(registry: Registry, tables: Sequence[ConfigTable]) -> str:
    """The table that has every name of the registry's entries; the registry's own name where none has."""
    names = {name for _, node in registry.entries for name, _ in pairs_of(node)}
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
        made = _made_module(index, hierarchy, function)
        if made is not None:
            yield from _factory_presets(index, function, made, registered.get(function, []))


def _made_module(
    index: SourceIndex, hierarchy: ClassHierarchy, function: Definition
) -> tuple[Definition, ast.Call] | None:
    """The module class that a module-level function without required arguments constructs and returns."""
    node = function.node
    if "." in function.name or not isinstance(node, FUNCTIONS) or not _needs_nothing(node):
        return None
    scope = Scope(function.path, function.name, node)
    returned = [n.value for n in own_nodes(node) if isinstance(n, ast.Return)]
    if len(returned) != 1:
        return None
    call = _returned_call(node, returned[0])
    target = callee(index, scope, call) if call is not None else None
    if call is None or not isinstance(target, Definition) or not hierarchy.is_module(target):
        return None
    return target, call


def _needs_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(default is not None for _, default in parameters(node))


def _returned_call(node: ast.AST, returned: ast.expr | None) -> ast.Call | None:
    if isinstance(returned, ast.Name):
        bound = [
            n.value
            for n in own_nodes(node)
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == returned.id for t in n.targets)
        ]
        returned = bound[0] if len(bound) == 1 else None
    return returned if isinstance(returned, ast.Call) else None


def _factory_presets(
    index: SourceIndex,
    function: Definition,
    made: tuple[Definition, ast.Call],
    keys: list[tuple[str, str, ast.expr]],
) -> Iterator[Preset]:
    owner, call = made
    values = tuple(_arguments(index, function.path, owner, call))
    where = index.span(function.path, function.node)
    if keys:
        for key, expression, _ in keys:
            yield Preset(key, owner.name, values, where, f"{expression}()")
    else:
        yield Preset(function.name, owner.name, values, where, f"{function.name}()")


def _arguments(index: SourceIndex, path: str, owner: Definition, call: ast.Call) -> Iterator[tuple[str, Value]]:
    """Arguments of the construction by the names of the constructor's parameters."""
    constructor = index.symbols.definitions[owner.path].get(f"{owner.name}.__init__")
    names = []
    if constructor is not None and isinstance(constructor.node, FUNCTIONS):
        names = [argument.arg for argument, _ in list(parameters(constructor.node))[1:]]
    for place, node in enumerate(call.args):
        if place < len(names) and not isinstance(node, ast.Starred):
            yield names[place], _argument_value(index, path, node)
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, _argument_value(index, path, keyword.value)


def _argument_value(index: SourceIndex, path: str, node: ast.expr) -> Value:
    return value_at(index, path, node, index.span(path, node))
