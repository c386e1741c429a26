"""Functions, classes and modules as scopes of names: what each binds, and where a name is looked up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.index import SourceIndex

Body = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FunctionLike = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass
class CodeScope:
    """One body of code. `key` is its qualified name (`path` for a module), `dotted` its name inside the file."""

    key: str
    path: str
    dotted: str
    node: Body
    parent: CodeScope | None
    bound: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    nodes: list[ast.AST] = field(default_factory=list)
    """Its own statements and expressions, without those of inner scopes."""

    @property
    def is_function(self) -> bool:
        return isinstance(self.node, FunctionLike)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @cached_property
    def stored(self) -> frozenset[str]:
        """Names that it sets or deletes itself."""
        return _names_stored(self.nodes)


class ScopeTable:
    """All scopes of a repository by key, and by node."""

    def __init__(self, index: SourceIndex) -> None:
        self.by_key: dict[str, CodeScope] = {}
        self.by_node: dict[int, CodeScope] = {}
        self._stored_below: dict[int, frozenset[str]] = {}
        for path, tree in index.trees().items():
            self._add(CodeScope(path, path, "", tree, None))

    @cached_property
    def attribute_stores(self) -> dict[str, list[tuple[CodeScope, ast.stmt]]]:
        """All stores into attributes, by the attribute's name."""
        found: dict[str, list[tuple[CodeScope, ast.stmt]]] = {}
        for scope in self.by_key.values():
            for node in scope.nodes:
                if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for part in (part for target in targets for part in ast.walk(target)):
                        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                            found.setdefault(part.attr, []).append((scope, node))
        return found

    def _add(self, scope: CodeScope) -> None:
        self.by_key[scope.key] = scope
        self.by_node[id(scope.node)] = scope
        inner: list[Body] = []
        scope.nodes = list(_own_nodes(scope.node, inner))
        bound, global_names = _bound_names(scope, inner)
        scope.bound, scope.globals = bound - global_names, global_names
        for node in inner:
            name = getattr(node, "name", None) or f"<lambda@{node.lineno}:{node.col_offset}>"  # type: ignore[union-attr]
            dotted = f"{scope.dotted}.{name}" if scope.dotted else name
            self._add(CodeScope(f"{scope.path}:{dotted}", scope.path, dotted, node, scope))

    def owner_of(self, scope: CodeScope, name: str) -> CodeScope | None:
        """The function scope that binds a name as seen from `scope`; the module where none does."""
        current: CodeScope | None = scope
        while current is not None:
            if current is scope or not current.is_class:
                if name in current.globals:
                    return self.by_key[scope.path]
                if name in current.bound:
                    return current
            current = current.parent
        return None

    def stored_below(self, statement: ast.stmt) -> frozenset[str]:
        """Names that a statement of the repository sets or deletes, inner functions included; gathered once."""
        known = self._stored_below.get(id(statement))
        if known is None:
            known = self._stored_below[id(statement)] = _names_stored(ast.walk(statement))
        return known


def _names_stored(nodes: Iterable[ast.AST]) -> frozenset[str]:
    return frozenset(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, (ast.Store, ast.Del)))


def _own_nodes(node: ast.AST, inner: list[Body]) -> Iterator[ast.AST]:
    for child in _children_in_scope(node):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inner.append(child)
            yield child
            for outside in _evaluated_outside(child):
                yield outside
                yield from _own_nodes(outside, inner)
        else:
            yield child
            yield from _own_nodes(child, inner)


def _children_in_scope(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield from node.body
    elif isinstance(node, ast.Lambda):
        yield node.body
    else:
        yield from ast.iter_child_nodes(node)


def _evaluated_outside(node: Body) -> Iterator[ast.AST]:
    """Decorators and defaults of a definition belong to the scope around it."""
    yield from getattr(node, "decorator_list", ())
    arguments = getattr(node, "args", None)
    if isinstance(arguments, ast.arguments):
        yield from arguments.defaults
        yield from (default for default in arguments.kw_defaults if default is not None)


def _bound_names(scope: CodeScope, inner: list[Body]) -> tuple[frozenset[str], frozenset[str]]:
    bound = {node.id for node in scope.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.name for node in inner if not isinstance(node, (ast.Lambda, ast.Module))}
    global_names = {name for node in scope.nodes if isinstance(node, ast.Global) for name in node.names}
    arguments = getattr(scope.node, "args", None)
    if isinstance(arguments, ast.arguments):
        bound |= {a.arg for a in parameters_of(arguments)}
    for node in scope.nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return frozenset(bound), frozenset(global_names)


def parameters_of(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters, the variadic ones last."""
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
