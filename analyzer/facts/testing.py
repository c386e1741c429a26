"""Which files are tests: what a test runner collects, and what lies beside it to serve it.

What a test gives to a configuration or trains for a check says nothing about what the repository does.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from analyzer.index import SourceIndex
from analyzer.index.main_guard import main_guard

FOLDERS = frozenset({"test", "tests", "testing", "unit_tests"})


def is_test_file(index: SourceIndex, path: str) -> bool:
    """A file that a test runner collects, or one in a folder of tests."""
    return path in _test_files(index)


@lru_cache(maxsize=2)
def _test_files(index: SourceIndex) -> frozenset[str]:
    paths = tuple(index.trees())
    collected = {path for path in paths if _is_collected(index, path)}
    folders = {folder for path in collected for folder in _test_folders(path)}
    return frozenset(collected | {path for path in paths if folders & set(_test_folders(path))})


def _test_folders(path: str) -> list[str]:
    """Folders on the way to a file that are named as folders of tests are."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: place + 1]) for place, part in enumerate(parts) if part in FOLDERS]


def _is_collected(index: SourceIndex, path: str) -> bool:
    """Pytest's file names, scripts that hold no test apart, or classes of `unittest`."""
    name = path.rpartition("/")[2]
    nodes = [definition.node for definition in index.symbols.definitions.get(path, {}).values()]
    if name == "conftest.py":
        return True
    if name.startswith("test_") or name.endswith("_test.py"):
        return name.endswith(".py") and (any(map(_is_test, nodes)) or not _runs(index.trees()[path]))
    classes = (node for node in nodes if isinstance(node, ast.ClassDef))
    return any(
        index.symbols.external_name(path, base) == "unittest.TestCase" for node in classes for base in node.bases
    )


def _runs(tree: ast.Module) -> bool:
    """The file does something when it is started: `test_net.py` of a repository that measures its model there."""
    calls = (node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    return main_guard(tree) is not None or next(calls, None) is not None


def _is_test(node: ast.AST) -> bool:
    is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    return is_function or (isinstance(node, ast.ClassDef) and node.name.startswith("Test"))
