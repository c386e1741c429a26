"""Constants of modules: names bound once at module level to plain values.

In a script that runs `exec(open(X).read())` every plain value before that line can be overridden from outside,
which makes all of them configuration. Elsewhere a name counts where nothing ever binds it again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from analyzer.facts.configuration.reading import config_value
from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.evidence import Known

MAX_ITEMS = 16
MAX_TEXT = 200


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    tables = (_table(index, path, tree) for path, tree in index.trees().items())
    return tuple(table for table in tables if table is not None)


def executed_file(tree: ast.Module) -> tuple[ast.stmt, ast.expr] | None:
    """The statement `exec(open(X).read())` at module level, and X."""
    for statement in tree.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and dotted_name(call.func) == "exec" and call.args:
            opened = _opened(call.args[0])
            if opened is not None:
                return statement, opened
    return None


def _opened(node: ast.expr) -> ast.expr | None:
    """X of `open(X).read()`, also inside `compile(…)`."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and dotted_name(call.func) in ("open", "Path", "pathlib.Path") and call.args:
            return call.args[0]
    return None


def is_override_file(tree: ast.Module) -> bool:
    """True for a module of assignments of values only (imports and a docstring apart): a configuration file."""
    assigned = 0
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and all(isinstance(t, ast.Name) for t in statement.targets):
            assigned += 1
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        elif not isinstance(statement, (ast.Import, ast.AnnAssign)):
            return False
    return assigned > 0


def _table(index: SourceIndex, path: str, tree: ast.Module) -> ConfigTable | None:
    executed = executed_file(tree)
    if executed is not None:
        last = executed[0].lineno
        statements = [s for s in tree.body if s.lineno < last]
        values = tuple(_overridable(index, path, statements))
    elif is_override_file(tree):
        values = tuple(_values(index, path, tree.body, frozenset(), all_values=True))
    else:
        values = tuple(_values(index, path, tree.body, rebound_names(tree), all_values=False))
    if not values:
        return None
    first, last_value = values[0].where, values[-1].where
    return ConfigTable(path, "constants", index.span(path, first.first_line, last_value.last_line), values)


def _overridable(index: SourceIndex, path: str, statements: list[ast.stmt]) -> Iterator[ConfigValue]:
    """Everything bound before the exec that can be a number, truth value or text."""
    for statement in statements:
        for name, node in _bindings(statement):
            if not isinstance(node, (ast.ListComp, ast.DictComp, ast.Lambda, ast.Dict, ast.List, ast.Call)):
                yield config_value(index, path, name, node, statement)


def _values(
    index: SourceIndex, path: str, body: list[ast.stmt], rebound: frozenset[str], *, all_values: bool
) -> Iterator[ConfigValue]:
    known: dict[str, object] = {}
    for statement in body:
        for name, node in _bindings(statement):
            if name in rebound or (name.startswith("__") and name.endswith("__")):
                continue
            try:
                known[name] = eval_plain(node, known)
            except (NotPlain, RecursionError):
                if all_values or (name.isupper() and _is_computed(index, path, node, known)):
                    yield config_value(index, path, name, node, statement)
                continue
            if _is_modest(known[name]):
                value = config_value(index, path, name, node, statement)
                yield ConfigValue(
                    name, value.expression, Known(known[name], (value.where,), "read"), value.where,
                    value.annotation, value.help,
                )  # fmt: skip


def _is_computed(index: SourceIndex, path: str, node: ast.expr, known: dict[str, object]) -> bool:
    """`FRAMES = exact_div(SAMPLES, STEP)`: an own function of values that are known."""
    name = dotted_name(node.func) if isinstance(node, ast.Call) else None
    found = index.symbols.resolve(path, name) if name else None
    if not isinstance(node, ast.Call) or not isinstance(found, Definition):
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    names = {n.id for value in given for n in ast.walk(value) if isinstance(n, ast.Name)}
    is_plain = all(not isinstance(n, (ast.Call, ast.Attribute)) for value in given for n in ast.walk(value))
    return isinstance(found.node, ast.FunctionDef) and bool(given) and is_plain and names <= set(known)


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        yield statement.targets[0].id, statement.value
    elif (
        isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None
    ):
        yield statement.target.id, statement.value


def _is_modest(value: object) -> bool:
    """Numbers, truth values, short texts and short flat sequences; tables and data are no constants."""
    if isinstance(value, (list, tuple)):
        return 0 < len(value) <= MAX_ITEMS and not any(isinstance(item, (list, tuple, dict)) for item in value)
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return value is not None and not isinstance(value, dict)


@lru_cache(maxsize=512)
def rebound_names(tree: ast.Module) -> frozenset[str]:
    """Module-level names that something binds again: a second assignment, a loop, `global`, `+=`."""
    bound: dict[str, int] = {}
    again: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            again.update(node.names)
    for node in _module_nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound[node.id] = bound.get(node.id, 0) + 1
    return frozenset(again | {name for name, times in bound.items() if times > 1})


def _module_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.DictComp,
                  ast.SetComp, ast.GeneratorExp)  # fmt: skip
        if not isinstance(child, scopes):
            yield from _module_nodes(child)
