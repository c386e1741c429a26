"""Plain classes whose constructor keeps its parameters (`self.width = width`, in any branch) and whose other methods
only read them in, write them out or derive from them: the configuration classes of code without dataclasses.

Known by this structure and by its being read elsewhere, not by a name. Bare classes are `class_attributes`'.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from analyzer.facts.configuration.class_attributes import find as find_bare
from analyzer.facts.configuration.dataclass_fields import is_dataclass
from analyzer.facts.configuration.reading import FUNCTIONS, config_value, own_nodes, parameters
from analyzer.facts.configuration.usage import Usage, uses_of
from analyzer.facts.configuration_owners import owner_of
from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue

Function = ast.FunctionDef | ast.AsyncFunctionDef
FEWEST_KEPT, FEWEST_READ = 3, 2
SHARE_KEPT = 0.8
BEHAVIOUR = frozenset({
    "__call__", "__getitem__", "__iter__", "__next__", "__enter__", "__len__", "__getattr__", "forward", "__setitem__",
})  # fmt: skip


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    taken = {owner_of(table) for table in find_bare(index)}
    owners = (o for o in index.symbols.classes() if o.qualified_name not in taken and not is_dataclass(index, o))
    tables = (_table(index, owner) for owner in owners)
    return tuple(table for table in tables if table is not None)


def unread_classes(index: SourceIndex, tables: Sequence[ConfigTable], usage: Usage) -> frozenset[str]:
    """Of such classes the owners of those that no other code takes values from: they configure nothing."""
    places = {owner_of(table): table.where for table in find(index)}
    return frozenset(
        owner_of(table)
        for table in tables
        if (where := places.get(owner_of(table))) is not None
        and sum(
            any(span.path != where.path or not where.first_line <= span.first_line <= where.last_line for span in found)
            for found in (uses_of(usage, table, value) for value in table.values)
        )
        < FEWEST_READ
    )


def _table(index: SourceIndex, owner: Definition) -> ConfigTable | None:
    node = owner.node
    if not isinstance(node, ast.ClassDef) or node.decorator_list or any(dotted_name(b) != "object" for b in node.bases):
        return None
    methods = [item for item in node.body if isinstance(item, FUNCTIONS)]
    constructor = next((method for method in methods if method.name == "__init__"), None)
    kept = _kept(constructor) if constructor is not None else {}
    if constructor is None or not _keeps_most(constructor, kept):
        return None
    if not all(_only_carries(method, kept) for method in methods if method is not constructor):
        return None
    values = tuple(_values(index, owner.path, constructor, kept))
    return ConfigTable(owner.name, "class", index.span(owner.path, node), values)


def _kept(constructor: Function) -> dict[str, ast.Assign]:
    """Attributes that the constructor sets, by name; the branch that keeps a parameter counts before others."""
    names = {argument.arg for argument, _ in parameters(constructor)}
    found: dict[str, ast.Assign] = {}
    for node in own_nodes(constructor):
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if isinstance(node, ast.Assign) and _is_own(target) and isinstance(target, ast.Attribute):
            is_parameter = isinstance(node.value, ast.Name) and node.value.id in names
            if is_parameter or target.attr not in found:
                found[target.attr] = node
    return found


def _is_own(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _keeps_most(constructor: Function, kept: Mapping[str, ast.Assign]) -> bool:
    """Nearly all parameters are kept as they are, at least some have plain defaults, nothing else is computed."""
    given = dict(list((a.arg, default) for a, default in parameters(constructor))[1:])
    stored = {n.value.id for n in kept.values() if isinstance(n.value, ast.Name)} & set(given)
    plain = [name for name in stored if (default := given[name]) is not None and _is_plain(default)]
    rest = [n.value for n in kept.values() if not (isinstance(n.value, ast.Name) and n.value.id in given)]
    is_held = len(plain) >= FEWEST_KEPT and len(stored) >= SHARE_KEPT * len(given)
    return is_held and not any(isinstance(part, ast.Call) for part in rest)


def _is_plain(node: ast.expr) -> bool:
    try:
        eval_plain(node)
    except NotPlain:
        return False
    return True


def _only_carries(method: Function, kept: Mapping[str, ast.Assign]) -> bool:
    """Makes one, shows one, derives a value: no behaviour that works with the values, and none changes them."""
    decorators = {dotted_name(decorator) for decorator in method.decorator_list}
    if method.name in BEHAVIOUR:
        return False
    if decorators & {"classmethod", "staticmethod", "property", "cached_property", "functools.cached_property"}:
        return True
    nodes = list(own_nodes(method))
    if any(_is_own(node) and isinstance(getattr(node, "ctx", None), ast.Store) for node in nodes):
        return False
    statements = [s for s in method.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    returns_at_once = len(statements) == 1 and isinstance(statements[0], ast.Return)
    reads = any(isinstance(n, ast.Attribute) and _is_own(n) and n.attr in kept for n in nodes)
    return not reads or (returns_at_once and len(method.args.args) == 1)


def _values(
    index: SourceIndex, path: str, constructor: Function, kept: Mapping[str, ast.Assign]
) -> Iterator[ConfigValue]:
    given = {argument.arg: (argument, default) for argument, default in list(parameters(constructor))[1:]}
    for name, statement in kept.items():
        value = statement.value
        if isinstance(value, ast.Name) and value.id in given:
            argument, default = given[value.id]
            place = ast.copy_location(ast.Pass(), argument)
            place.end_lineno = (default or argument).end_lineno
            yield config_value(index, path, name, default, place)
        elif _is_plain(value):
            yield config_value(index, path, name, value, statement)
