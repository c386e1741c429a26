"""Renames every identifier that a source defines itself: classes, functions, parameters, locals, attributes.

Names of libraries, of overridden library methods and of keyword arguments of foreign calls stay, lines too.
"""

from __future__ import annotations

import ast

KEPT = frozenset({"forward", "__init__", "self", "super", "training", "weight", "bias", "data", "grad"})


def rename_everything(source: str) -> str:
    """The same program under other names, line for line."""
    tree = ast.parse(source)
    names = _own_names(tree)
    mapping = {name: f"zq{number}" for number, name in enumerate(sorted(names))}
    spots = sorted(_spots(tree, mapping), reverse=True)
    lines = source.split("\n")
    for line, column, name in spots:
        encoded = lines[line - 1].encode()
        old = name.encode()
        assert encoded[column : column + len(old)] == old
        lines[line - 1] = (encoded[:column] + mapping[name].encode() + encoded[column + len(old) :]).decode()
    return "\n".join(lines)


def _own_names(tree: ast.Module) -> set[str]:
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
    return {name for name in found if name not in KEPT and not name.startswith("__")}


def _spots(tree: ast.Module, mapping: dict[str, str]) -> set[tuple[int, int, str]]:
    own_functions = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    found: set[tuple[int, int, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in mapping:
            found.add((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.arg) and node.arg in mapping:
            found.add((node.lineno, node.col_offset, node.arg))
        elif isinstance(node, ast.Attribute) and node.attr in mapping and _is_own(node):
            found.add((node.end_lineno or 0, (node.end_col_offset or 0) - len(node.attr.encode()), node.attr))
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name in mapping:
            found.add((node.lineno, node.col_offset + (6 if isinstance(node, ast.ClassDef) else 4), node.name))
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own_functions | {"dict"}
        ):
            found |= {(k.lineno, k.col_offset, k.arg) for k in node.keywords if k.arg in mapping}
    return found


def _is_own(node: ast.Attribute) -> bool:
    """An attribute of `self` or of a value, not of an imported library."""
    base = node.value
    while isinstance(base, ast.Attribute):
        base = base.value
    return not (isinstance(base, ast.Name) and base.id in ("torch", "nn", "F", "math", "np"))
