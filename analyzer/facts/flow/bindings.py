"""Which expression a call gives for a parameter of the function that it runs, and which default stands otherwise."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.facts.literal import NotPlain


def argument_named(
    call: ast.Call, function: ast.AST, name: str, has_receiver: bool, given: Sequence[str] = ()
) -> ast.expr | None:
    """The expression that a call gives for a parameter; None where it leaves the default. What a partial function was
    `given` before stands elsewhere.
    """
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if name in given:
        raise NotPlain("partial")
    arguments = getattr(function, "args", None)
    if not isinstance(arguments, ast.arguments):
        return None
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    names = [n for n in (names[1:] if has_receiver else names) if n not in given]
    place = names.index(name) if name in names else len(call.args)
    if any(isinstance(argument, ast.Starred) for argument in call.args[: place + 1]):
        raise NotPlain("*")
    if place < len(call.args):
        return call.args[place]
    if any(keyword.arg is None for keyword in call.keywords):
        raise NotPlain("**")
    return None


def default_of(function: ast.AST, name: str) -> ast.expr | None:
    """The default of a parameter."""
    arguments = getattr(function, "args", None)
    if not isinstance(arguments, ast.arguments):
        return None
    positional = [*arguments.posonlyargs, *arguments.args]
    first = len(positional) - len(arguments.defaults)
    pairs = [*zip(positional[first:], arguments.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    return next((default for argument, default in pairs if argument.arg == name), None)
