"""The expression that a mapping handed on as `**mapping` holds under a key, followed back to where it was made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.contexts import Stack, frame_of, given_before, has_receiver_of
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Held
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.literal import NotPlain
from analyzer.facts.mapping_updates import given_by_update, lacks, merged_mappings, pops_of_others

MAX_DEPTH = 16
BRANCHES = (ast.If, ast.For, ast.While, ast.Try)


class Place(NamedTuple):
    """An expression where it stands, and the calls that lead there."""

    node: ast.expr
    scope: CodeScope
    stack: Stack


class TakenOut(NotPlain):
    """An item that the code takes out of its mapping under a condition: neither it nor a default surely stands."""

    def __init__(self, key: str, condition: str, at: Place, kept: Place | None) -> None:
        super().__init__(key)
        self.condition = condition
        self.at = at
        self.kept = kept
        """The item where the condition does not hold."""


def item_of(inference: Inference, key: str, mapping: Place, depth: int = 0) -> Place | None:
    """The expression under `key`; None where the mapping has none, NotPlain where that cannot be told."""
    node, scope, stack = mapping
    if depth > MAX_DEPTH:
        raise NotPlain("depth")
    if isinstance(node, ast.Dict):
        return _in_literal(inference, node, key, mapping, depth)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and not node.args:
        return _in_keywords(inference, node, key, mapping, depth)
    if not isinstance(node, ast.Name):
        return _of_holder(inference, key, mapping)
    owner = inference.scopes.owner_of(scope, node.id)
    updated = given_by_update(owner, node, key) if owner is scope else None
    if updated is not None:
        return Place(updated, scope, stack)
    merged = merged_mappings(owner, node, key) if owner is scope else []
    found = _in_merged(inference, key, merged, mapping, depth)
    if found is not None:
        return found
    if owner is None or owner.is_class or (not merged and _changes(owner, node.id, key)):
        raise NotPlain(node.id)
    removals = _removals(owner, node.id, key)
    if any(condition is None for _, condition in removals):
        return None
    found = _of_name(inference, key, node, owner, mapping, depth)
    for call, condition in removals:
        raise TakenOut(key, condition or "", Place(call, owner, stack), found)
    return found


def _in_merged(inference: Inference, key: str, merged: list[ast.expr], mapping: Place, depth: int) -> Place | None:
    """The item of the last mapping that holds it, of those that were put into this one."""
    for given in (given for given in merged if not lacks(given, mapping.scope, key)):
        found = item_of(inference, key, Place(given, mapping.scope, mapping.stack), depth + 1)
        if found is not None:
            return found
    return None


def _of_name(
    inference: Inference, key: str, node: ast.Name, owner: CodeScope, mapping: Place, depth: int
) -> Place | None:
    """What the mapping that a name stands for holds where it is bound."""
    scope, stack = mapping.scope, mapping.stack
    stores = [n for n in owner.nodes if _stores(n, node.id)]
    if _is_parameter(owner, node.id):
        return _of_parameter(inference, key, node.id, owner, Place(node, scope, stack), depth)
    values = list(_bound_values(owner, node.id))
    if len(stores) != 1 or len(values) != 1:
        raise NotPlain(node.id)
    place = frame_of(stack, owner)
    return item_of(inference, key, Place(values[0], owner, stack[: place + 1] if place is not None else ()), depth + 1)


def _of_holder(inference: Inference, key: str, mapping: Place) -> Place:
    """The attribute of a parsed namespace or a configuration, whose options are its items."""
    node, scope, stack = mapping
    types = inference.types(node, scope)
    if not types or not all(isinstance(found, Held) and not found.is_parser for found in types):
        raise NotPlain("mapping")
    return Place(ast.copy_location(ast.Attribute(node, key, ast.Load()), node), scope, stack)


def keyword_of(inference: Inference, call: Place, key: str, depth: int = 0) -> Place | None:
    """The expression that a call gives by keyword, also through its `**mapping`."""
    node = call.node
    return _in_keywords(inference, node, key, call, depth) if isinstance(node, ast.Call) else None


def _in_keywords(inference: Inference, node: ast.Call, key: str, around: Place, depth: int) -> Place | None:
    given = [k.value for k in node.keywords if k.arg == key]
    if given:
        return Place(given[0], around.scope, around.stack)
    for mapping in (k.value for k in node.keywords if k.arg is None):
        found = item_of(inference, key, Place(mapping, around.scope, around.stack), depth + 1)
        if found is not None:
            return found
    return None


def _in_literal(inference: Inference, node: ast.Dict, key: str, around: Place, depth: int) -> Place | None:
    """The last entry that gives the key, itself or by a mapping that is spread there."""
    if any(name is not None and not isinstance(name, ast.Constant) for name in node.keys):
        raise NotPlain("keys")
    for name, value in reversed(list(zip(node.keys, node.values, strict=True))):
        if isinstance(name, ast.Constant) and name.value == key:
            return Place(value, around.scope, around.stack)
        found = item_of(inference, key, Place(value, around.scope, around.stack), depth + 1) if name is None else None
        if found is not None:
            return found
    return None


def _of_parameter(
    inference: Inference, key: str, name: str, owner: CodeScope, around: Place, depth: int
) -> Place | None:
    """What the call gave; `if mapping is None: mapping = {}` alters nothing that was given."""
    place = frame_of(around.stack, owner)
    if place is None or not _is_only_filled_in(owner, name):
        raise NotPlain(name)
    step, target = around.stack[place]
    outer = around.stack[:place]
    arguments = getattr(owner.node, "args", None)
    if not isinstance(step.node, ast.Call) or not isinstance(arguments, ast.arguments):
        raise NotPlain(name)
    if arguments.kwarg is not None and arguments.kwarg.arg == name:
        return _in_keywords(inference, step.node, key, Place(step.node, step.scope, outer), depth)
    try:
        given = argument_named(step.node, owner.node, name, has_receiver_of(target), given_before(target))
    except NotPlain:
        return _through_keywords(inference, key, name, Place(step.node, step.scope, outer), depth)
    if given is None:
        given = default_of(owner.node, name)
        return item_of(inference, key, Place(given, owner.parent or owner, ()), depth + 1) if given else None
    return item_of(inference, key, Place(given, step.scope, outer), depth + 1)


def _through_keywords(inference: Inference, key: str, name: str, call: Place, depth: int) -> Place | None:
    """The mapping itself came by a keyword of a `**mapping` further out."""
    found = keyword_of(inference, call, name, depth)
    if found is None:
        raise NotPlain(name)
    return item_of(inference, key, found, depth + 1)


def _bound_values(owner: CodeScope, name: str) -> Iterator[ast.expr]:
    """What a name is bound to, with an annotation or without."""
    for node in owner.nodes:
        if isinstance(node, ast.Assign):
            yield from (node.value for target in node.targets if _stores(target, name))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and _stores(node.target, name):
            yield node.value


def _is_parameter(owner: CodeScope, name: str) -> bool:
    arguments = getattr(owner.node, "args", None)
    return isinstance(arguments, ast.arguments) and any(a.arg == name for a in parameters_of(arguments))


def _is_only_filled_in(owner: CodeScope, name: str) -> bool:
    """Every store of the parameter stands under `if name is None`."""
    filled = {
        id(inner)
        for node in owner.nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == f"{name} is None"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    return all(id(node) in filled for node in owner.nodes if _stores(node, name))


def _stores(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)


def _changes(owner: CodeScope, name: str, key: str) -> bool:
    """The item is set or may be, or a method that changes the mapping is called; taking an item out is no change."""
    calls = (*_takings(owner, name), *_other_updates(owner, name, key), *pops_of_others(owner, name, key))
    harmless = {id(call.func) for call in calls}
    for node in owner.nodes:
        if isinstance(node, (ast.Subscript, ast.Attribute)) and ast.unparse(node.value) == name:
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                other = isinstance(node.slice, ast.Constant) and node.slice.value != key
                if not other:
                    return True
            changing = isinstance(node, ast.Attribute) and node.attr in ("update", "pop", "setdefault", "clear")
            if changing and id(node) not in harmless:
                return True
    return False


def _other_updates(owner: CodeScope, name: str, key: str) -> Iterator[ast.Call]:
    """Calls `mapping.update(other=…)` that name what they set, and not this item."""
    for node in owner.nodes:
        is_update = isinstance(node, ast.Call) and ast.unparse(node.func) == f"{name}.update"
        if is_update and isinstance(node, ast.Call) and not node.args:
            names = [keyword.arg for keyword in node.keywords]
            if None not in names and key not in names:
                yield node


def _takings(owner: CodeScope, name: str) -> Iterator[ast.Call]:
    """Calls `mapping.pop("key")`."""
    for node in owner.nodes:
        is_call = isinstance(node, ast.Call) and ast.unparse(node.func) == f"{name}.pop" and bool(node.args)
        if is_call and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
            yield node


def _removals(owner: CodeScope, name: str, key: str) -> list[tuple[ast.Call, str | None]]:
    """Calls that take the item out, with the condition around each; None where every way comes there."""
    found: list[tuple[ast.Call, str | None]] = []
    for call in _takings(owner, name):
        if isinstance(call.args[0], ast.Constant) and call.args[0].value == key:
            around = [n for n in owner.nodes if isinstance(n, BRANCHES) and any(i is call for i in ast.walk(n))]
            found.append((call, _condition(around[-1], call) if around else None))
    return found


def _condition(branch: ast.AST, call: ast.Call) -> str:
    """The test of a choice or its opposite; empty for loops and trials."""
    if not isinstance(branch, ast.If):
        return ""
    is_first = any(inner is call for statement in branch.body for inner in ast.walk(statement))
    test = ast.unparse(branch.test)
    return test if is_first else f"not ({test})"
