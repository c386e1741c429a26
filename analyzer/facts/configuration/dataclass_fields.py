"""Dataclasses that configure: fields of plain types with defaults, or handed to other code by annotation.

Result records (tensors, arrays or objects as fields) are data, not configuration, and are left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.configuration.reading import (
    FUNCTIONS,
    Notes,
    Scope,
    config_value,
    foreign_name,
    keyword_of,
    scopes,
)
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue

DECORATORS = frozenset(
    {
        "dataclasses.dataclass", "pydantic.dataclasses.dataclass", "attr.s", "attr.dataclass", "attrs.define",
        "attr.define", "attrs.frozen", "chex.dataclass", "flax.struct.dataclass", "draccus.dataclass",
    }
)  # fmt: skip
BASES = frozenset({"pydantic.BaseModel", "pydantic_settings.BaseSettings", "typing.NamedTuple"})
PLAIN_TYPES = frozenset(
    {
        "int", "float", "str", "bool", "bytes", "None", "Any", "Optional", "Union", "List", "Tuple", "Dict", "Sequence",
        "Iterable", "Literal", "Path", "list", "tuple", "dict", "set", "Set", "ClassVar", "Final", "dtype",
    }
)  # fmt: skip


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    taken = _annotated_parameters(index)
    tables = (_table(index, owner, taken) for owner in index.symbols.classes())
    return tuple(table for table in tables if table is not None)


def is_dataclass(index: SourceIndex, owner: Definition) -> bool:
    """True where decorators or bases of a class make its annotated names into fields."""
    node = owner.node
    if not isinstance(node, ast.ClassDef):
        return False
    scope = _outer(owner)
    if any(foreign_name(index, scope, decorator) in DECORATORS for decorator in node.decorator_list):
        return True
    return any(foreign_name(index, scope, base) in BASES for base in node.bases)


def _outer(owner: Definition) -> Scope:
    return Scope(owner.path, owner.name.rpartition(".")[0], owner.node)  # type: ignore[arg-type]


def _table(index: SourceIndex, owner: Definition, taken: frozenset[Definition]) -> ConfigTable | None:
    node = owner.node
    if not isinstance(node, ast.ClassDef) or not is_dataclass(index, owner):
        return None
    fields = [item for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)]
    own_configs = [_has_plain_type(index, owner, item.annotation) for item in fields]
    if not fields or not all(own_configs):
        return None
    if owner not in taken and all(item.value is None for item in fields):
        return None
    values = tuple(_value(index, owner, item) for item in fields)
    return ConfigTable(owner.name, "dataclass", index.span(owner.path, node), values)


def _value(index: SourceIndex, owner: Definition, item: ast.AnnAssign) -> ConfigValue:
    notes = Notes(annotation=index.segment(owner.path, item.annotation))
    name = item.target.id if isinstance(item.target, ast.Name) else ""
    return config_value(index, owner.path, name, _default(index, owner, item.value), item, notes)


def _default(index: SourceIndex, owner: Definition, node: ast.expr | None) -> ast.expr | None:
    """The default inside `field(default=…)`; a factory stands as the call that it makes."""
    if not isinstance(node, ast.Call):
        return node
    made_by = foreign_name(index, _outer(owner), node).rpartition(".")[2]
    if made_by not in ("field", "Field", "ib", "attrib"):
        return node
    default = keyword_of(node, "default")
    if default is None and node.args and made_by == "Field":
        default = node.args[0]
    factory = keyword_of(node, "default_factory") or keyword_of(node, "factory")
    if default is None and factory is not None:
        return _made_by_factory(node, factory)
    return default


def _made_by_factory(node: ast.Call, factory: ast.expr) -> ast.expr:
    if isinstance(factory, ast.Lambda):
        return factory.body
    if isinstance(factory, ast.Name) and factory.id in ("list", "dict"):
        empty: ast.expr = ast.List([], ast.Load()) if factory.id == "list" else ast.Dict([], [])
        return ast.copy_location(empty, factory)
    return ast.copy_location(ast.Call(factory, [], []), node)


def _has_plain_type(index: SourceIndex, owner: Definition, annotation: ast.expr) -> bool:
    """Plain types, their aliases, enums and classes of the repository (nested configurations) qualify."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return False
    for node in ast.walk(annotation):
        if isinstance(node, ast.Subscript) and (dotted_name(node.value) or "").endswith("Literal"):
            return True
    return all(_is_plain_name(index, owner, name) for name in _names(annotation))


def _names(annotation: ast.expr) -> Iterator[str]:
    """Dotted names of an annotation, outermost first."""
    dotted = dotted_name(annotation)
    if dotted is not None:
        yield dotted
        return
    for child in ast.iter_child_nodes(annotation):
        if isinstance(child, ast.expr):
            yield from _names(child)


def _is_plain_name(index: SourceIndex, owner: Definition, name: str) -> bool:
    if name.rpartition(".")[2] in PLAIN_TYPES or name == "torch.device":
        return True
    found = index.symbols.resolve(owner.path, name, owner.name)
    if isinstance(found, Definition) and isinstance(found.node, (ast.Assign, ast.AnnAssign)):
        return found.node.value is not None and _has_plain_type(index, found, found.node.value)
    if not isinstance(found, Definition) or not isinstance(found.node, ast.ClassDef):
        return False
    is_enum = any((dotted_name(base) or "").endswith("Enum") for base in found.node.bases)
    return is_enum or is_dataclass(index, found)


def _annotated_parameters(index: SourceIndex) -> frozenset[Definition]:
    """Classes that a function of the repository takes as a parameter, or a class keeps as a field, by annotation."""
    found: set[Definition] = set()
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            if isinstance(scope.node, FUNCTIONS):
                arguments = scope.node.args
                nodes = [a.annotation for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
                found.update(d for node in nodes if (d := _annotated_class(index, scope, node)) is not None)
    return frozenset(found)


def _annotated_class(index: SourceIndex, scope: Scope, node: ast.expr | None) -> Definition | None:
    dotted = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
    dotted = dotted or (dotted_name(node) if node is not None else None)
    found = index.symbols.resolve(scope.path, dotted, scope.name) if dotted else None
    return found if isinstance(found, Definition) else None
