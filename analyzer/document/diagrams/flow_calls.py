"""What a call in a `forward` runs: the module that it names, and the modules that it hands to another to be run."""

from __future__ import annotations

import ast
from collections.abc import Callable

Paths = Callable[[ast.expr], tuple[str, ...]]
OVER_ITEMS = frozenset({"enumerate", "zip", "reversed", "list", "tuple", "iter", "len", "isinstance", "map", "range"})
"""Functions whose first argument is a container of modules, and not a module that they call."""


def called(function: ast.expr) -> ast.expr:
    """`block` of `block.forward(x)`, which calls it as `block(x)` does."""
    is_named = isinstance(function, ast.Attribute) and function.attr in ("forward", "__call__")
    is_super = is_named and isinstance(function.value, ast.Call)  # type: ignore[attr-defined]
    return function.value if is_named and not is_super else function  # type: ignore[attr-defined]


def runs_first_argument(node: ast.Call) -> bool:
    """Whether a module as first argument may be what is run: `checkpoint(block, x)`."""
    return bool(node.args) and not (isinstance(node.func, ast.Name) and node.func.id in OVER_ITEMS)


def handed_modules(node: ast.Call, paths: Paths) -> tuple[str, ...]:
    """Modules that the called one is given to call: `self.around(x, self.feed)`, or in a lambda."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    found: list[str] = []
    for value in given:
        if isinstance(value, ast.Lambda):
            calls = [part for part in ast.walk(value.body) if isinstance(part, ast.Call)]
            found += [path for call in calls for path in paths(called(call.func))]
        elif isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
            found += paths(value)
    return tuple(dict.fromkeys(found))


def names_taken_along(function: ast.Lambda) -> list[ast.expr]:
    """Names from around a lambda that its body speaks of, each once."""
    arguments = function.args
    own = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names = {part.id: part for part in ast.walk(function.body) if isinstance(part, ast.Name) and part.id not in own}
    return list(names.values())
