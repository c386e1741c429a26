"""What each scope of a file binds: definitions, imports, and the local names of functions.

Collects syntax in one pass; what the names mean across files is the symbol table's question.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
DefinitionNode = FunctionNode | ast.ClassDef | ast.stmt
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ACCESSORS = ("setter", "deleter", "getter", "register")


@dataclass(frozen=True)
class Definition:
    """A class, function, method or module-level name of the repository. `name` is `Class.method` inside `path`."""

    path: str
    name: str
    node: DefinitionNode = field(compare=False, repr=False)

    @property
    def qualified_name(self) -> str:
        return f"{self.path}:{self.name}"


@dataclass(frozen=True)
class ImportedName:
    """A name bound by an import statement of a file."""

    name: str
    module: str
    attribute: str | None
    """None for `import module`."""
    level: int
    node: ast.Import | ast.ImportFrom = field(compare=False, repr=False)


@dataclass
class FileScopes:
    """Definitions by qualified name, and imports by scope (`""` is the module) and name, in source order."""

    path: str
    definitions: dict[str, Definition] = field(default_factory=dict)
    conditional: set[str] = field(default_factory=set)
    """Names whose definition stands under `if` or `try`."""
    imports: dict[str, dict[str, list[ImportedName]]] = field(default_factory=dict)
    stars: list[ImportedName] = field(default_factory=list)
    rebound: set[str] = field(default_factory=set)
    """Module-level names that are assigned more than once."""


def read_scopes(path: str, tree: ast.Module) -> FileScopes:
    """Scopes of one file."""
    scopes = FileScopes(path)
    _Reader(scopes).block(tree.body, "", False)
    return scopes


class _Reader:
    def __init__(self, scopes: FileScopes) -> None:
        self._scopes = scopes

    def block(self, body: Sequence[ast.stmt], scope: str, conditional: bool, prefix: str | None = None) -> None:
        """Statements of a block; `scope` is the function that imports belong to, `prefix` the names' owner."""
        prefix = scope if prefix is None else prefix
        for node in body:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                self._define(_dot(prefix, node.name), node, conditional)
                inner = _dot(prefix, node.name)
                self.block(node.body, inner, False, inner)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for imported in _imported(node):
                    self._import(scope, imported)
            else:
                if not prefix:
                    for name in bound_names(node):
                        self._define(name, node, conditional)
                for inner_block in _blocks(node):
                    self.block(inner_block, scope, conditional or isinstance(node, (ast.If, ast.Try)), prefix)

    def _define(self, name: str, node: DefinitionNode, conditional: bool) -> None:
        known = self._scopes.definitions.get(name)
        if known is None:
            self._scopes.definitions[name] = Definition(self._scopes.path, name, node)
            if conditional:
                self._scopes.conditional.add(name)
            return
        self._scopes.rebound.add(name)
        if _is_overload(known.node) or not (conditional or _is_accessor(node)):
            self._scopes.definitions[name] = Definition(self._scopes.path, name, node)
            self._scopes.conditional.discard(name)

    def _import(self, scope: str, imported: ImportedName) -> None:
        if imported.name == "*":
            self._scopes.stars.append(imported)
        else:
            self._scopes.imports.setdefault(scope, {}).setdefault(imported.name, []).append(imported)


def local_names(function: ast.AST) -> frozenset[str]:
    """Names that a function binds itself: arguments and assignments, without those declared global."""
    if not isinstance(function, FUNCTIONS):
        return frozenset()
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found = {argument.arg for argument in every if argument is not None}
    declared: set[str] = set()
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            declared.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)):
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(found - declared)


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(node: ast.stmt) -> Iterator[str]:
    """Names that an assignment statement binds."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        names = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        yield from (name.id for name in names if isinstance(name, ast.Name))


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for field_name in ("body", "orelse", "finalbody"):
        block = getattr(node, field_name, None)
        if isinstance(block, list):
            yield block
    for handler in getattr(node, "handlers", ()):
        yield handler.body
    for case in getattr(node, "cases", ()):
        yield case.body


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[ImportedName]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield ImportedName(alias.asname or alias.name.split(".")[0], alias.name, None, 0, node)
        else:
            yield ImportedName(alias.asname or alias.name, node.module or "", alias.name, node.level, node)


def _is_overload(node: ast.AST) -> bool:
    names = [getattr(d, "id", getattr(d, "attr", "")) for d in getattr(node, "decorator_list", ())]
    return "overload" in names


def _is_accessor(node: ast.AST) -> bool:
    return any(isinstance(d, ast.Attribute) and d.attr in ACCESSORS for d in getattr(node, "decorator_list", ()))


def _dot(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
