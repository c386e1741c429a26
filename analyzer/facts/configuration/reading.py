"""What every reader of Python configuration shares: values with their spans, comments, scopes, callees.

A value that is not plain stays Unknown `needs_evaluation` here; `derive_configuration` asks the evaluator.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigValue, PlainValue
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

NEEDS_EVALUATION = "needs_evaluation"
NO_DEFAULT = "no_default"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Notes:
    """What stands beside a value: its annotation, and help text or comment of the source itself."""

    annotation: str | None = None
    help: str | None = None


NO_NOTES = Notes()


def value_at(index: SourceIndex, path: str, node: ast.expr, where: Span) -> Known[PlainValue] | Unknown:
    """The value of a plain expression as read, else Unknown `needs_evaluation`."""
    try:
        return Known(eval_plain(node), (where,), "read")
    except (NotPlain, RecursionError):
        return Unknown(NEEDS_EVALUATION, (("expression", index.segment(path, node)),), where)


def config_value(
    index: SourceIndex, path: str, name: str, node: ast.expr | None, place: ast.AST, notes: Notes = NO_NOTES
) -> ConfigValue:
    """A value whose expression is `node` (None: no default), defined by the lines of `place`."""
    where = index.span(path, place)
    help_text = notes.help or comment_of(index, path, place)
    if node is None:
        return ConfigValue(name, "", Unknown(NO_DEFAULT, (), where), where, notes.annotation, help_text)
    value = value_at(index, path, node, where)
    return ConfigValue(name, index.segment(path, node), value, where, notes.annotation, help_text)


def comment_of(index: SourceIndex, path: str, place: ast.AST) -> str | None:
    """The comment at the end of a node's last line."""
    last = getattr(place, "end_lineno", None)
    return _comments(index.text(path)).get(last) if last is not None else None


@lru_cache(maxsize=256)
def _comments(text: str) -> dict[int, str]:
    """Comments that follow code, by line."""
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip():
                found[token.start[0]] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):
        return found
    return found


@dataclass(frozen=True)
class Scope:
    """A module, class or function with the statements of its own body. `name` is empty for the module."""

    path: str
    name: str
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def qualified_name(self) -> str:
        return f"{self.path}:{self.name}" if self.name else self.path


def scopes(path: str, tree: ast.Module) -> Iterator[Scope]:
    """The module and all its classes and functions, in source order."""
    yield Scope(path, "", tree)
    yield from _inner_scopes(path, tree, "")


def _inner_scopes(path: str, node: ast.AST, prefix: str) -> Iterator[Scope]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Scope(path, prefix + child.name, child)
            yield from _inner_scopes(path, child, f"{prefix}{child.name}.")
        elif isinstance(child, (ast.stmt, ast.excepthandler)):
            yield from _inner_scopes(path, child, prefix)


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a scope in source order, without those of functions and classes inside it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from own_nodes(child)


def callee(index: SourceIndex, scope: Scope, call: ast.AST) -> Definition | External | None:
    """What a call, decorator or name in a scope means."""
    node = call.func if isinstance(call, ast.Call) else call
    dotted = dotted_name(node)
    found = index.symbols.resolve(scope.path, dotted, scope.name) if dotted else None
    return found if isinstance(found, (Definition, External)) else None


def foreign_name(index: SourceIndex, scope: Scope, call: ast.AST) -> str:
    """Dotted name of a foreign callee, empty for anything else."""
    found = callee(index, scope, call)
    return found.dotted if isinstance(found, External) else ""


def string_of(node: ast.AST | None) -> str | None:
    """Text of a string literal, also of literals joined by juxtaposition or `+`."""
    if not isinstance(node, ast.expr):
        return None
    try:
        value = eval_plain(node)
    except NotPlain:
        return None
    return value if isinstance(value, str) else None


def keyword_of(call: ast.Call, name: str) -> ast.expr | None:
    """The expression given for a keyword argument."""
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Named parameters with their defaults, without the receiver of a method."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    padding: Sequence[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    yield from zip(positional, [*padding, *arguments.defaults], strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
