"""Which statements before an expression it needs: those that bind or change a name that it reads, backwards."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence


def needed_statements(body: Sequence[ast.stmt], *nodes: ast.AST) -> list[ast.stmt]:
    """Of the statements before, those that bind or change a name that the nodes need, in their order."""
    bound = set().union(*(_bound(statement) for statement in body))
    parts = _parts_of_others(body)
    wanted = set().union(*map(read_names, nodes))
    kept: list[ast.stmt] = []
    for statement in reversed(body):
        changed = _changed(statement) & bound
        if wanted & (_bound(statement) | changed.union(*(parts.get(name, ()) for name in changed))):
            kept.insert(0, statement)
            wanted |= read_names(statement)
    return kept


def changing_others(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements that change what the block itself does not bind: `config.depth = 3`, `config.merge(path)`."""
    bound = set().union(*(_bound(node) for node in body if not _stores_into_others(node, set())))
    return [node for node in body if _stores_into_others(node, bound) or _method_owner(node) - bound]


def _stores_into_others(node: ast.stmt, bound: Collection[str]) -> bool:
    """An attribute or item of a name that is not bound here is set."""
    stored = (part for part in ast.walk(node) if isinstance(part, (ast.Attribute, ast.Subscript)))
    return any(isinstance(part.ctx, ast.Store) and _root(part) not in bound for part in stored)


def _method_owner(node: ast.stmt) -> set[str]:
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return _changed(node) if is_call and isinstance(node.value.func, ast.Attribute) else set()  # type: ignore[attr-defined]


def read_names(node: ast.AST) -> set[str]:
    """All names in a piece of syntax."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement or one inside of it binds, changes by an item or an attribute, imports or defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    stored = (part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Store))
    return {_root(part) for part in stored} - {""}


def _changed(node: ast.stmt) -> set[str]:
    """Names on which a statement calls a method, or that it gives to a call, for its effect alone."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return set()
    call = node.value
    given = {part.id for part in (*call.args, *(k.value for k in call.keywords)) if isinstance(part, ast.Name)}
    return ({_root(call.func)} if isinstance(call.func, ast.Attribute) else given) - {""}


def _parts_of_others(body: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """For names that a method of another name gave (`group = parser.add_argument_group()`) those other names."""
    found: dict[str, set[str]] = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            root = _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else ""
            owners = {root, *found.get(root, ())}
            found |= {target.id: owners for target in node.targets if isinstance(target, ast.Name)}
    return found


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
