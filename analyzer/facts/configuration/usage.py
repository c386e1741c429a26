"""Where configuration values are read and rebound: attributes and items of their holder, names of their module.

The rule: a read counts where, by data flow from the place that makes it, the object can be the table's holder.
An attribute of the same name on another object does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analyzer.facts.configuration_owners import keys_of, slot_of, slots_read
from analyzer.facts.flow import Foreign, Held, Inference, Instance, Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.source import Span

Slot = tuple[str, str]
ANY = "*"
SPREADING = ("dataclasses.asdict", "builtins.vars", "dataclasses.replace", "dataclasses.astuple", "dataclasses.fields")


@dataclass(frozen=True)
class Store:
    """A statement that gives a value anew."""

    slot: Slot
    value: ast.expr | None
    statement: ast.stmt
    scope: CodeScope


@dataclass
class Usage:
    """Reads and stores by slot, and the holders whose values are handed on all together."""

    reads: dict[Slot, list[Span]] = field(default_factory=dict)
    stores: list[Store] = field(default_factory=list)
    spread: set[str] = field(default_factory=set)
    written_by_name: dict[str, Span] = field(default_factory=dict)
    """Holders of which a line sets attributes whose names are computed: any value may be given anew there."""


def find_usage(index: SourceIndex, inference: Inference, tables: Sequence[ConfigTable]) -> Usage:
    """Every read and store of the tables' values in the repository."""
    slots = {slot_of(table, value.name) for table in tables for value in table.values}
    return _UsageFinder(index, inference, slots).find()


class _UsageFinder:
    def __init__(self, index: SourceIndex, inference: Inference, slots: set[Slot]) -> None:
        self._index = index
        self._inference = inference
        self._slots = slots
        self._names = {name for _, name in slots}
        self._usage = Usage()

    def find(self) -> Usage:
        for scope in self._inference.scopes.by_key.values():
            for node in scope.nodes:
                self._node(node, scope)
        return self._usage

    def _node(self, node: ast.AST, scope: CodeScope) -> None:
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and (node.attr in self._names or node.attr == "value")
        ):
            self._read(node, scope, self._attribute_slots(node.value, node.attr, scope))
        elif isinstance(node, ast.Attribute) and node.attr == "__dict__" and isinstance(node.ctx, ast.Load):
            self._spread(node.value, scope)
        elif isinstance(node, ast.Name) and node.id in self._names and isinstance(node.ctx, ast.Load):
            self._read(node, scope, self._name_slots(node.id, scope))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            self._item(node, scope)
        elif isinstance(node, ast.Call):
            self._call(node, scope)
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            self._statement(node, scope)

    def _read(self, node: ast.expr, scope: CodeScope, slots: Iterator[Slot]) -> None:
        for slot in dict.fromkeys(slots):
            if slot in self._slots:
                self._usage.reads.setdefault(slot, []).append(self._index.span(scope.path, node))

    def _attribute_slots(self, base: ast.expr, name: str, scope: CodeScope) -> Iterator[Slot]:
        for found in self._inference.types(base, scope):
            yield from slots_read(found, name)
            for key in self._all_keys(found):
                yield key, name

    def _all_keys(self, found: object) -> tuple[str, ...]:
        """The object's own key and those of its bases."""
        if isinstance(found, (Instance, Klass)):
            owner = self._index.symbols.definition(found.owner)
            order = self._inference.hierarchy.order(owner) if owner is not None else ()
            return tuple(item.qualified_name for item in order if isinstance(item, Definition))
        return keys_of(found)  # type: ignore[arg-type]

    def _name_slots(self, name: str, scope: CodeScope) -> Iterator[Slot]:
        owner = self._inference.scopes.owner_of(scope, name)
        if owner is not None and owner.is_function:
            yield owner.key, name
            return
        found = self._index.symbols.resolve(scope.path, name)
        yield (found.path, found.name) if isinstance(found, Definition) else (scope.path, name)

    def _item(self, node: ast.Subscript, scope: CodeScope) -> None:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(key, str) and key in self._names and isinstance(node.ctx, ast.Load):
            self._read(node, scope, self._held_slots(node.value, key, scope))

    def _held_slots(self, base: ast.expr, name: str, scope: CodeScope) -> Iterator[Slot]:
        for found in self._inference.types(base, scope):
            if isinstance(found, Held):
                yield found.site, name

    def _call(self, node: ast.Call, scope: CodeScope) -> None:
        """`vars(args)["x"]`, `args.pop("x")`, `getattr(config, "x")`, and `f(**args)`."""
        for keyword in node.keywords:
            if keyword.arg is None:
                self._spread(keyword.value, scope)
                self._read_together(keyword.value, scope)
        first = node.args[0] if node.args else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("pop", "get") and first is not None:
            for key in _texts(first, scope):
                self._read(node, scope, self._held_slots(node.func.value, key, scope))
        elif dotted_name(node.func) == "getattr" and len(node.args) > 1:
            self._read_by_name(node, scope)
        elif dotted_name(node.func) == "setattr":
            self._set_by_name(node, scope)
        elif first is not None and self._is_spreading(node, scope):
            self._spread(first, scope)

    def _read_by_name(self, node: ast.Call, scope: CodeScope) -> None:
        """`getattr(args, name)`; a computed name may be that of any value."""
        for name in _texts(node.args[1], scope):
            if name == ANY:
                self._spread(node.args[0], scope)
            elif name in self._names:
                self._read(node, scope, self._attribute_slots(node.args[0], name, scope))

    def _set_by_name(self, node: ast.Call, scope: CodeScope) -> None:
        """`setattr(args, name, value)` with a computed name."""
        if len(node.args) > 2 and not isinstance(node.args[1], ast.Constant):
            for found in self._inference.types(node.args[0], scope):
                if isinstance(found, Held) and not found.site.startswith("table:"):
                    self._usage.written_by_name.setdefault(found.site, self._index.span(scope.path, node))

    def _is_spreading(self, node: ast.Call, scope: CodeScope) -> bool:
        if dotted_name(node.func) == "vars":
            return True
        return any(isinstance(t, Foreign) and t.dotted in SPREADING for t in self._inference.types(node.func, scope))

    def _spread(self, node: ast.expr, scope: CodeScope) -> None:
        base = node.value if isinstance(node, ast.Attribute) and node.attr == "__dict__" else node
        for found in self._inference.types(base, scope):
            self._usage.spread.update(self._all_keys(found))

    def _read_together(self, node: ast.expr, scope: CodeScope) -> None:
        """`f(**options)` reads everything that is still in the mapping."""
        taken = set(_taken(node, scope))
        for found in self._inference.types(node, scope):
            if isinstance(found, Held) and ANY not in taken:
                left = [slot for slot in self._slots if slot[0] == found.site and slot[1] not in taken]
                self._read(node, scope, iter(sorted(left)))

    def _statement(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign, scope: CodeScope) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            slots: Iterator[Slot] = iter(())
            if isinstance(target, ast.Attribute) and target.attr in self._names:
                slots = self._attribute_slots(target.value, target.attr, scope)
            elif isinstance(target, ast.Name) and target.id in self._names and not scope.path.endswith(".ipynb"):
                slots = self._name_slots(target.id, scope)  # cells of a notebook name things anew all the time
            for slot in dict.fromkeys(slots):
                if slot in self._slots:
                    self._usage.stores.append(Store(slot, node.value, node, scope))


def _taken(mapping: ast.expr, scope: CodeScope) -> Iterator[str]:
    """Keys that the scope takes out of a mapping before a line; ANY where that cannot be told."""
    name = ast.unparse(mapping)
    for node in scope.nodes:
        is_pop = isinstance(node, ast.Call) and dotted_name(node.func) == f"{name}.pop" and bool(node.args)
        if is_pop and isinstance(node, ast.Call) and node.lineno <= mapping.lineno:
            yield from _texts(node.args[0], scope)
        elif isinstance(node, ast.Delete):
            keys = [t.slice for t in node.targets if isinstance(t, ast.Subscript) and ast.unparse(t.value) == name]
            yield from (text for key in keys for text in _texts(key, scope))


def _texts(node: ast.expr, scope: CodeScope) -> list[str]:
    """The texts that a key may be: written out, or the items of a written-out list that a loop goes through."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    loops = [n for n in scope.nodes if isinstance(n, (ast.For, ast.comprehension))]
    around = [n.iter for n in loops if isinstance(node, ast.Name) and ast.unparse(n.target) == node.id]
    if len(around) != 1:
        return [ANY]
    items = around[0]
    if isinstance(items, ast.Name):
        stores = [n for n in scope.nodes if isinstance(n, ast.Assign) and items.id in map(ast.unparse, n.targets)]
        items = stores[0].value if len(stores) == 1 else items
    if not isinstance(items, (ast.List, ast.Tuple, ast.Set)):
        return [ANY]
    return [str(item.value) if isinstance(item, ast.Constant) else ANY for item in items.elts]


def uses_of(usage: Usage, table: ConfigTable, value: ConfigValue) -> tuple[Span, ...]:
    """Lines that read a value, its own definition apart, each once."""
    own = {(value.where.path, line) for line in range(value.where.first_line, value.where.last_line + 1)}
    found = usage.reads.get(slot_of(table, value.name), [])
    return tuple(sorted({span for span in found if (span.path, span.first_line) not in own}))
