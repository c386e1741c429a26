"""Where a script's files and options come in the order of the command line: `for arg in sys.argv[1:]` in the file
that it executes. The order is the loop's, so which of two words counts is decided by who writes the command.
"""

from __future__ import annotations

import ast
import posixpath

from analyzer.facts.configuration.constants import executed_file
from analyzer.index import SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.source import Span


def argument_loop(index: SourceIndex, path: str) -> Span | None:
    """The loop that the script at `path` executes over its arguments, if it both runs files and binds names."""
    executed = executed_file(index.trees()[path]) if path in index.trees() else None
    if executed is None or not isinstance(executed[1], ast.Constant):
        return None
    for place in (posixpath.join(posixpath.dirname(path), str(executed[1].value)), str(executed[1].value)):
        tree = index.trees().get(posixpath.normpath(place))
        loops = [node for node in tree.body if _applies_arguments(node)] if tree is not None else []
        if loops:
            return index.span(posixpath.normpath(place), loops[0])
    return None


def _applies_arguments(node: ast.stmt) -> bool:
    if not isinstance(node, ast.For) or not any(dotted_name(n) == "sys.argv" for n in _expressions(node.iter)):
        return False
    inner = [part for statement in node.body for part in ast.walk(statement)]
    runs_files = any(isinstance(part, ast.Call) and dotted_name(part.func) == "exec" for part in inner)
    return runs_files and any(_binds_global(part) for part in inner)


def _expressions(node: ast.expr) -> list[ast.expr]:
    return [part for part in ast.walk(node) if isinstance(part, ast.expr)]


def _binds_global(node: ast.AST) -> bool:
    """`globals()[name] = value`."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    holders = [target.value for target in targets if isinstance(target, ast.Subscript)]
    return any(isinstance(holder, ast.Call) and dotted_name(holder.func) == "globals" for holder in holders)
