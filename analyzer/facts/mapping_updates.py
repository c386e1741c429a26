"""The item that a function puts into a mapping before it uses it, whatever the way: `settings.update(rank=rank)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow.scopes import CodeScope

CHANGING = ("update", "pop", "setdefault", "clear", "popitem", "__setitem__")


def given_by_update(owner: CodeScope, use: ast.Name, key: str) -> ast.expr | None:
    """What the one change of this item gives it; None where there is none, or more than one, or it need not happen."""
    body = getattr(owner.node, "body", [])
    changes = list(_changes(owner, use.id, key))
    if len(changes) != 1 or not isinstance(body, list):
        return None
    node, value = changes[0]
    stands = next((s for s in body if isinstance(s, (ast.Expr, ast.Assign)) and _holds(s, node)), None)
    return value if stands is not None and stands.lineno < use.lineno else None


def merged_mappings(owner: CodeScope, use: ast.Name, key: str) -> list[ast.expr]:
    """Mappings that surely go into it before the use, `settings.update(others)`, where nothing else may change the
    item; the last one counts first.
    """
    body = getattr(owner.node, "body", [])
    changes = [node for node, _ in _changes(owner, use.id, key)]
    calls = [n for n in changes if isinstance(n, ast.Call) and len(n.args) == 1 and not n.keywords and _updates(n)]
    if len(calls) != len(changes) or not isinstance(body, list):
        return []
    surely = [c for c in calls if any(isinstance(s, ast.Expr) and s.value is c for s in body) and c.lineno < use.lineno]
    return [call.args[0] for call in reversed(surely)] if len(surely) == len(calls) else []


def lacks(table: ast.expr, owner: CodeScope, key: str) -> bool:
    """`presets[name]` of a table written out in the function, of which no entry holds the item."""
    if not isinstance(table, ast.Subscript) or not isinstance(table.value, ast.Name):
        return False
    name = table.value.id
    bound = [
        n.value for n in owner.nodes if isinstance(n, ast.Assign) and [ast.unparse(t) for t in n.targets] == [name]
    ]
    entries = bound[0].values if len(bound) == 1 and isinstance(bound[0], ast.Dict) else []
    written = [e for e in entries if isinstance(e, ast.Dict) and all(isinstance(k, ast.Constant) for k in e.keys)]
    keys = {k.value for entry in written for k in entry.keys if isinstance(k, ast.Constant)}
    return bool(entries) and len(written) == len(entries) and key not in keys


def _updates(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "update"


def pops_of_others(owner: CodeScope, name: str, key: str) -> Iterator[ast.Call]:
    """`mapping.pop(name) for name in names` where the names are written out and this key is none of them."""
    for node in owner.nodes:
        is_pop = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "pop"
        if (
            is_pop
            and isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and _is_named(node.func, name)
        ):
            texts = _texts(node.args[0], owner) if node.args else None
            if texts is not None and key not in texts:
                yield node


def _texts(node: ast.expr, owner: CodeScope) -> list[object] | None:
    """Items of the one written-out list that a loop takes this name from."""
    loops = [n for n in owner.nodes if isinstance(n, (ast.For, ast.comprehension))]
    around = [n.iter for n in loops if isinstance(node, ast.Name) and ast.unparse(n.target) == node.id]
    items = around[0] if around and len(set(map(ast.unparse, around))) == 1 else None
    if isinstance(items, ast.Name):
        stores = [n for n in owner.nodes if isinstance(n, ast.Assign) and items.id in map(ast.unparse, n.targets)]
        items = stores[0].value if len(stores) == 1 else None
    if not isinstance(items, (ast.List, ast.Tuple, ast.Set)):
        return None
    values = [item.value for item in items.elts if isinstance(item, ast.Constant)]
    return list(values) if len(values) == len(items.elts) else None


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    """The change is the statement itself, and no part of an expression that may skip it."""
    changed = statement.value if isinstance(statement, ast.Expr) else getattr(statement, "targets", [None])[0]
    return changed is node


def _changes(owner: CodeScope, name: str, key: str) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """Places that may change the item, each with the expression that it gives."""
    for node in owner.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)) and _is_named(node, name):
            if not (isinstance(node.slice, ast.Constant) and node.slice.value != key):
                yield node, _assigned(owner, node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_named(node.func, name):
            yield from _of_method(node, node.func.attr, key)


def _of_method(node: ast.Call, method: str, key: str) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    is_plain_update = method == "update" and not node.args and None not in named
    takes_other = method == "pop" and bool(node.args) and getattr(node.args[0], "value", key) != key
    if method in CHANGING and not takes_other and not (is_plain_update and key not in named):
        yield node, named.get(key) if is_plain_update else None


def _assigned(owner: CodeScope, target: ast.Subscript) -> ast.expr | None:
    return next((n.value for n in owner.nodes if isinstance(n, ast.Assign) and n.targets == [target]), None)


def _is_named(node: ast.Subscript | ast.Attribute, name: str) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == name
