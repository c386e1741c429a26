"""What each file defines, what it takes from other files of the repository, and who uses it."""

from __future__ import annotations

import ast

from analyzer.facts.class_hierarchy import FUNCTIONS
from analyzer.index import Definition, SourceIndex
from analyzer.records.structure import FileRelation


def derive_relations(index: SourceIndex) -> tuple[FileRelation, ...]:
    """Relations of all Python files, in path order."""
    imports = {path: _imports(index, path, tree) for path, tree in index.trees().items()}
    used_by: dict[str, set[str]] = {}
    for path, taken in imports.items():
        for target in taken:
            used_by.setdefault(target, set()).add(path)
    return tuple(
        FileRelation(
            path,
            _exports(index, path),
            tuple((target, tuple(sorted(names))) for target, names in sorted(imports[path].items())),
            tuple(sorted(used_by.get(path, ()))),
            _summary(tree),
        )
        for path, tree in index.trees().items()
    )


def _imports(index: SourceIndex, path: str, tree: ast.Module) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                target = index.resolve_module(path, alias.name)
                if target is not None and target != path:
                    found.setdefault(target, set())
        elif isinstance(node, ast.ImportFrom):
            _add_names(index, path, node, found)
    return found


def _add_names(index: SourceIndex, path: str, node: ast.ImportFrom, found: dict[str, set[str]]) -> None:
    base = index.resolve_module(path, node.module or "", node.level)
    stem = f"{node.module}." if node.module else ""
    for alias in node.names:
        resolved = index.symbols.resolve(base, alias.name) if base is not None and alias.name != "*" else None
        if isinstance(resolved, Definition):
            target: str | None = resolved.path
        else:
            target = index.resolve_module(path, f"{stem}{alias.name}", node.level) or base
        if target is not None and target != path:
            found.setdefault(target, set()).add(alias.name)


def _exports(index: SourceIndex, path: str) -> tuple[str, ...]:
    """Public classes and functions at module level, in source order; `__all__` wins where it is a literal."""
    table = index.symbols.definitions[path]
    listed = table.get("__all__")
    if (
        listed is not None
        and isinstance(listed.node, ast.Assign)
        and isinstance(listed.node.value, (ast.List, ast.Tuple))
    ):
        items = listed.node.value.elts
        return tuple(e.value for e in items if isinstance(e, ast.Constant) and isinstance(e.value, str))
    kinds = (*FUNCTIONS, ast.ClassDef)
    return tuple(name for name, d in table.items() if "." not in name and isinstance(d.node, kinds) and name[0] != "_")


def _summary(tree: ast.Module) -> str | None:
    docstring = ast.get_docstring(tree)
    return next((line.strip() for line in docstring.splitlines() if line.strip()), None) if docstring else None
