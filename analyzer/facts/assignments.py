"""What every name of a scope and every attribute of a class is assigned, as expressions of the source.

A scope is the module ("") or one function (`Class.method`); nested functions are scopes of their own. Nothing
is evaluated, and the order of the assignments is kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.facts.class_hierarchy import FUNCTIONS, receiver_name
from analyzer.index import Definition, SourceIndex

NESTED = (*FUNCTIONS, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Assigned:
    """One value that a name receives; `item` is the position in an unpacked tuple, `element` marks what a loop
    takes out of the value one by one, `entered` what a `with` statement yields.
    """

    value: ast.expr
    item: int | None = None
    element: bool = False
    entered: bool = False


class Assignments:
    """Assignments of all scopes, collected once per scope."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._names: dict[tuple[str, str], dict[str, list[Assigned]]] = {}
        self._attributes: dict[Definition, dict[str, list[tuple[Definition, Assigned]]]] = {}

    def names(self, path: str, scope: str) -> dict[str, list[Assigned]]:
        """Assignments to local names of the function `scope`, or to module names where `scope` is empty."""
        key = (path, scope)
        if key not in self._names:
            found: dict[str, list[Assigned]] = {}
            for target, assigned in _assignments(self._body(path, scope)):
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(assigned)
            self._names[key] = found
        return self._names[key]

    def attributes(self, owner: Definition) -> dict[str, list[tuple[Definition, Assigned]]]:
        """Assignments to `self.name` in the methods of a class (not of its bases), with the method."""
        if owner not in self._attributes:
            found: dict[str, list[tuple[Definition, Assigned]]] = {}
            for method in methods(self._index, owner):
                receiver = receiver_name(method.node)
                for target, assigned in _assignments(method.node):
                    if isinstance(target, ast.Attribute) and _is_name(target.value, receiver):
                        found.setdefault(target.attr, []).append((method, assigned))
            self._attributes[owner] = found
        return self._attributes[owner]

    def _body(self, path: str, scope: str) -> ast.AST | None:
        if not scope:
            return self._index.trees().get(path)
        found = self._index.symbols.definitions.get(path, {}).get(scope)
        return found.node if found is not None else None


def methods(index: SourceIndex, owner: Definition) -> tuple[Definition, ...]:
    """Methods that the class itself defines, in source order."""
    prefix = f"{owner.name}."
    table = index.symbols.definitions[owner.path]
    return tuple(
        found
        for name, found in table.items()
        if name.startswith(prefix) and "." not in name[len(prefix) :] and isinstance(found.node, FUNCTIONS)
    )


def own_nodes(root: ast.AST | None) -> tuple[ast.AST, ...]:
    """All nodes of a module or function, in source order, without those of nested functions and classes.

    Class bodies count as nested; lambdas belong to the function that holds them. The answer is kept on the node,
    because every reader asks for it.
    """
    if root is None:
        return ()
    known: tuple[ast.AST, ...] | None = root.__dict__.get("_own_nodes")
    if known is None:
        known = tuple(_walk(root))
        root.__dict__["_own_nodes"] = known
    return known


def _walk(root: ast.AST) -> Iterator[ast.AST]:
    stack = list(reversed(_children(root)))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _children(root: ast.AST) -> list[ast.AST]:
    if isinstance(root, (*FUNCTIONS, ast.Module, ast.ClassDef)):
        return list(root.body)
    return list(ast.iter_child_nodes(root))


def _assignments(root: ast.AST | None) -> Iterator[tuple[ast.expr, Assigned]]:
    for node in own_nodes(root):
        yield from _of_node(node)


def _of_node(node: ast.AST) -> Iterator[tuple[ast.expr, Assigned]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _unpacked(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield node.target, Assigned(node.value)
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield from ((target, Assigned(node.iter, item, element=True)) for target, item in _targets(node.target))
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, Assigned(node.context_expr, entered=True)


def _unpacked(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, Assigned]]:
    if not isinstance(target, (ast.Tuple, ast.List)):
        yield target, Assigned(value)
        return
    paired = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
    for place, inner in enumerate(target.elts):
        if paired:
            assert isinstance(value, (ast.Tuple, ast.List))
            yield from _unpacked(inner, value.elts[place])
        else:
            yield inner, Assigned(value, item=place)


def _targets(target: ast.expr) -> Iterator[tuple[ast.expr, int | None]]:
    if isinstance(target, (ast.Tuple, ast.List)):
        yield from ((inner, place) for place, inner in enumerate(target.elts))
    else:
        yield target, None


def _is_name(node: ast.expr, name: str | None) -> bool:
    return isinstance(node, ast.Name) and node.id == name
