"""Values that a program takes from one entry of a literal table: `config.merge_from_dict({"small": dict(n=3)}[name])`.

Or one by one: `for key, value in SIZES[name].items(): setattr(config, key, value)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.argument_values import ArgumentValues
from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.configuration_owners import keys_of
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program
from analyzer.records.evidence import Known

MERGING = frozenset({"merge_from_dict", "update", "update_from_dict", "merge"})
Slot = tuple[str, str]


def chosen_entry(program: Program, occurrence: Occurrence, values: ArgumentValues) -> Iterator[tuple[Slot, ast.expr]]:
    """Slots of the holder that the entry gives, with its expressions; nothing where the key is not known."""
    call, scope = occurrence.call, occurrence.step.scope
    if call is None:
        return
    holder, choice = _merge(call) or _loop(call, scope) or (None, None)
    if holder is None or choice is None:
        return
    table = _table(program, choice.value, scope)
    key = values.value(choice.slice, scope, occurrence.stack) if table is not None else None
    if table is None or not isinstance(key, Known):
        return
    entries = [
        entry
        for name, entry in zip(table.keys, table.values, strict=True)
        if isinstance(name, ast.Constant) and name.value == key.value
    ]
    for base in sorted(program.flow.inference.types(holder, scope), key=repr) if len(entries) == 1 else ():
        for owner in keys_of(base):
            yield from (((owner, name), node) for name, node in pairs_of(entries[0]))


def _merge(call: ast.Call) -> tuple[ast.expr, ast.Subscript] | None:
    """The holder and the choice of `holder.merge_from_dict(table[key])`."""
    is_merge = isinstance(call.func, ast.Attribute) and call.func.attr in MERGING and len(call.args) == 1
    if is_merge and isinstance(call.func, ast.Attribute) and isinstance(call.args[0], ast.Subscript):
        return call.func.value, call.args[0]
    return None


def _loop(call: ast.Call, scope: CodeScope) -> tuple[ast.expr, ast.Subscript] | None:
    """The holder and the choice of `setattr(holder, key, value)` in a loop over the items of an entry."""
    if not isinstance(call.func, ast.Name) or call.func.id != "setattr" or len(call.args) != 3:
        return None
    for node in scope.nodes:
        items = node.iter if isinstance(node, ast.For) else None
        is_items = isinstance(items, ast.Call) and isinstance(items.func, ast.Attribute) and items.func.attr == "items"
        is_around = isinstance(node, ast.For) and any(inner is call for inner in ast.walk(node))
        if is_items and is_around and isinstance(node, ast.For) and isinstance(node.target, ast.Tuple):
            names = [ast.unparse(part) for part in node.target.elts]
            entry = items.func.value  # type: ignore[union-attr]
            if names == list(map(ast.unparse, call.args[1:])) and isinstance(entry, ast.Subscript):
                return call.args[0], entry
    return None


def _table(program: Program, node: ast.expr, scope: CodeScope) -> ast.Dict | None:
    """The literal itself, or what a name of the function or file is bound to once."""
    if isinstance(node, ast.Name):
        owner = (
            program.flow.inference.scopes.owner_of(scope, node.id) or program.flow.inference.scopes.by_key[scope.path]
        )
        bound = [
            n.value
            for n in owner.nodes
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)
        ]
        node = bound[0] if len(bound) == 1 else node
    return node if isinstance(node, ast.Dict) else None
