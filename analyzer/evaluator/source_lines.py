"""Where the statements of a build stand in the source: a text that was put together from the statements of a script
has lines of its own, which mean nothing to a reader.

What the text changed (a length that is an example, a call that was lifted out) has the line of the statement that it
came from, where that can be told by what it binds or calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

Tree = Mapping[str, Sequence[ast.AST]]


def nodes_by_text(tree: ast.AST) -> dict[str, list[ast.AST]]:
    """Simple statements, calls and what statements bind or call, by their text."""
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert, ast.Expr, ast.Call)):
            for text in (ast.unparse(node), *_rough(node)):
                found.setdefault(text, []).append(node)
    return found


def with_source_lines(body: Sequence[ast.stmt], tree: Tree) -> None:
    """Sets the lines of statements to those of the file where they came from; the rest keeps near to its neighbours.
    A text of which no statement stands in the file came from elsewhere.
    """
    if len(body) < 2 or not any(ast.unparse(statement) in tree for statement in body):
        return
    last: ast.AST | None = None
    waiting: list[ast.stmt] = []
    for statement in body:
        exact = _nearest(tree.get(ast.unparse(statement), ()), last)
        rough = next((n for text in _rough(statement) if (n := _nearest(tree.get(text, ()), last))), None)
        found = exact or rough or last
        if found is None:
            waiting.append(statement)
            continue
        _place(statement, found, is_same=exact is not None)
        for earlier in waiting:
            _place(earlier, found, is_same=False)
        waiting, last = [], found


def _rough(node: ast.AST) -> Iterator[str]:
    """What tells a statement that was changed: the names that it binds, or the function that it calls."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield " = ".join(map(ast.unparse, targets)) + " ="
    call = node.value if isinstance(node, ast.Expr) else node
    if isinstance(call, ast.Call):
        yield f"{ast.unparse(call.func)}(…)"


def _nearest(found: Sequence[ast.AST], last: ast.AST | None) -> ast.AST | None:
    """The first one behind the statement before, else the first one."""
    line = getattr(last, "lineno", 0)
    return next((node for node in found if getattr(node, "lineno", 0) >= line), found[0] if found else None)


def _place(statement: ast.stmt, source: ast.AST, *, is_same: bool) -> None:
    nodes = list(ast.walk(statement))
    origins = list(ast.walk(source))
    parallel = is_same and [type(a) for a in nodes] == [type(b) for b in origins]
    for at, node in enumerate(nodes):
        origin = origins[at] if parallel else source
        if hasattr(node, "lineno") and hasattr(origin, "lineno"):
            ast.copy_location(node, origin)
