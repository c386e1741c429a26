"""Subclasses of `transformers.PretrainedConfig`: parameters of the constructor, `self.x = …`, `kwargs.get`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.reading import FUNCTIONS, Notes, config_value, own_nodes, parameters, string_of
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue

BASES = ("PretrainedConfig", "PreTrainedConfig")


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    hierarchy = ClassHierarchy(index)
    tables = []
    for owner in index.symbols.classes():
        if is_pretrained_config(hierarchy, owner):
            values = tuple({value.name: value for value in _values(index, owner)}.values())
            tables.append(ConfigTable(owner.name, "pretrained_config", index.span(owner.path, owner.node), values))
    return tuple(table for table in tables if table.values)


def is_pretrained_config(hierarchy: ClassHierarchy, owner: Definition) -> bool:
    """True for classes below the configuration base of transformers or diffusers."""
    return any(dotted.rpartition(".")[2] in BASES for dotted in hierarchy.foreign_bases(owner))


def _values(index: SourceIndex, owner: Definition) -> Iterator[ConfigValue]:
    node = owner.node
    for item in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            yield config_value(index, owner.path, item.targets[0].id, item.value, item)
        elif isinstance(item, FUNCTIONS) and item.name == "__init__":
            yield from _constructor_values(index, owner.path, item)


def _constructor_values(
    index: SourceIndex, path: str, constructor: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[ConfigValue]:
    given = {argument.arg: (argument, default) for argument, default in list(parameters(constructor))[1:]}
    extra = constructor.args.kwarg.arg if constructor.args.kwarg else ""
    kept = {}
    for statement in own_nodes(constructor):
        if isinstance(statement, ast.Assign) and _own_attribute(statement.targets[0]):
            name = _own_attribute(statement.targets[0])
            kept[name] = statement
    for name, (argument, default) in given.items():
        if name not in kept or not _is_name(kept[name].value, name):
            yield _parameter(index, path, name, argument, default)
    for name, statement in kept.items():
        yield _attribute(index, path, name, statement, given, extra)


def _own_attribute(target: ast.expr) -> str:
    is_own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    return target.attr if is_own and isinstance(target, ast.Attribute) else ""


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _parameter(index: SourceIndex, path: str, name: str, argument: ast.arg, default: ast.expr | None) -> ConfigValue:
    notes = Notes(annotation=index.segment(path, argument.annotation) if argument.annotation else None)
    place = ast.copy_location(ast.Pass(), argument)
    place.end_lineno = (default or argument).end_lineno
    return config_value(index, path, name, default, place, notes)


def _attribute(
    index: SourceIndex, path: str, name: str, statement: ast.Assign,
    given: Mapping[str, tuple[ast.arg, ast.expr | None]], extra: str,
) -> ConfigValue:  # fmt: skip
    """The attribute's value: the parameter's default, the default of `kwargs.get`, or the expression."""
    value = statement.value
    if isinstance(value, ast.Name) and value.id in given:
        return _parameter(index, path, name, *given[value.id])
    is_lookup = isinstance(value, ast.Call) and dotted_name(value.func) in (f"{extra}.get", f"{extra}.pop")
    if is_lookup and isinstance(value, ast.Call) and len(value.args) == 2 and string_of(value.args[0]):
        return config_value(index, path, name, value.args[1], statement)
    return config_value(index, path, name, value, statement)
