"""Options of click and typer commands, and of functions handed to `fire.Fire`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.configuration.reading import (
    FUNCTIONS,
    Notes,
    Scope,
    callee,
    config_value,
    foreign_name,
    keyword_of,
    own_nodes,
    parameters,
    scopes,
    string_of,
)
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigFormat, ConfigTable, ConfigValue
from analyzer.records.evidence import Known, Unknown

STARTERS = ("typer.run", "fire.Fire", "jsonargparse.CLI", "jsonargparse.auto_cli", "tyro.cli", "defopt.run")
"""Calls that make a command line of a function's parameters."""
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    tables: list[ConfigTable] = []
    for path, tree in index.trees().items():
        text = index.text(path)
        if any(word in text for word in ("click", "typer", "fire", "jsonargparse", "tyro", "defopt")):
            typer_apps = _typer_apps(index, Scope(path, "", tree))
            for scope in scopes(path, tree):
                tables += _in_scope(index, scope, typer_apps)
    return tuple(tables)


def _typer_apps(index: SourceIndex, module: Scope) -> frozenset[str]:
    """Names bound to `typer.Typer()` at module level."""
    found: set[str] = set()
    for node in own_nodes(module.node):
        if isinstance(node, ast.Assign) and foreign_name(index, module, node.value) == "typer.Typer":
            found.update(ast.unparse(target) for target in node.targets)
    return frozenset(found)


def _in_scope(index: SourceIndex, scope: Scope, typer_apps: frozenset[str]) -> Iterator[ConfigTable]:
    if isinstance(scope.node, FUNCTIONS):
        clicked = tuple(_click_values(index, scope, scope.node))
        if clicked:
            yield _table(index, scope, "click", clicked)
        elif _is_typer_command(scope.node, typer_apps):
            yield _table(index, scope, "typer", tuple(_typer_values(index, scope, scope.node)))
    for node in own_nodes(scope.node):
        if isinstance(node, ast.Call) and foreign_name(index, scope, node) in STARTERS:
            yield from _run_table(index, scope, node)


def _table(index: SourceIndex, scope: Scope, kind: ConfigFormat, values: tuple[ConfigValue, ...]) -> ConfigTable:
    return ConfigTable(scope.qualified_name, kind, index.span(scope.path, scope.node), values)


def _run_table(index: SourceIndex, scope: Scope, call: ast.Call) -> Iterator[ConfigTable]:
    kind: ConfigFormat = "typer" if foreign_name(index, scope, call) == "typer.run" else "fire"
    for node in _started(scope, call):
        target = callee(index, scope, node)
        for function in _functions(index, target) if isinstance(target, Definition) else ():
            if isinstance(function.node, FUNCTIONS):
                inner = Scope(function.path, function.name, function.node)
                values = tuple(_typer_values(index, inner, function.node))
                if values:
                    yield _table(index, inner, kind, values)


def _started(scope: Scope, call: ast.Call) -> list[ast.expr]:
    """What `fire.Fire` is given: a function, a class, or a dictionary of them, also nested or bound to a name."""
    given = call.args[0] if call.args else keyword_of(call, "component")
    if isinstance(given, ast.Name):
        assigned = [n for n in own_nodes(scope.node) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Dict)]
        bound = [n.value for n in assigned if ast.unparse(n.targets[0]) == given.id]
        given = bound[0] if len(bound) == 1 else given
    return _functions_in(given)


def _functions_in(node: ast.expr | None) -> list[ast.expr]:
    if isinstance(node, ast.Dict):
        return [inner for value in node.values for inner in _functions_in(value)]
    return [node] if node is not None else []


def _functions(index: SourceIndex, target: Definition) -> list[Definition]:
    """The function itself; of a class its constructor and its public methods."""
    if not isinstance(target.node, ast.ClassDef):
        return [target]
    own = index.symbols.definitions[target.path]
    names = [item.name for item in target.node.body if isinstance(item, FUNCTIONS)]
    public = [name for name in names if not name.startswith("_") or name == "__init__"]
    return [own[f"{target.name}.{name}"] for name in public if f"{target.name}.{name}" in own]


def _is_typer_command(node: FunctionNode, apps: frozenset[str]) -> bool:
    for decorator in node.decorator_list:
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(func, ast.Attribute) and func.attr in ("command", "callback") and dotted_name(func.value) in apps:
            return True
    return False


def _click_values(index: SourceIndex, scope: Scope, node: FunctionNode) -> Iterator[ConfigValue]:
    for decorator in node.decorator_list:
        kind = foreign_name(index, scope, decorator)
        if isinstance(decorator, ast.Call) and kind in ("click.option", "click.argument"):
            yield _click_value(index, scope.path, decorator)


def _click_value(index: SourceIndex, path: str, call: ast.Call) -> ConfigValue:
    names = [text for text in map(string_of, call.args) if text]
    bare = [name for name in names if not name.startswith("-")]
    longest = max((n.split("/")[0] for n in names), key=lambda n: (n.startswith("--"), len(n)), default="")
    name = (bare[0] if bare else longest).lstrip("-").replace("-", "_").lower()
    annotation = keyword_of(call, "type")
    notes = Notes(index.segment(path, annotation) if annotation else None, string_of(keyword_of(call, "help")))
    value = config_value(index, path, name, keyword_of(call, "default"), call, notes)
    if value.expression:
        return value
    is_flag = keyword_of(call, "is_flag") is not None or any("/" in n for n in names)
    is_required = keyword_of(call, "required") is not None or (bool(bare) and len(names) == 1)
    if is_required:
        return ConfigValue(
            name, "", Unknown("required_argument", (), value.where), value.where, value.annotation, value.help
        )
    return ConfigValue(
        name, "", Known(False if is_flag else None, (value.where,), "read"), value.where, value.annotation, value.help
    )


def _typer_values(index: SourceIndex, scope: Scope, node: FunctionNode) -> Iterator[ConfigValue]:
    around = index.symbols.definitions[scope.path].get(scope.name.rpartition(".")[0])
    is_static = any(dotted_name(decorator) == "staticmethod" for decorator in node.decorator_list)
    is_method = around is not None and isinstance(around.node, ast.ClassDef) and not is_static
    for argument, written in list(parameters(node))[int(is_method) :]:
        annotation = argument.annotation
        notes = Notes(annotation=index.segment(scope.path, annotation) if annotation else None)
        marker = _marker(index, scope, written) or _annotated_marker(index, scope, annotation)
        if marker is not None:
            notes = Notes(notes.annotation, string_of(keyword_of(marker, "help")))
        default = _marker_default(marker) if marker is not None and marker is written else written
        place = ast.copy_location(ast.Pass(), argument)
        place.end_lineno = (marker or default or argument).end_lineno
        yield config_value(index, scope.path, argument.arg, default, place, notes)


def _marker(index: SourceIndex, scope: Scope, node: ast.expr | None) -> ast.Call | None:
    """`typer.Option(...)` or `typer.Argument(...)`."""
    if isinstance(node, ast.Call) and foreign_name(index, scope, node) in ("typer.Option", "typer.Argument"):
        return node
    return None


def _annotated_marker(index: SourceIndex, scope: Scope, annotation: ast.expr | None) -> ast.Call | None:
    for node in ast.walk(annotation) if annotation is not None else ():
        if isinstance(node, ast.Call) and _marker(index, scope, node) is not None:
            return node
    return None


def _marker_default(marker: ast.Call) -> ast.expr | None:
    default = marker.args[0] if marker.args else keyword_of(marker, "default")
    is_required = isinstance(default, ast.Constant) and default.value is ...
    return None if is_required else default
