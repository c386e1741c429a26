"""Configuration objects filled attribute by attribute: `C = CN()`, `C.lr = 3e-4`, `return C`.

The object's class is a free-form holder: it keeps whatever keyword or attribute it is given. A nested holder
made by another function of the repository is that function's table; assignments into it are overrides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.configuration.reading import (
    FUNCTIONS,
    Scope,
    callee,
    config_value,
    own_nodes,
    scopes,
)
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue

FOREIGN_HOLDERS = frozenset(
    {
        "ml_collections.ConfigDict", "ml_collections.config_dict.ConfigDict", "yacs.config.CfgNode",
        "types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict", "addict.Dict", "omegaconf.DictConfig",
        "omegaconf.OmegaConf.create", "munch.Munch", "fvcore.common.config.CfgNode",
    }
)  # fmt: skip


SWITCHES = ("new_allowed", "type_safe", "convert_dict", "allow_dotted_keys", "sort_keys", "init_dict")


@lru_cache(maxsize=4)
def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    tables: list[ConfigTable] = []
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            if not isinstance(scope.node, ast.ClassDef):
                tables += _in_scope(index, scope)
    return tuple(tables)


def is_holder(index: SourceIndex, scope: Scope, node: ast.expr) -> bool:
    """True where an expression makes an empty or filled free-form configuration object."""
    if not isinstance(node, ast.Call):
        return False
    made_by = callee(index, scope, node)
    if isinstance(made_by, External):
        return made_by.dotted in FOREIGN_HOLDERS
    return made_by is not None and _keeps_anything(index, made_by)


def _keeps_anything(index: SourceIndex, owner: Definition) -> bool:
    """The constructor takes `**kwargs` and hands them to the object's own dictionary."""
    if not isinstance(owner.node, ast.ClassDef):
        return False
    constructor = index.symbols.definitions[owner.path].get(f"{owner.name}.__init__")
    if constructor is None or not isinstance(constructor.node, FUNCTIONS) or constructor.node.args.kwarg is None:
        return False
    name = constructor.node.args.kwarg.arg
    for node in ast.walk(constructor.node):
        if isinstance(node, ast.Call) and (dotted_name(node.func) or "").endswith(".__dict__.update"):
            return any(isinstance(n, ast.Name) and n.id == name for a in node.args for n in ast.walk(a)) or any(
                isinstance(k.value, ast.Name) and k.value.id == name for k in node.keywords
            )
    return False


def _in_scope(index: SourceIndex, scope: Scope) -> Iterator[ConfigTable]:
    holders: dict[str, list[ConfigValue]] = {}
    places: dict[str, ast.AST] = {}
    aliases = _aliases(index, scope)
    for node in own_nodes(scope.node):
        target = dotted_name(node.targets[0]) if isinstance(node, ast.Assign) else None
        if target is None or not isinstance(node, ast.Assign):
            continue
        owner, _, name = _full_name(target, aliases).rpartition(".")
        root = _root(owner, holders)
        if is_holder(index, scope, node.value):
            prefix = f"{owner}.{name}".removeprefix(f"{root}.") + "." if root is not None else ""
            if root is None:
                root = f"{owner}.{name}" if owner else name
                holders[root], places[root] = [], node
            if root is not None:
                holders[root] += _given(index, scope, node.value, prefix)
        elif name and root is not None and not _is_made_elsewhere(index, scope, node.value):
            full = f"{owner}.{name}".removeprefix(f"{root}.")
            holders[root].append(config_value(index, scope.path, full, node.value, node))
    for target, values in holders.items():
        if values:
            where = index.span(scope.path, scope.node if isinstance(scope.node, FUNCTIONS) else places[target])
            yield ConfigTable(scope.qualified_name, "call", where, tuple(values))


def _aliases(index: SourceIndex, scope: Scope) -> dict[str, str]:
    """Short names of nested holders: `config.model = model = ConfigDict()`."""
    found: dict[str, str] = {}
    for node in own_nodes(scope.node):
        if isinstance(node, ast.Assign) and len(node.targets) > 1 and is_holder(index, scope, node.value):
            names = [dotted_name(target) for target in node.targets]
            long = next((name for name in names if name and "." in name), None)
            found.update({name: long for name in names if name and long and "." not in name})
    return found


def _full_name(target: str, aliases: dict[str, str]) -> str:
    first, dot, rest = target.partition(".")
    return f"{aliases[first]}{dot}{rest}" if first in aliases else target


def _root(owner: str, holders: dict[str, list[ConfigValue]]) -> str | None:
    """The holder that `C.trainer` belongs to."""
    parts = owner.split(".")
    for size in range(1, len(parts) + 1):
        if ".".join(parts[:size]) in holders:
            return ".".join(parts[:size])
    return None


def _is_made_elsewhere(index: SourceIndex, scope: Scope, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(callee(index, scope, node), Definition)


def _given(index: SourceIndex, scope: Scope, call: ast.expr, prefix: str) -> Iterator[ConfigValue]:
    """Values by keyword, or in a written-out dictionary; switches of the holder's own class are none."""
    if not isinstance(call, ast.Call):
        return
    given = [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg not in (None, *SWITCHES)]
    for argument in call.args[:1]:
        given += pairs_of(argument)
    for name, node in given:
        yield from _nested(index, scope, f"{prefix}{name}", node)


def _nested(index: SourceIndex, scope: Scope, name: str, node: ast.expr) -> Iterator[ConfigValue]:
    pairs = pairs_of(node)
    for key, inner in pairs:
        yield from _nested(index, scope, f"{name}.{key}", inner)
    if not pairs:
        yield config_value(index, scope.path, name, node, node)


def holder_sites(index: SourceIndex) -> dict[tuple[str, int], str]:
    """Where holders are made, by (path, line), and the key under which their attributes are known:
    `table:NAME` for the table's own object, `table:NAME|system` for the nested one `C.system`.
    """
    found: dict[tuple[str, int], str] = {}
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            roots: set[str] = set()
            aliases = _aliases(index, scope) if not isinstance(scope.node, ast.ClassDef) else {}
            for node in own_nodes(scope.node) if not isinstance(scope.node, ast.ClassDef) else ():
                if isinstance(node, ast.Assign) and is_holder(index, scope, node.value):
                    target = _full_name(dotted_name(node.targets[0]) or "", aliases)
                    root, _, inner = target.partition(".")
                    roots.add(target)
                    is_nested = bool(inner) and root in roots
                    key = f"table:{scope.qualified_name}" + (f"|{inner}" if is_nested else "")
                    found[path, node.value.lineno] = key
    return found
