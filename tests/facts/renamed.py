"""A repository under other names: its files, classes, functions, arguments, variables and attributes.

What belongs to Python and to libraries keeps its name. Sources are printed from their trees on both sides, so
that lines correspond.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

INTERFACES = frozenset({
    "forward", "self", "__init__", "eval", "train", "step", "backward", "to", "cuda", "parameters", "training_step",
})  # fmt: skip


def rename_repository(
    sources: Mapping[str, str], keep: frozenset[str] = frozenset()
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Sources as printed from their trees, the same under other names, and the new path of each file."""
    trees = {path: ast.parse(text) for path, text in sources.items() if path.endswith(".py")}
    names = sorted({name for tree in trees.values() for name in _own(tree)} - INTERFACES - keep)
    stems = {path.rpartition("/")[2].removesuffix(".py") for path in trees}
    mapping = {name: f"zq{number}" for number, name in enumerate(sorted({*names, *stems} - INTERFACES - keep))}
    paths = {path: _moved(path, mapping) for path in sources}
    plain = {path: ast.unparse(trees[path]) if path in trees else text for path, text in sources.items()}
    renamed = {paths[p]: ast.unparse(_Renamer(mapping).visit(trees[p])) for p in trees}
    return plain, renamed, paths


def _own(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return {name for name in found if not name.startswith("__")}


def _moved(path: str, mapping: Mapping[str, str]) -> str:
    directory, _, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    new = mapping.get(stem, stem) if suffix == "py" and not stem.startswith("test_") else stem
    return f"{directory}/{new}{dot}{suffix}" if directory else f"{new}{dot}{suffix}"


class _Renamer(ast.NodeTransformer):
    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "attr", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str) and value in self._mapping:
                setattr(node, field, self._mapping[value])
        if isinstance(node, ast.ImportFrom) and node.module in self._mapping:
            node.module = self._mapping[node.module]
        if isinstance(node, ast.arguments):
            for argument in [*node.args, *node.kwonlyargs]:
                argument.arg = self._mapping.get(argument.arg, argument.arg)
        return super().generic_visit(node)
