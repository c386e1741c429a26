"""What replaces a default: configuration files, presets, arguments of the configuration's constructor, assignments.

Which of them finally counts in a program is the business of `effective`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from analyzer.facts.argument_values import ArgumentValues
from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.configuration.usage import Slot, Store, Usage
from analyzer.facts.configuration_owners import CLASS_FORMATS, class_of, slot_of
from analyzer.facts.flow import Held, Inference, Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import Definition, SourceIndex
from analyzer.index.main_guard import is_main_guard
from analyzer.records.configuration import ConfigTable, ConfigValue, Override, Preset
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

Found = Mapping[Slot, Sequence[Override]]
Written = Mapping[tuple[Span, str], str]
"""Expressions of values by place and name."""
LAYERS = ("default", "config_file", "preset", "command_line", "assignment")
"""The order in which layers take effect."""


def with_overrides(
    index: SourceIndex,
    inference: Inference,
    tables: Sequence[ConfigTable],
    presets: Sequence[Preset],
    usage: Usage,
    values: ArgumentValues,
) -> tuple[ConfigTable, ...]:
    """The tables with their override chains and effective values."""
    finder = _OverrideFinder(index, inference, values)
    found: dict[Slot, list[Override]] = {}
    for slot, override in (*finder.stores(usage.stores, tables), *finder.constructions(tables)):
        known = found.setdefault(slot, [])
        if not any(other.where == override.where for other in known):
            known.append(override)
    written = {(value.where, value.name): value.expression for table in tables for value in table.values}
    return tuple(_overridden(table, presets, found, written) for table in tables)


def _overridden(table: ConfigTable, presets: Sequence[Preset], found: Found, written: Written) -> ConfigTable:
    return replace(table, values=tuple(_with_chain(table, value, presets, found, written) for value in table.values))


def _with_chain(
    table: ConfigTable, value: ConfigValue, presets: Sequence[Preset], found: Found, written: Written
) -> ConfigValue:
    own = sorted(found.get(slot_of(table, value.name), ()), key=lambda override: override.where)
    chosen = [override for preset in presets for override in _preset_overrides(table, value, preset, written)]
    places = {override.where for override in chosen}
    chain = [*chosen, *(override for override in own if override.where not in places)]
    chain.sort(key=lambda override: LAYERS.index(override.layer))
    if not chain:
        return value
    first = value.overrides or (Override("default", value.expression, value.value, value.where),)
    return replace(value, overrides=(*first, *chain))


def _preset_overrides(table: ConfigTable, value: ConfigValue, preset: Preset, written: Written) -> Iterator[Override]:
    if preset.table != table.name or (table.format == "argparse" and preset.layer == "preset"):
        return
    for name, known in preset.values:
        if name == value.name:
            where = known.where[0] if isinstance(known, Known) else known.where or preset.where
            layer = "config_file" if preset.name == where.path and preset.layer == "preset" else preset.layer
            if isinstance(known, Known):
                text = repr(known.value)
            else:
                text = written.get((where, name)) or dict(known.arguments).get("expression", "")
            yield Override(layer, text, known, where, preset.name, choice=True)


class _OverrideFinder:
    def __init__(self, index: SourceIndex, inference: Inference, values: ArgumentValues) -> None:
        self._index = index
        self._inference = inference
        self._values = values
        self._conditions: dict[int, dict[int, str]] = {}

    def stores(self, stores: Sequence[Store], tables: Sequence[ConfigTable]) -> Iterator[tuple[Slot, Override]]:
        """Assignments to attributes of holders outside the place that defines them."""
        homes = {slot_of(table, value.name): value.where for table in tables for value in table.values}
        for store in stores:
            home = homes[store.slot]
            if not is_definition(home, store.scope, store.statement, store.slot[0]):
                yield store.slot, self._override(store)

    def _condition(self, scope: CodeScope, node: ast.AST) -> str:
        if id(scope) not in self._conditions:
            self._conditions[id(scope)] = _conditions(scope)
        return self._conditions[id(scope)].get(id(node), "")

    def _override(self, store: Store) -> Override:
        where = self._index.span(store.scope.path, store.statement)
        condition = self._condition(store.scope, store.statement)
        if store.value is None or isinstance(store.statement, ast.AugAssign):
            found = Unknown("updated_in_place", (), where)
            return Override("assignment", ast.unparse(store.statement), found, where, condition=condition)
        value = self._values.value(store.value, store.scope)
        layer = self._layer_of(store.value, store.scope)
        text = self._index.segment(store.scope.path, store.value)
        return Override(layer, text, value, where, condition=condition)

    def _given(self, table: ConfigTable, node: ast.expr, scope: CodeScope) -> Known[object] | Unknown:
        """The value; of the many parts of a model only what is written out as such."""
        if table.format != "init_defaults":
            return self._values.value(node, scope)
        where = self._index.span(scope.path, node)
        try:
            return Known(eval_plain(node), (where,), "read")
        except (NotPlain, RecursionError):
            return Unknown("not_derived", (("expression", ast.unparse(node)),), where)

    def _layer_of(self, node: ast.expr, scope: CodeScope) -> Literal["command_line", "assignment"]:
        return "command_line" if self._reads_command_line(node, scope) else "assignment"

    def _reads_command_line(self, node: ast.expr, scope: CodeScope) -> bool:
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                for found in self._inference.types(part.value, scope):
                    if isinstance(found, Held) and not found.site.startswith("table:"):
                        return True
        return False

    def constructions(self, tables: Sequence[ConfigTable]) -> Iterator[tuple[Slot, Override]]:
        """Arguments of calls that construct a configuration class."""
        owners = {class_of(table): table for table in tables if table.format in (*CLASS_FORMATS, "init_defaults")}
        for scope in self._inference.scopes.by_key.values():
            for node in scope.nodes:
                if isinstance(node, ast.Call) and (node.args or node.keywords):
                    for found in self._inference.types(node.func, scope):
                        if isinstance(found, Klass) and found.owner in owners:
                            yield from self._construction(owners[found.owner], node, scope)

    def _construction(self, table: ConfigTable, call: ast.Call, scope: CodeScope) -> Iterator[tuple[Slot, Override]]:
        condition = self._condition(scope, call)
        for name, node in construction_pairs(self._index, table, call, scope):
            where = self._index.span(scope.path, node)
            text = self._index.segment(scope.path, node)
            value = self._given(table, node, scope)
            override = Override(self._layer_of(node, scope), text, value, where, condition=condition)
            yield slot_of(table, name), override


def is_definition(home: Span, scope: CodeScope, statement: ast.stmt, owner: str) -> bool:
    """The statement is the value's own definition, or stands in a method of its class."""
    is_home = home.path == scope.path and home.first_line <= statement.lineno <= home.last_line
    return is_home or (scope.parent is not None and scope.parent.is_class and scope.parent.key == owner)


def construction_pairs(
    index: SourceIndex, table: ConfigTable, call: ast.Call, scope: CodeScope
) -> Iterator[tuple[str, ast.expr]]:
    """Names and expressions that a construction of a configuration class gives."""
    names = [value.name for value in table.values]
    constructor = index.symbols.definition(f"{class_of(table)}.__init__")
    arguments = getattr(constructor.node, "args", None) if isinstance(constructor, Definition) else None
    order = names
    if isinstance(arguments, ast.arguments):
        order = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][1:]
    given: list[tuple[str | None, ast.expr]] = list(zip(order, call.args, strict=False))
    for keyword in call.keywords:
        given += [(keyword.arg, keyword.value)] if keyword.arg is not None else _spread_pairs(keyword.value, scope)
    for name, node in given:
        if name is not None and name in names and not isinstance(node, ast.Starred):
            yield name, node


def _spread_pairs(node: ast.expr, scope: CodeScope) -> list[tuple[str | None, ast.expr]]:
    """Pairs of `**name` where the scope binds the name once to a written-out dictionary, later items included."""
    if not isinstance(node, ast.Name):
        return list(pairs_of(node))
    assigned = [n for n in scope.nodes if isinstance(n, ast.Assign)]
    bound = [n.value for n in assigned if any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)]
    if len(bound) != 1:
        return []
    found: dict[str, ast.expr] = dict(pairs_of(bound[0]))
    for statement in assigned:
        key = _item_key(statement.targets[0], node.id)
        if key is not None and not _is_under_other_branch(scope, statement, node):
            found[key] = statement.value
    return list(found.items())


def _item_key(target: ast.expr, name: str) -> str | None:
    """The key of `name["key"] = …`."""
    is_item = isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name
    if is_item and isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return None


def _is_under_other_branch(scope: CodeScope, statement: ast.stmt, use: ast.AST) -> bool:
    """The statement stands after the use, or under an `if` that the use does not share."""
    if statement.lineno > getattr(use, "lineno", 0):
        return True
    for outer in scope.nodes:
        if isinstance(outer, ast.If):
            for branch in (outer.body, outer.orelse):
                inside = [any(n is item for b in branch for n in ast.walk(b)) for item in (statement, use)]
                if inside == [True, False]:
                    return True
    return False


def _conditions(scope: CodeScope) -> dict[int, str]:
    """The tests around each node of a scope that stands under any, outermost first; `__main__` guards apart."""
    found: dict[int, list[str]] = {}
    branches = [node for node in scope.nodes if isinstance(node, ast.If) and not is_main_guard(node)]
    for outer in sorted(branches, key=lambda node: node.lineno):
        test = ast.unparse(outer.test)
        for text, branch in ((test, outer.body), (f"not ({test})", outer.orelse)):
            for node in (node for statement in branch for node in ast.walk(statement)):
                if isinstance(node, (ast.stmt, ast.Call)):
                    found.setdefault(id(node), []).append(text)
    return {key: " and ".join(texts) for key, texts in found.items()}
