"""Presets as objects: dictionaries whose values are all constructions of one configuration class.

`PRESETS = {"tiny": Config(), "large": Config(width=1024)}`; a class of modules is a model and no configuration.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.dict_literals import MIN_ENTRIES, pairs_of
from analyzer.facts.configuration.factory_calls import constructor_names
from analyzer.facts.configuration.reading import Scope, callee, own_nodes, scopes, value_at
from analyzer.index import Definition, SourceIndex
from analyzer.records.configuration import ConfigTable, Preset


def find_instances(index: SourceIndex, tables: Sequence[ConfigTable]) -> Iterator[Preset]:
    """One preset per entry, with the values that the entry gives; all others are the class's defaults."""
    hierarchy = ClassHierarchy(index)
    known = {(table.where.path, table.name): table for table in tables}
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            for node in own_nodes(scope.node):
                value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Return)) else None
                pairs = pairs_of(value) if isinstance(value, ast.Dict) else []
                owner = _common_class(index, scope, pairs) if len(pairs) >= MIN_ENTRIES else None
                if owner is None or hierarchy.is_module(owner):
                    continue
                table = known.get((owner.path, owner.name))
                names = [value.name for value in table.values] if table else []
                names = names or list(constructor_names(index, hierarchy, owner))
                yield from (_preset(index, scope, key, call, owner, names) for key, call in pairs)


def _common_class(index: SourceIndex, scope: Scope, pairs: list[tuple[str, ast.expr]]) -> Definition | None:
    """The class of the repository that every value constructs."""
    made = {callee(index, scope, node) if isinstance(node, ast.Call) else None for _, node in pairs}
    owner = next(iter(made)) if len(made) == 1 else None
    return owner if isinstance(owner, Definition) and isinstance(owner.node, ast.ClassDef) else None


def _preset(
    index: SourceIndex, scope: Scope, key: str, call: ast.expr, owner: Definition, names: Sequence[str]
) -> Preset:
    assert isinstance(call, ast.Call)
    where = index.span(scope.path, call)
    given = list(zip(names, call.args, strict=False))
    given += [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]
    values = tuple(
        (name, value_at(index, scope.path, node, index.span(scope.path, node)))
        for name, node in given
        if not isinstance(node, ast.Starred)
    )
    return Preset(key, owner.name, values, where)
