"""Functions that a user starts by a command: the targets of console scripts, and the commands of click and typer.

No line of the repository calls them, so a walk from its scripts alone would not reach what they run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.project_metadata import find_console_scripts
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name

COMMAND_LINES = ("click", "typer", "asyncclick", "rich_click", "cloup")
"""Packages whose decorators make a command of a function."""


def command_functions(index: SourceIndex) -> tuple[str, ...]:
    """Qualified names, those that a console script names first."""
    return tuple(dict.fromkeys([*_declared(index), *_decorated(index)]))


def _declared(index: SourceIndex) -> Iterator[str]:
    for _, target, where in find_console_scripts(index):
        module, _, name = target.partition(":")
        path = index.resolve_module(where.path, module)
        found = index.symbols.resolve(path, name) if path is not None and name else None
        if isinstance(found, Definition) and isinstance(found.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield found.qualified_name


def _decorated(index: SourceIndex) -> Iterator[str]:
    for path in index.trees():
        if not any(package in index.text(path) for package in COMMAND_LINES):
            continue
        for definition in index.symbols.definitions[path].values():
            node = definition.node
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
                _makes_command(index, path, decorator) for decorator in node.decorator_list
            ):
                yield definition.qualified_name


def _makes_command(index: SourceIndex, path: str, decorator: ast.expr) -> bool:
    """`@click.command()`, `@group.command()` of a click group, `@app.command()` of a typer application."""
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(made, ast.Attribute) or made.attr != "command":
        return False
    owner = dotted_name(made.value)
    if owner in COMMAND_LINES:
        return True
    found = index.symbols.resolve(path, owner) if owner else None
    return isinstance(found, Definition) and _is_group(index, found)


def _is_group(index: SourceIndex, found: Definition) -> bool:
    makers = getattr(found.node, "decorator_list", None)
    if makers is None and isinstance(found.node, (ast.Assign, ast.AnnAssign)):
        makers = [found.node.value]
    for maker in makers or ():
        called = dotted_name(maker.func if isinstance(maker, ast.Call) else maker)
        resolved = index.symbols.resolve(found.path, called) if called else None
        if isinstance(resolved, External) and resolved.dotted.partition(".")[0] in COMMAND_LINES:
            return True
        if called and called.endswith(".group"):
            return True
    return False
