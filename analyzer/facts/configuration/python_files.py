"""Python files that are configuration: assignments of nested dictionaries, read without running them.

Such a file names the files it extends in `_base_`, or is handed to a loader of configuration files.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.configuration.constants import is_override_file
from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.configuration.mapping_files import MAX_LEAVES, Leaf
from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import SourceIndex

BASE = "_base_"


def is_settings_file(index: SourceIndex, path: str) -> bool:
    """A module of assignments that says which files it extends, or holds nested dictionaries by keyword."""
    tree = index.trees().get(path)
    return tree is not None and is_override_file(tree) and any(name == BASE for name, _ in _assignments(tree))


def read(index: SourceIndex, path: str) -> list[Leaf]:
    """The leaves of one file."""
    tree = index.trees().get(path)
    if tree is None or not is_override_file(tree):
        return []
    names: dict[str, object] = {}
    leaves = [leaf for name, node in _assignments(tree) for leaf in _leaves(index, path, name, node, names)]
    return leaves[: MAX_LEAVES * 4]


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0].id, statement.value


def _leaves(index: SourceIndex, path: str, name: str, node: ast.expr, names: dict[str, object]) -> Iterator[Leaf]:
    pairs = pairs_of(node)
    if pairs:
        for key, inner in pairs:
            yield from _leaves(index, path, f"{name}.{key}", inner, names)
        return
    if isinstance(node, (ast.List, ast.Tuple)) and any(pairs_of(item) for item in node.elts):
        for place, item in enumerate(node.elts):
            yield from _leaves(index, path, f"{name}[{place}]", item, names)
        return
    last = node.end_lineno or node.lineno
    text = index.segment(path, node)
    try:
        value = eval_plain(node, names)
    except (NotPlain, RecursionError):
        yield Leaf(name, text, None, node.lineno, last, "needs_evaluation")
        return
    names[name] = value
    yield Leaf(name, text, value, node.lineno, last)
