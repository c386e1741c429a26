"""Definitions and imports of all files, and what a dotted name in a file means.

Names are resolved as Python would at import, without running anything: relative imports, packages with
re-exports, flat script directories (`from model import X` beside the script), `sys.path` additions, star
imports, conditional imports, aliases. An import inside a function counts inside that function only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzer.index.module_paths import ModulePaths
from analyzer.index.scopes import (
    FUNCTIONS,
    Definition,
    DefinitionNode,
    FileScopes,
    FunctionNode,
    ImportedName,
    local_names,
    read_scopes,
)

__all__ = [
    "Definition", "DefinitionNode", "External", "FunctionNode", "ImportedName", "Resolved", "SymbolTable",
    "dotted_name",
]  # fmt: skip

MAX_DEPTH = 24
MAX_PARTS = 12


@dataclass(frozen=True)
class External:
    """A name of a foreign package as a dotted name: `torch.nn.functional.cross_entropy`."""

    dotted: str


Resolved = Definition | External | str
"""A definition, a foreign name, or the path of a module of the repository."""


class _Definitions(Mapping[str, dict[str, Definition]]):
    """Definitions by path; a file is parsed when it is asked for, and all own ones only to list them."""

    def __init__(self, table: SymbolTable, own: Sequence[str]) -> None:
        self._table = table
        self._own = own

    def __getitem__(self, path: str) -> dict[str, Definition]:
        scopes = self._table.scopes(path)
        if scopes is None:
            raise KeyError(path)
        return scopes.definitions

    def __iter__(self) -> Iterator[str]:
        return (path for path in self._own if self._table.scopes(path) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class SymbolTable:
    """All definitions by file and qualified name, and name resolution across files."""

    def __init__(
        self,
        own: Sequence[str],
        modules: ModulePaths,
        tree: Callable[[str], ast.Module | None],
    ) -> None:
        self._tree = tree
        self._modules = modules
        self._scopes: dict[str, FileScopes | None] = {}
        self._locals: dict[Definition, frozenset[str]] = {}
        self._resolved: dict[tuple[str, str, str], Resolved | None] = {}
        self._steps: dict[tuple[str, tuple[str, ...], str], Resolved | None] = {}
        self.definitions: Mapping[str, dict[str, Definition]] = _Definitions(self, own)

    def scopes(self, path: str) -> FileScopes | None:
        """Scopes of a file of the repository or of an additional package."""
        if path not in self._scopes:
            tree = self._tree(path)
            self._scopes[path] = read_scopes(path, tree) if tree is not None else None
        return self._scopes[path]

    def imports(self, path: str) -> dict[str, ImportedName]:
        """What the top of a file imports, by the name that it is given there."""
        scopes = self.scopes(path)
        return {name: found[0] for name, found in scopes.imports.get("", {}).items()} if scopes is not None else {}

    def classes(self) -> tuple[Definition, ...]:
        """Every class of the repository, by path and line."""
        return tuple(
            d for table in self.definitions.values() for d in table.values() if isinstance(d.node, ast.ClassDef)
        )

    def functions(self) -> tuple[Definition, ...]:
        """Every function and method of the repository, by path and line."""
        return tuple(d for table in self.definitions.values() for d in table.values() if isinstance(d.node, FUNCTIONS))

    def definition(self, qualified_name: str) -> Definition | None:
        """The definition called `path:Class.method`."""
        path, _, name = qualified_name.rpartition(":")
        return self.definitions.get(path, {}).get(name)

    def external_name(self, path: str, node: ast.AST, scope: str = "") -> str | None:
        """The dotted name under which a foreign package has what a name or attribute of the file means."""
        dotted = dotted_name(node)
        found = self.resolve(path, dotted, scope) if dotted else None
        return found.dotted if isinstance(found, External) else None

    def resolve(self, path: str, dotted: str, scope: str = "") -> Resolved | None:
        """What `dotted` means in file `path`, inside the function or class `scope` (`Class.method`).

        None where the name is neither defined nor imported there (a builtin, a local variable).
        """
        key = (path, dotted, scope)
        if key not in self._resolved:
            self._steps = {}
            self._resolved[key] = self._resolve(path, dotted.split("."), scope, 0)
        return self._resolved[key]

    def resolve_module(self, path: str, dotted: str, level: int = 0) -> str | None:
        """Repository path of the module `dotted` imported from file `path`, or None where it is foreign."""
        return self._modules.resolve(path, dotted, level)

    def _resolve(self, path: str, parts: list[str], scope: str, depth: int) -> Resolved | None:
        """One step of a question; a step that comes round again, as in circular imports, has no answer."""
        step = (path, tuple(parts), scope)
        if step not in self._steps and depth <= MAX_DEPTH and len(parts) <= MAX_PARTS:
            self._steps[step] = None
            self._steps[step] = self._bound(path, parts, scope, depth)
        return self._steps.get(step)

    def _bound(self, path: str, parts: list[str], scope: str, depth: int) -> Resolved | None:
        scopes = self.scopes(path)
        if scopes is None:
            return None
        for place in self._visible(scopes, scope):
            name = f"{place}.{parts[0]}"
            if name in scopes.definitions:
                return self._member(scopes.definitions[name], parts[1:], depth)
            if parts[0] in scopes.imports.get(place, {}):
                return self._imported(path, scopes.imports[place][parts[0]], parts[1:], depth)
            if parts[0] in self._local_names(scopes, place):
                return None
        return self._at_module(path, scopes, parts, depth)

    @staticmethod
    def _visible(scopes: FileScopes, scope: str) -> Iterator[str]:
        """Scopes from the inside out, without the module; a class is visible in its own body only."""
        parts = scope.split(".") if scope else []
        for size in range(len(parts), 0, -1):
            place = ".".join(parts[:size])
            owner = scopes.definitions.get(place)
            if size == len(parts) or owner is None or not isinstance(owner.node, ast.ClassDef):
                yield place

    def _local_names(self, scopes: FileScopes, place: str) -> frozenset[str]:
        owner = scopes.definitions.get(place)
        if owner is None:
            return frozenset()
        if owner not in self._locals:
            self._locals[owner] = local_names(owner.node)
        return self._locals[owner]

    def _at_module(self, path: str, scopes: FileScopes, parts: list[str], depth: int) -> Resolved | None:
        own = scopes.definitions.get(parts[0])
        imported = scopes.imports.get("", {}).get(parts[0])
        if imported is not None and (own is None or _is_fallback(scopes, own, imported)):
            return self._imported(path, imported, parts[1:], depth)
        if own is None:
            return self._starred(path, scopes, parts, depth)
        if isinstance(own.node, (*FUNCTIONS, ast.ClassDef)):
            return self._member(own, parts[1:], depth)
        target = self._alias_target(path, scopes, own, depth)
        if target is None:
            return own if len(parts) == 1 else None
        return self._attribute_of(target, parts[1:], depth)

    def _alias_target(self, path: str, scopes: FileScopes, own: Definition, depth: int) -> Resolved | None:
        """`X = Y` at module level means Y, where X is assigned once and Y is known."""
        node = own.node
        if own.name in scopes.rebound or not isinstance(node, ast.Assign) or isinstance(node.targets[0], ast.Tuple):
            return None
        dotted = dotted_name(node.value)
        if dotted is None or dotted.split(".")[0] == own.name:
            return None
        target = self._resolve(path, dotted.split("."), "", depth + 1)
        is_value = isinstance(target, Definition) and not isinstance(target.node, (*FUNCTIONS, ast.ClassDef))
        return None if is_value else target

    def _attribute_of(self, target: Resolved, rest: list[str], depth: int) -> Resolved | None:
        if not rest:
            return target
        if isinstance(target, External):
            return External(".".join([target.dotted, *rest]))
        if isinstance(target, str):
            return self._in_path(target, rest, depth + 1)
        return self._member(target, rest, depth)

    def _member(self, owner: Definition, rest: list[str], depth: int) -> Resolved | None:
        """A nested definition, or what the class inherits; an attribute that is no definition is None."""
        if not rest:
            return owner
        table = self.definitions[owner.path]
        inner = table.get(f"{owner.name}.{rest[0]}")
        if inner is not None:
            return self._member(inner, rest[1:], depth)
        if not isinstance(owner.node, ast.ClassDef) or depth > MAX_DEPTH:
            return None
        for base in owner.node.bases:
            dotted = dotted_name(base)
            scope = owner.name.rpartition(".")[0]
            found = self._resolve(owner.path, dotted.split("."), scope, depth + 1) if dotted else None
            inherited = self._attribute_of(found, rest, depth + 1) if found is not None and found != owner else None
            if inherited is not None:
                return inherited
        return None

    def _imported(self, path: str, names: list[ImportedName], rest: list[str], depth: int) -> Resolved | None:
        """The first of several alternatives that is the repository's own, else the first."""
        found = [self._resolve_import(path, imported, rest, depth) for imported in names]
        own = (item for item in found if item is not None and not isinstance(item, External))
        return next(own, None) or next((item for item in found if item is not None), None)

    def _resolve_import(self, path: str, imported: ImportedName, rest: list[str], depth: int) -> Resolved | None:
        if imported.attribute is None:
            return self._in_module(path, imported, rest, depth)
        inner = f"{imported.module}.{imported.attribute}" if imported.module else imported.attribute
        base = self.resolve_module(path, imported.module, imported.level)
        if base is not None and base != path:
            found = self._resolve(base, [imported.attribute, *rest], "", depth + 1)
            if found is not None:
                return found
        submodule = self.resolve_module(path, inner, imported.level)
        if submodule is not None:
            return self._in_path(submodule, rest, depth + 1)
        return None if imported.level or base is not None else External(".".join([inner, *rest]))

    def _in_module(self, path: str, imported: ImportedName, rest: list[str], depth: int) -> Resolved | None:
        """`import a.b` binds `a`; `import a.b as c` binds `a.b`."""
        module = imported.module.split(".")
        bound = module if imported.name != module[0] or len(module) == 1 else [module[0]]
        for split in range(len(rest), -1, -1):
            found = self.resolve_module(path, ".".join(bound + rest[:split]))
            if found is not None:
                return self._in_path(found, rest[split:], depth + 1)
        return External(".".join(bound + rest))

    def _in_path(self, path: str, rest: list[str], depth: int) -> Resolved | None:
        """A name inside a module, or one of the modules below a package."""
        if not rest:
            return path
        found = self._resolve(path, rest, "", depth)
        if found is not None or not path.endswith("__init__.py"):
            return found
        submodule = self.resolve_module(path, rest[0], 1)
        return self._in_path(submodule, rest[1:], depth + 1) if submodule and depth < MAX_DEPTH else None

    def _starred(self, path: str, scopes: FileScopes, parts: list[str], depth: int) -> Resolved | None:
        for star in scopes.stars:
            base = self.resolve_module(path, star.module, star.level)
            if base is not None and base != path:
                found = self._resolve(base, parts, "", depth + 1)
                if found is not None:
                    return found
        return None


def dotted_name(node: ast.AST) -> str | None:
    """`a.b.c` of a chain of attributes on a name, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _is_fallback(scopes: FileScopes, own: Definition, imported: list[ImportedName]) -> bool:
    """A name both imported and defined: `except ImportError: X = None` and wrappers of the import give way."""
    if not isinstance(own.node, (*FUNCTIONS, ast.ClassDef)):
        return True
    return own.name in scopes.conditional or imported[-1].node.lineno > own.node.lineno
