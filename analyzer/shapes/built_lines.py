"""Which lines of the repository ran while a model was built: what its constructors computed, and which of their
branches were taken. It knows nothing of calls of the built model.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from analyzer.index import SourceIndex

Line = tuple[str, int]


@contextmanager
def watch_lines(session: Any) -> Iterator[set[Line]]:
    """File and first line of every statement that is evaluated inside: each one pays a step as it begins."""
    seen: set[Line] = set()
    pay = session.spend

    def note(amount: int = 1) -> None:
        frame = session.current
        if frame is not None:
            seen.add((frame.module.path, frame.line))
        pay(amount)

    session.spend = note
    try:
        yield seen
    finally:
        session.spend = pay


def whole_statements(seen: Collection[Line], index: SourceIndex) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """By file all lines of these statements; of one that has a body the lines before the body."""
    paths = sorted({path for path, _ in seen if path in index.files})
    return tuple(
        (path, tuple(sorted(_lines(index, path, {line for at, line in seen if at == path})))) for path in paths
    )


def _lines(index: SourceIndex, path: str, starts: set[int]) -> set[int]:
    tree = index.tree(path)
    found: set[int] = set()
    for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
        if isinstance(node, ast.stmt) and node.lineno in starts:
            body = getattr(node, "body", None) or getattr(node, "cases", None)
            last = node.end_lineno or node.lineno
            end = max(getattr(body[0], "lineno", node.lineno + 1) - 1, node.lineno) if body else last
            found.update(range(node.lineno, end + 1))
    return found
