"""Dictionaries of settings at module level, and registries that map names to settings or to factories.

A flat dictionary of plain values with a number among them is a table; a dictionary whose values are all
dictionaries (or all callables of the repository) is a registry of presets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.facts.configuration.constants import rebound_names
from analyzer.facts.configuration.reading import Scope, callee, config_value, own_nodes, scopes, string_of
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable
from analyzer.records.evidence import Known

MIN_ENTRIES = 2
NAME_KEYS = ("name", "model_name", "id")


@dataclass(frozen=True)
class Registry:
    """A dictionary of presets: its name, its place, and for every key the node of its entry."""

    scope: Scope
    name: str
    node: ast.Dict
    entries: tuple[tuple[str, ast.expr], ...]
    added: tuple[tuple[str, ast.expr], ...] = ()
    """Items that the code sets in whichever entry it has chosen: `chosen = {...}[name]; chosen["size"] = 3`."""


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    tables: list[ConfigTable] = []
    for path, tree in index.trees().items():
        rebound = rebound_names(tree)
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name = statement.targets[0].id
                if name not in rebound:
                    tables += _table(index, path, name, statement)
    return tuple(tables)


def _table(index: SourceIndex, path: str, name: str, statement: ast.Assign) -> Iterator[ConfigTable]:
    pairs = pairs_of(statement.value)
    if len(pairs) < MIN_ENTRIES:
        return
    values = tuple(config_value(index, path, key, node, node) for key, node in pairs)
    kinds = [value.value.value for value in values if isinstance(value.value, Known)]
    if len(kinds) == len(values) and any(isinstance(kind, (int, float)) for kind in kinds):
        yield ConfigTable(f"{path}:{name}", "dict", index.span(path, statement), values)


def pairs_of(node: ast.AST | None) -> list[tuple[str, ast.expr]]:
    """Keys and value nodes of `{"a": 1}` or `dict(a=1)` where all keys are texts; empty for anything else."""
    if isinstance(node, ast.Dict):
        keys = [string_of(key) for key in node.keys]
        if all(key is not None for key in keys):
            return [(key or "", value) for key, value in zip(keys, node.values, strict=True)]
    if not isinstance(node, ast.Call) or dotted_name(node.func) != "dict" or node.args:
        return []
    named = all(keyword.arg for keyword in node.keywords)
    return [(keyword.arg or "", keyword.value) for keyword in node.keywords] if named else []


def find_setting_registries(index: SourceIndex) -> tuple[Registry, ...]:
    """Dictionaries, anywhere in the code, whose values are all dictionaries that share a key; lists of dictionaries
    that each carry their name.
    """
    found = [r for r in _registries(index) if _are_settings([node for _, node in r.entries])]
    return (*found, *_named_lists(index))


def _named_lists(index: SourceIndex) -> Iterator[Registry]:
    """`configs = [dict(name="tiny", width=8), dict(name="base", width=64)]` at module level."""
    for path, tree in index.trees().items():
        for node in tree.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(node, ast.Assign) and isinstance(target, ast.Name) and isinstance(node.value, ast.List):
                entries = [(name, item) for item in node.value.elts if (name := _own_name(item)) is not None]
                is_whole = len(entries) == len(node.value.elts) and len(entries) >= 1
                if is_whole and _are_settings([item for _, item in entries]):
                    literal = ast.copy_location(ast.Dict([], []), node.value)
                    yield Registry(Scope(path, "", tree), target.id, literal, tuple(entries))


def _own_name(node: ast.expr) -> str | None:
    """The text under the key that names an entry, where the entry has numbers beside it."""
    pairs = dict(pairs_of(node))
    name = next((string_of(pairs[key]) for key in NAME_KEYS if key in pairs), None)
    return name if name is not None and len(pairs) > MIN_ENTRIES else None


def find_factory_registries(index: SourceIndex) -> tuple[Registry, ...]:
    """Dictionaries whose values are all functions or classes of the repository."""
    return tuple(r for r in _registries(index) if all(_is_own_callable(index, r.scope, node) for _, node in r.entries))


def _registries(index: SourceIndex) -> Iterator[Registry]:
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            for node in own_nodes(scope.node):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    name = node.targets[0].id
                    added = tuple(_added(scope, node, name)) if isinstance(node.value, ast.Subscript) else ()
                    yield from (replace(found, added=added) for found in _registry(scope, name, node.value))
                elif isinstance(node, (ast.Call, ast.Return)):
                    yield from _inline_registries(scope, node)


def _added(scope: Scope, chosen: ast.Assign, name: str) -> Iterator[tuple[str, ast.expr]]:
    """Items that statements of the same block set after the choice, whatever was chosen."""
    body = getattr(scope.node, "body", [])
    for node in body[body.index(chosen) + 1 :] if chosen in body else ():
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id == name:
            return
        if isinstance(target, ast.Subscript) and dotted_name(target.value) == name:
            key = string_of(target.slice)
            if key is not None:
                yield key, node.value


def _registry(scope: Scope, name: str, node: ast.expr) -> Iterator[Registry]:
    if isinstance(node, ast.Subscript):
        node = node.value
    pairs = pairs_of(node)
    if isinstance(node, ast.Dict) and len(pairs) >= MIN_ENTRIES:
        yield Registry(scope, name, node, tuple(pairs))


def _inline_registries(scope: Scope, node: ast.Call | ast.Return) -> Iterator[Registry]:
    """`f({...}[key])`: a registry that has no name of its own."""
    candidates = node.args if isinstance(node, ast.Call) else [node.value]
    for argument in candidates:
        if isinstance(argument, ast.Subscript) and isinstance(argument.value, ast.Dict):
            yield from _registry(scope, "", argument)


def _are_settings(nodes: list[ast.expr]) -> bool:
    keys = [frozenset(key for key, _ in pairs_of(node)) for node in nodes]
    return all(keys) and bool(frozenset.intersection(*keys))


def _is_own_callable(index: SourceIndex, scope: Scope, node: ast.expr) -> bool:
    found = callee(index, scope, node) if isinstance(node, (ast.Name, ast.Attribute)) else None
    return isinstance(found, Definition) and isinstance(
        found.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    )
