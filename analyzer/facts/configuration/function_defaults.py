"""Keyword defaults of a package's own functions and methods that run a model: `transcribe(model, *, beam_size=5, ...)`.

Such a function is the configuration of inference for those who call it. It counts where many of its parameters have
plain defaults and it is given a module of the repository, or switches gradients off.
"""

from __future__ import annotations

import ast

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.configuration.commands import find as find_commanded
from analyzer.facts.configuration.reading import FUNCTIONS, Notes, config_value, own_nodes, parameters
from analyzer.facts.literal import NotPlain, eval_plain
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable

FEWEST = 5
"""So many parameters must have a plain default that says something; a helper has fewer."""
GRADIENT_OFF = ("torch.no_grad", "torch.inference_mode")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    hierarchy = ClassHierarchy(index)
    taken = {table.name for table in find_commanded(index)}
    tables = (
        _table(index, hierarchy, function)
        for function in index.symbols.functions()
        if function.qualified_name not in taken and not any(part.startswith("_") for part in function.name.split("."))
    )
    return tuple(table for table in tables if table is not None)


def _table(index: SourceIndex, hierarchy: ClassHierarchy, function: Definition) -> ConfigTable | None:
    node = function.node
    if not isinstance(node, FUNCTIONS):
        return None
    given = [(argument, default) for argument, default in parameters(node) if default is not None]
    if sum(_says_something(default) for _, default in given) < FEWEST:
        return None
    if not (_takes_module(index, hierarchy, function, node) or _switches_gradients_off(index, function, node)):
        return None
    values = []
    for argument, default in given:
        place = ast.copy_location(ast.Pass(), argument)
        place.end_lineno = default.end_lineno
        annotation = index.segment(function.path, argument.annotation) if argument.annotation else None
        values.append(config_value(index, function.path, argument.arg, default, place, Notes(annotation=annotation)))
    where = index.span(function.path, node)
    return ConfigTable(function.qualified_name, "function_defaults", where, tuple(values))


def _says_something(default: ast.expr) -> bool:
    try:
        return eval_plain(default) is not None
    except NotPlain:
        return False


def _takes_module(index: SourceIndex, hierarchy: ClassHierarchy, function: Definition, node: Function) -> bool:
    """A parameter is annotated with a module class of the repository, as a name or as text."""
    for argument, _ in parameters(node):
        annotation = argument.annotation
        text = (
            annotation.value
            if isinstance(annotation, ast.Constant)
            else dotted_name(annotation)
            if annotation
            else None
        )
        found = index.symbols.resolve(function.path, text) if isinstance(text, str) and text else None
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef) and hierarchy.is_module(found):
            return True
    return False


def _switches_gradients_off(index: SourceIndex, function: Definition, node: Function) -> bool:
    contexts = [item.context_expr for n in own_nodes(node) if isinstance(n, ast.With) for item in n.items]
    for expression in (*node.decorator_list, *contexts):
        dotted = dotted_name(expression.func if isinstance(expression, ast.Call) else expression)
        found = index.symbols.resolve(function.path, dotted) if dotted else None
        if getattr(found, "dotted", "") in GRADIENT_OFF:
            return True
    return False
