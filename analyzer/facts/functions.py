"""Functions and methods as records: arguments with annotations and defaults as written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.class_hierarchy import FUNCTIONS
from analyzer.index import Definition, SourceIndex
from analyzer.records.structure import ArgumentInfo, FunctionInfo


def derive_function(index: SourceIndex, definition: Definition) -> FunctionInfo:
    """Record of a function or method definition."""
    node = definition.node
    assert isinstance(node, FUNCTIONS)
    return FunctionInfo(
        node.name,
        definition.qualified_name,
        index.span(definition.path, node),
        tuple(_arguments(index, definition.path, node.args)),
        ast.get_docstring(node),
        tuple(index.segment(definition.path, decorator) for decorator in node.decorator_list),
    )


def _arguments(index: SourceIndex, path: str, arguments: ast.arguments) -> Iterator[ArgumentInfo]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults

    def info(argument: ast.arg, default: ast.expr | None) -> tuple[str, str | None, str | None]:
        annotation = index.segment(path, argument.annotation) if argument.annotation is not None else None
        return argument.arg, annotation, index.segment(path, default) if default is not None else None

    for argument, default in zip(positional, defaults, strict=True):
        yield ArgumentInfo(*info(argument, default))
    if arguments.vararg is not None:
        yield ArgumentInfo(*info(arguments.vararg, None), kind="var_positional")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield ArgumentInfo(*info(argument, default), kind="keyword")
    if arguments.kwarg is not None:
        yield ArgumentInfo(*info(arguments.kwarg, None), kind="var_keyword")
