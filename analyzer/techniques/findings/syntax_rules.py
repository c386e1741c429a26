"""What the rules over plain syntax share: functions and classes of the repository, resolved names, places."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.index import Definition, SourceIndex
from analyzer.records.techniques import Pitfall

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Arguments = tuple[tuple[str, str], ...]
Found = tuple[tuple[tuple[str, ast.AST], ...], Arguments]
"""Places that show it, each a path and a node, and the arguments of its sentence."""
SyntaxRule = Callable[[SourceIndex], Iterator[Found]]


def pitfalls_of(index: SourceIndex, name: str, rule: SyntaxRule) -> Iterator[Pitfall]:
    for places, arguments in rule(index):
        spans = tuple(index.span(path, getattr(node, "lineno", 1)) for path, node in places)
        yield Pitfall(name, tuple(dict.fromkeys(spans)), arguments)


def foreign(index: SourceIndex, path: str, node: ast.AST, scope: str = "") -> str:
    """Dotted name of what a name, attribute or callee means outside the repository, else empty."""
    return index.symbols.external_name(path, node.func if isinstance(node, ast.Call) else node, scope) or ""


def functions(index: SourceIndex) -> Iterator[Definition]:
    """Functions and methods of code that is not a test."""
    for definition in index.symbols.functions():
        if not is_test(definition.path):
            yield definition


def is_test(path: str) -> bool:
    parts = path.split("/")
    return any(part in ("tests", "test", "testing") for part in parts[:-1]) or parts[-1].startswith("test_")


def module_classes(index: SourceIndex) -> Iterator[Definition]:
    """The repository's own `nn.Module` classes."""
    hierarchy = ClassHierarchy(index)
    for definition in index.symbols.classes():
        if not is_test(definition.path) and hierarchy.is_module(definition):
            yield definition


def method_of(owner: Definition, name: str) -> ast.FunctionDef | None:
    body = owner.node.body if isinstance(owner.node, ast.ClassDef) else []
    return next((item for item in body if isinstance(item, ast.FunctionDef) and item.name == name), None)


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == name), None)


def is_open(call: ast.Call) -> bool:
    """`**options` or `*arguments` may give anything."""
    return any(k.arg is None for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)


def constant(node: ast.AST | None) -> object:
    """The value of a literal; an object that equals nothing for anything else."""
    return node.value if isinstance(node, ast.Constant) else object()


def own_attribute(node: ast.AST) -> str:
    """`x` of `self.x`, else empty."""
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if is_own and isinstance(node, ast.Attribute) else ""


def parameter_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
