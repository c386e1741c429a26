"""Plain classes that only hold values: assignments in the class body, or `self.x = …` in a bare constructor.

Classes with behaviour of their own, modules, enums, exceptions and dataclasses are somebody else's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.configuration.dataclass_fields import is_dataclass
from analyzer.facts.configuration.reading import FUNCTIONS, Notes, config_value, parameters
from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue

MIN_VALUES = 2


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    tables = (_table(index, owner) for owner in index.symbols.classes())
    return tuple(table for table in tables if table is not None)


def _table(index: SourceIndex, owner: Definition) -> ConfigTable | None:
    node = owner.node
    if not isinstance(node, ast.ClassDef) or is_dataclass(index, owner) or not _holds_only_values(index, owner, node):
        return None
    values = (*_body_values(index, owner, node), *_constructor_values(index, owner, node))
    by_name = {value.name: value for value in values}
    plain = [value for value in by_name.values() if value.expression]
    if len(plain) < MIN_VALUES:
        return None
    return ConfigTable(owner.name, "class", index.span(owner.path, node), tuple(by_name.values()))


def _holds_only_values(index: SourceIndex, owner: Definition, node: ast.ClassDef) -> bool:
    if node.decorator_list or not all(_is_own_base(index, owner, base) for base in node.bases):
        return False
    methods = [item for item in node.body if isinstance(item, FUNCTIONS)]
    return all(_is_bare(method) for method in methods) and all(
        isinstance(item, (ast.Assign, ast.AnnAssign, ast.Expr, ast.Pass, *FUNCTIONS)) for item in node.body
    )


def _is_own_base(index: SourceIndex, owner: Definition, base: ast.expr) -> bool:
    """`object`, or a class of the repository that holds only values itself."""
    dotted = dotted_name(base)
    if dotted == "object":
        return True
    found = index.symbols.resolve(owner.path, dotted, "") if dotted else None
    if isinstance(found, External) or not isinstance(found, Definition) or not isinstance(found.node, ast.ClassDef):
        return False
    return found != owner and _holds_only_values(index, found, found.node)


def _is_bare(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Representation, properties, and constructors that do nothing but keep values."""
    if method.name in ("__repr__", "__str__", "__post_init__"):
        return True
    if any(dotted_name(decorator) == "property" for decorator in method.decorator_list):
        return True
    return method.name == "__init__" and all(_keeps_value(statement) for statement in method.body)


def _keeps_value(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        is_own = all(isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) for target in targets)
        return is_own and (statement.value is None or _is_simple(statement.value))
    if isinstance(statement, ast.Expr):
        value = statement.value
        dotted = dotted_name(value.func) if isinstance(value, ast.Call) else None
        return isinstance(value, ast.Constant) or dotted in ("self.__dict__.update",) or _is_super_init(value)
    if isinstance(statement, ast.For):
        return all(isinstance(s, ast.Expr) and _is_setattr(s.value) for s in statement.body)
    return False


def _is_simple(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return True
    try:
        eval_plain(node)
    except NotPlain:
        return isinstance(node, (ast.BinOp, ast.IfExp, ast.Attribute))
    return True


def _is_super_init(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("super(") and node.func.attr == "__init__"  # type: ignore[attr-defined]


def _is_setattr(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted_name(node.func) == "setattr"


def _body_values(index: SourceIndex, owner: Definition, node: ast.ClassDef) -> Iterator[ConfigValue]:
    for item in node.body:
        if isinstance(item, ast.Assign) and len(item.targets) == 1 and isinstance(item.targets[0], ast.Name):
            yield config_value(index, owner.path, item.targets[0].id, item.value, item)
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            notes = Notes(annotation=index.segment(owner.path, item.annotation))
            yield config_value(index, owner.path, item.target.id, item.value, item, notes)


def _constructor_values(index: SourceIndex, owner: Definition, node: ast.ClassDef) -> Iterator[ConfigValue]:
    constructor = next((item for item in node.body if isinstance(item, FUNCTIONS) and item.name == "__init__"), None)
    if constructor is None:
        return
    defaults = {argument.arg: default for argument, default in list(parameters(constructor))[1:]}
    for statement in constructor.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute):
            value = statement.value
            if isinstance(value, ast.Name) and value.id in defaults:
                value_node, place = defaults[value.id], defaults[value.id] or statement
            else:
                value_node, place = value, statement
            yield config_value(index, owner.path, statement.targets[0].attr, value_node, place)
