"""Which arms of conditional expressions one call evaluated, with what stands there as written.

It knows nothing of `if` statements: of those the executed lines tell.
"""

from __future__ import annotations

import ast

from analyzer.evaluator.recorder import Recording
from analyzer.index import SourceIndex
from analyzer.records.tensors import TakenArm

MAXIMUM_TEXT = 160


def taken_arms(recording: Recording, index: SourceIndex) -> tuple[TakenArm, ...]:
    """Modules that took the same arms share a record; expressions of stand-ins and packages are not the target's."""
    modules: dict[tuple[str, int, int, bool, bool], list[str]] = {}
    for site, verdicts in recording.arms.items():
        if site.path in index.files:
            key = (site.path, site.line, site.column, True in verdicts, False in verdicts)
            modules.setdefault(key, []).append(site.module)
    written = {path: _expressions(index, path) for path, *_ in modules}
    found = []
    for path, line, column, first, second in sorted(modules):
        node = written[path].get((line, column))
        if node is not None:
            where = index.span(path, line, node.end_lineno or line)
            parts = [ast.unparse(part)[:MAXIMUM_TEXT] for part in (node.test, node.body, node.orelse)]
            names = tuple(dict.fromkeys(modules[path, line, column, first, second]))
            found.append(TakenArm(where, column, parts[0], (parts[1], parts[2]), (first, second), names))
    return tuple(found)


def _expressions(index: SourceIndex, path: str) -> dict[tuple[int, int], ast.IfExp]:
    """Conditional expressions of a file by line and column."""
    tree = index.tree(path)
    found: dict[tuple[int, int], ast.IfExp] = {}
    for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
        if isinstance(node, ast.IfExp):
            found.setdefault((node.lineno, node.col_offset), node)
    return found
