"""Whether a view behind `transpose` or `permute` is bound to fail: it joins axes that no longer lie side by side.

A view that only splits axes is always possible, one that joins axes only where they kept their order.
"""

from __future__ import annotations

import ast
from itertools import pairwise

MOST_AXES = 7


def fails_to_view(moved: ast.AST, view: ast.AST) -> bool:
    """True where, whatever the number of axes, the view has to join two axes that were moved apart."""
    sizes = _sizes(view)
    if sizes is None or not isinstance(moved, ast.Call) or not isinstance(moved.func, ast.Attribute):
        return False
    ranks = _ranks(moved)
    return bool(ranks) and all(_must_join(_order(moved, rank), sizes) for rank in ranks)


def _must_join(order: list[int], sizes: int) -> bool:
    """More axes have to be joined than there are neighbours that still follow each other."""
    kept = sum(after == before + 1 for before, after in pairwise(order))
    return order != sorted(order) and len(order) - sizes > kept


def _sizes(view: ast.AST) -> int | None:
    """How many sizes a view is given, None where that cannot be told or it looks at another type."""
    arguments = view.args if isinstance(view, ast.Call) else []
    if len(arguments) == 1:
        only = arguments[0]
        if isinstance(only, (ast.Tuple, ast.List)):
            arguments = only.elts
        elif not isinstance(only, (ast.Constant, ast.UnaryOp)):
            return None
    if not arguments or any(isinstance(argument, ast.Starred) for argument in arguments):
        return None
    return len(arguments)


def _axes(moved: ast.Call) -> list[int]:
    """The axes that a call names, empty where one is no literal."""
    arguments = moved.args
    if len(arguments) == 1 and isinstance(arguments[0], (ast.Tuple, ast.List)):
        arguments = arguments[0].elts
    found = []
    for argument in arguments:
        try:
            value = ast.literal_eval(argument)
        except (ValueError, SyntaxError):
            return []
        if not isinstance(value, int):
            return []
        found.append(value)
    return found


def _ranks(moved: ast.Call) -> list[int]:
    """Numbers of axes that the tensor may have."""
    axes = _axes(moved)
    name = moved.func.attr if isinstance(moved.func, ast.Attribute) else ""
    if name == "permute":
        return [len(axes)] if sorted(axis % len(axes) for axis in axes) == list(range(len(axes))) and axes else []
    if name in ("transpose", "swapaxes") and len(axes) == 2:
        least = max(axis + 1 if axis >= 0 else -axis for axis in axes)
        return list(range(max(least, 2), MOST_AXES))
    return []


def _order(moved: ast.Call, rank: int) -> list[int]:
    axes = [axis % rank for axis in _axes(moved)]
    if isinstance(moved.func, ast.Attribute) and moved.func.attr == "permute":
        return axes
    order = list(range(rank))
    order[axes[0]], order[axes[1]] = axes[1], axes[0]
    return order
