"""What a factory function builds: the module class at the end of its calls, and the arguments that it gives on the way.

`return _create("tiny", **dict(model_args, **kwargs))` gives what `model_args` holds; the helper may construct the class
itself or hand it to a builder.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.configuration.reading import FUNCTIONS, Scope, callee, own_nodes, parameters
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name

MAX_HELPERS = 3
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Made:
    """A module class, and the expressions that the factory gives to its constructor by name."""

    owner: Definition
    arguments: tuple[tuple[str, ast.expr], ...]


def made_by(index: SourceIndex, hierarchy: ClassHierarchy, function: Definition) -> Made | None:
    """What a module-level function without required arguments constructs and returns."""
    node = function.node
    if "." in function.name or not isinstance(node, FUNCTIONS) or not needs_nothing(node):
        return None
    call = _returned_call(node)
    found = _made(index, hierarchy, function, call) if call is not None else None
    return found and Made(found.owner, tuple((name, _value_of(node, given)) for name, given in found.arguments))


def _value_of(function: FunctionNode, node: ast.expr) -> ast.expr:
    """What a local name stands for where the function binds it once and does not change it by item."""
    bound = _bound(function, node.id) if isinstance(node, ast.Name) else []
    is_changed = isinstance(node, ast.Name) and any(
        isinstance(n, (ast.Subscript, ast.Attribute)) and ast.unparse(n.value) == node.id for n in own_nodes(function)
    )
    return bound[0] if len(bound) == 1 and not is_changed else node


def needs_nothing(node: FunctionNode) -> bool:
    """Every parameter has a default."""
    return all(default is not None for _, default in parameters(node))


def _made(index: SourceIndex, hierarchy: ClassHierarchy, function: Definition, call: ast.Call) -> Made | None:
    scope = Scope(function.path, function.name, function.node)  # type: ignore[arg-type]
    target = callee(index, scope, call)
    if isinstance(target, Definition) and hierarchy.is_module(target):
        return Made(target, tuple(_given(index, target, call, function.node)))
    owner = _class_behind(index, hierarchy, scope, call, 0)
    if owner is None:
        return None
    names = set(constructor_names(index, hierarchy, owner))
    return Made(owner, tuple((name, node) for name, node in _keywords(call, function.node) if name in names))


def _class_behind(
    index: SourceIndex, hierarchy: ClassHierarchy, scope: Scope, call: ast.Call, depth: int
) -> Definition | None:
    """The class that a call constructs, is handed, or leaves to a helper of the repository."""
    target = callee(index, scope, call)
    if isinstance(target, Definition) and hierarchy.is_module(target):
        return target
    handed = [callee(index, scope, node) for node in (*call.args, *(k.value for k in call.keywords)) if _is_named(node)]
    classes = [found for found in handed if isinstance(found, Definition) and hierarchy.is_module(found)]
    if len(classes) == 1 and any(k.arg is None for k in call.keywords):
        return classes[0]
    if depth >= MAX_HELPERS or not isinstance(target, Definition) or not isinstance(target.node, FUNCTIONS):
        return None
    inner = _returned_call(target.node)
    if inner is None or not _passes_on(target.node, inner):
        return None
    return _class_behind(index, hierarchy, Scope(target.path, target.name, target.node), inner, depth + 1)


def _is_named(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute))


def _passes_on(node: FunctionNode, call: ast.Call) -> bool:
    """The helper hands its keyword arguments on."""
    extra = node.args.kwarg
    return extra is not None and any(
        k.arg is None and any(isinstance(n, ast.Name) and n.id == extra.arg for n in ast.walk(k.value))
        for k in call.keywords
    )


def _returned_call(node: FunctionNode) -> ast.Call | None:
    """The one call whose result a function returns."""
    returned = [n.value for n in own_nodes(node) if isinstance(n, ast.Return)]
    found = returned[0] if len(returned) == 1 else None
    if isinstance(found, ast.Name):
        bound = _bound(node, found.id)
        found = bound[0] if len(bound) == 1 else None
    return found if isinstance(found, ast.Call) else None


def _bound(node: ast.AST, name: str) -> list[ast.expr]:
    assigned = [n for n in own_nodes(node) if isinstance(n, ast.Assign)]
    return [n.value for n in assigned if any(isinstance(t, ast.Name) and t.id == name for t in n.targets)]


def _given(index: SourceIndex, owner: Definition, call: ast.Call, function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Arguments of the construction by the names of the constructor's parameters."""
    constructor = index.symbols.definitions[owner.path].get(f"{owner.name}.__init__")
    names = []
    if constructor is not None and isinstance(constructor.node, FUNCTIONS):
        names = [argument.arg for argument, _ in list(parameters(constructor.node))[1:]]
    for place, node in enumerate(call.args):
        if place < len(names) and not isinstance(node, ast.Starred):
            yield names[place], node
    yield from _keywords(call, function)


def _keywords(call: ast.Call, function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Keyword arguments, those of mappings that the function writes out included; later ones replace earlier ones."""
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            found[keyword.arg] = keyword.value
        else:
            found.update(_mapping(keyword.value, function, 0))
    yield from found.items()


def _mapping(node: ast.expr, function: ast.AST, depth: int) -> dict[str, ast.expr]:
    """What `{…}`, `dict(base, a=1, **more)` or a name bound once to one holds."""
    if depth > MAX_HELPERS:
        return {}
    if isinstance(node, ast.Name):
        bound = _bound(function, node.id)
        return _mapping(bound[0], function, depth + 1) if len(bound) == 1 else {}
    if isinstance(node, ast.Call) and dotted_name(node.func) == "dict":
        found: dict[str, ast.expr] = {}
        for part in node.args:
            found.update(_mapping(part, function, depth + 1))
        for keyword in node.keywords:
            found.update(
                _mapping(keyword.value, function, depth + 1) if keyword.arg is None else {keyword.arg: keyword.value}
            )
        return found
    return dict(pairs_of(node))


def constructor_names(index: SourceIndex, hierarchy: ClassHierarchy, owner: Definition) -> Iterator[str]:
    """Parameters of a class's constructor, those of its bases included where it hands keywords on."""
    for ancestor in hierarchy.order(owner):
        if not isinstance(ancestor, Definition):
            continue
        constructor = index.symbols.definitions[ancestor.path].get(f"{ancestor.name}.__init__")
        if constructor is not None and isinstance(constructor.node, FUNCTIONS):
            yield from (argument.arg for argument, _ in list(parameters(constructor.node))[1:])
            if constructor.node.args.kwarg is None:
                return
