"""Definitions and imports of all files, and what a dotted name in a file means.

Names are resolved as Python would at import, without running anything: relative imports, packages with
re-exports, flat script directories (`from model import X` beside the script), `sys.path` additions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
DefinitionNode = FunctionNode | ast.ClassDef | ast.stmt


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
class External:
    """A name of a foreign package as a dotted name: `torch.nn.functional.cross_entropy`."""

    dotted: str


@dataclass(frozen=True)
class ImportedName:
    """A name bound by an import statement of a file."""

    name: str
    module: str
    attribute: str | None
    """None for `import module`."""
    level: int
    node: ast.Import | ast.ImportFrom = field(compare=False, repr=False)


Resolved = Definition | External | str
"""A definition, a foreign name, or the path of a module of the repository."""


class SymbolTable:
    """All definitions by file and qualified name, and name resolution across files."""

    def __init__(self, trees: Mapping[str, ast.Module], paths: Sequence[str]) -> None:
        self._trees = trees
        self._paths = frozenset(paths)
        self.definitions: dict[str, dict[str, Definition]] = {}
        self.imports: dict[str, dict[str, ImportedName]] = {}
        self._stars: dict[str, list[ImportedName]] = {}
        for path, tree in trees.items():
            self.definitions[path] = {d.name: d for d in _definitions(path, tree)}
            found = list(_imports(tree))
            self.imports[path] = {i.name: i for i in found if i.name != "*"}
            self._stars[path] = [i for i in found if i.name == "*"]
        self._roots = sorted({str(PurePosixPath(path).parent) for path in trees} | {"."}, key=lambda r: (len(r), r))

    def classes(self) -> tuple[Definition, ...]:
        """Every class of the repository, by path and line."""
        return tuple(
            d for table in self.definitions.values() for d in table.values() if isinstance(d.node, ast.ClassDef)
        )

    def functions(self) -> tuple[Definition, ...]:
        """Every function and method of the repository, by path and line."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return tuple(d for table in self.definitions.values() for d in table.values() if isinstance(d.node, kinds))

    def definition(self, qualified_name: str) -> Definition | None:
        """The definition called `path:Class.method`."""
        path, _, name = qualified_name.rpartition(":")
        return self.definitions.get(path, {}).get(name)

    def resolve(self, path: str, dotted: str, scope: str = "") -> Resolved | None:
        """What `dotted` means in file `path`, inside the function or class `scope` (`Class.method`).

        None where the name is neither defined nor imported there (a builtin, a local variable).
        """
        return self._resolve(path, dotted.split("."), scope, 0)

    def resolve_module(self, path: str, dotted: str, level: int = 0) -> str | None:
        """Repository path of the module `dotted` imported from file `path`, or None where it is foreign."""
        relative = dotted.replace(".", "/")
        here = PurePosixPath(path).parent
        if level:
            for _ in range(level - 1):
                here = here.parent
            return self._module_file(str(here / relative) if relative else str(here))
        own = [str(here), *(str(parent) for parent in here.parents)]
        for root in dict.fromkeys([*own, *self._roots]):
            found = self._module_file(relative if root == "." else f"{root}/{relative}")
            if found is not None and found != path:
                return found
        return None

    def _module_file(self, stem: str) -> str | None:
        for candidate in (f"{stem}.py", f"{stem}/__init__.py" if stem != "." else "__init__.py"):
            if candidate in self._paths:
                return candidate
        return None

    def _resolve(self, path: str, parts: list[str], scope: str, depth: int) -> Resolved | None:
        if depth > 20:
            return None
        table = self.definitions.get(path, {})
        for prefix in _scopes(scope):
            name = f"{prefix}{parts[0]}"
            if name in table:
                return _member(table, name, parts[1:])
        imported = self.imports.get(path, {}).get(parts[0])
        if imported is not None:
            return self._resolve_import(path, imported, parts[1:], depth)
        return self._resolve_star(path, parts, depth)

    def _resolve_import(self, path: str, imported: ImportedName, rest: list[str], depth: int) -> Resolved | None:
        if imported.attribute is None:
            return self._in_module(path, imported.module.split("."), rest, imported, depth)
        inner = f"{imported.module}.{imported.attribute}" if imported.module else imported.attribute
        base = self.resolve_module(path, imported.module, imported.level)
        if base is not None and base != path:
            found = self._resolve(base, [imported.attribute, *rest], "", depth + 1)
            if found is not None:
                return found
        submodule = self.resolve_module(path, inner, imported.level)
        if submodule is not None:
            return self._resolve(submodule, rest, "", depth + 1) if rest else submodule
        return None if imported.level or base is not None else External(".".join([inner, *rest]))

    def _in_module(
        self, path: str, module: list[str], rest: list[str], imported: ImportedName, depth: int
    ) -> Resolved | None:
        """`import a.b` binds `a`; `import a.b as c` binds `a.b`."""
        bound = module if imported.name != module[0] or len(module) == 1 else [module[0]]
        for split in range(len(rest), -1, -1):
            found = self.resolve_module(path, ".".join(bound + rest[:split]))
            if found is not None:
                tail = rest[split:]
                return self._resolve(found, tail, "", depth + 1) if tail else found
        return External(".".join(bound + rest))

    def _resolve_star(self, path: str, parts: list[str], depth: int) -> Resolved | None:
        for star in self._stars.get(path, ()):
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


def _scopes(scope: str) -> Iterator[str]:
    parts = scope.split(".") if scope else []
    for size in range(len(parts), 0, -1):
        yield ".".join(parts[:size]) + "."
    yield ""


def _member(table: Mapping[str, Definition], name: str, rest: list[str]) -> Definition | None:
    """The deepest definition along `rest`; an attribute that is no definition leaves its owner."""
    found = table[name]
    for part in rest:
        name = f"{name}.{part}"
        if name not in table:
            return None
        found = table[name]
    return found


def _definitions(path: str, tree: ast.Module) -> Iterator[Definition]:
    yield from _in_body(path, tree.body, "")


def _in_body(path: str, body: Sequence[ast.stmt], prefix: str) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield Definition(path, prefix + node.name, node)
            yield from _in_body(path, node.body, f"{prefix}{node.name}.")
        else:
            if not prefix:
                yield from (Definition(path, name, node) for name in _bound_names(node))
            for block in _blocks(node):
                yield from _in_body(path, block, prefix)


def _bound_names(node: ast.stmt) -> Iterator[str]:
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


def _imports(tree: ast.Module) -> Iterator[ImportedName]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield ImportedName(alias.asname or alias.name.split(".")[0], alias.name, None, 0, node)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield ImportedName(alias.asname or alias.name, node.module or "", alias.name, node.level, node)
