"""Which statement of a file is its main part: `if __name__ == "__main__":`, which only a run of the file itself enters.

What the statement contains and what a run of it does is told elsewhere.
"""

from __future__ import annotations

import ast


def is_main_guard(node: ast.AST) -> bool:
    """`if __name__ == "__main__":`, the two sides in either order.

    Source: Python documentation, "__main__ - Top-level code environment".
    """
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    names = {side.id for side in sides if isinstance(side, ast.Name)}
    values = {side.value for side in sides if isinstance(side, ast.Constant)}
    return "__name__" in names and "__main__" in values


def main_guard(tree: ast.Module) -> ast.If | None:
    """The first main part of a file that does anything."""
    guards = (node for node in tree.body if isinstance(node, ast.If) and is_main_guard(node))
    return next((guard for guard in guards if any(not isinstance(inner, ast.Pass) for inner in guard.body)), None)
