"""In which class, method or function of the repository a line stands, by the syntax of its file."""

from __future__ import annotations

import ast
from functools import lru_cache

from analyzer.document.context import Context
from analyzer.records.source import Span

DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def holder_of(context: Context, where: Span) -> str:
    """`Class.method`, the innermost; empty for a line of the file's own body and for a file that does not parse."""
    file = context.files.get(where.path)
    if file is None or file.kind != "python":
        return ""
    holding = [
        (last - first, name) for first, last, name in _definitions(file.text) if first <= where.first_line <= last
    ]
    return min(holding, default=(0, ""))[1]


@lru_cache(maxsize=256)
def _definitions(text: str) -> tuple[tuple[int, int, str], ...]:
    """First and last line and dotted name of each class and function."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found: list[tuple[int, int, str]] = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = f"{prefix}.{child.name}".lstrip(".") if isinstance(child, DEFINITIONS) else prefix
            if isinstance(child, DEFINITIONS):
                found.append((child.lineno, child.end_lineno or child.lineno, name))
            waiting.append((child, name))
    return tuple(found)
