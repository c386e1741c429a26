"""Constructor parameters of the repository's `nn.Module` and `LightningDataModule` classes, with their defaults.

A class counts where at least one parameter has a plain default; which of them is the model is not known here.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import lru_cache

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.reading import FUNCTIONS, Notes, config_value, parameters
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    hierarchy = ClassHierarchy(index)
    owners = (o for o in index.symbols.classes() if hierarchy.is_module(o) or _is_data_module(hierarchy, o))
    tables = (_table(index, owner) for owner in owners)
    return tuple(table for table in tables if table is not None)


def _is_data_module(hierarchy: ClassHierarchy, owner: Definition) -> bool:
    return any(dotted.rpartition(".")[2] == "LightningDataModule" for dotted in hierarchy.foreign_bases(owner))


def _table(index: SourceIndex, owner: Definition) -> ConfigTable | None:
    constructor = index.symbols.definitions[owner.path].get(f"{owner.name}.__init__")
    if constructor is None or not isinstance(constructor.node, FUNCTIONS):
        return None
    handed = _parts_handed(index).get(owner.name.rpartition(".")[2], frozenset())
    values = tuple(_values(index, owner.path, constructor.node, handed))
    if not any(value.expression for value in values):
        return None
    return ConfigTable(owner.name, "init_defaults", index.span(owner.path, constructor.node), values)


@lru_cache(maxsize=4)
def _parts_handed(index: SourceIndex) -> dict[str, frozenset[int | str]]:
    """By the name that is called: places and keywords at which objects hand themselves on, `Block(config, self)`."""
    found: dict[str, set[int | str]] = {}
    for tree in index.trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (name := dotted_name(node.func)):
                places: list[tuple[int | str | None, ast.expr]] = [*enumerate(node.args)]
                places += [(keyword.arg, keyword.value) for keyword in node.keywords]
                for place, given in places:
                    if place is not None and isinstance(given, ast.Name) and given.id == "self":
                        found.setdefault(name.rpartition(".")[2], set()).add(place)
    return {name: frozenset(places) for name, places in found.items()}


def _values(
    index: SourceIndex, path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, handed: Collection[int | str]
) -> Iterator[ConfigValue]:
    for number, (argument, default) in enumerate(list(parameters(node))[1:]):
        if number in handed or argument.arg in handed:
            continue  # an object, and no value
        annotation = index.segment(path, argument.annotation) if argument.annotation else None
        place = ast.copy_location(ast.Pass(), argument)
        place.end_lineno = (default or argument).end_lineno
        yield config_value(index, path, argument.arg, default, place, Notes(annotation=annotation))
