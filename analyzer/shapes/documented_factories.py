"""Builds by functions of the repository that documents and docstrings call: `model = create_model("small", 10)`.

Which class such a call makes is not read off the syntax: it is evaluated up to the first instance of the class asked
for, and where it makes none the next one is tried.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from analyzer.facts.documented_code import (
    PythonExample,
    definition_named,
    docstring_examples,
    document_examples,
    imported_names,
)
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.shapes.entry_points import BuildPlan, is_literal_call
from analyzer.shapes.statements import needed_statements

MOST_FACTORIES = 6
"""Calls of documents that are tried for one class."""


def find_documented_factories(index: SourceIndex, owner: Definition) -> tuple[BuildPlan, ...]:
    """Calls in examples that may lead to an `owner`, with the statements that they need; those that are given
    literals alone come first.
    """
    found: dict[str, BuildPlan] = {}
    for example in _all_examples(index):
        for needed, call in _factory_calls(index, example):
            text = "\n".join(map(ast.unparse, (*needed, ast.Expr(call))))
            first = example.first_line - 1
            where = index.span(example.path, first + call.lineno, first + (call.end_lineno or call.lineno))
            scope = _scope(index, example) or owner.path
            plan = BuildPlan(scope, text, "inference_script", where, captured=owner.qualified_name)
            found.setdefault(text, plan)
    ordered = sorted(found.values(), key=lambda plan: not _is_complete(plan))
    return tuple(ordered[:MOST_FACTORIES])


def _scope(index: SourceIndex, example: PythonExample) -> str:
    """A file in which the imports of the example mean what they mean in the document: not one that it imports."""
    names = set(imported_names(example.tree).values())
    modules = sorted({module for name in names for module in (name, name.rpartition(".")[0]) if module})
    meant = [index.resolve_module(example.path, module) for module in modules]
    for path in sorted(index.trees()):
        if path not in meant and [index.resolve_module(path, module) for module in modules] == meant:
            return path
    return ""


def _is_complete(plan: BuildPlan) -> bool:
    """Whether nothing but imports stands before a call with literals."""
    *before, last = ast.parse(plan.expression).body
    assert isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    return is_literal_call(last.value) and all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in before)


@lru_cache(maxsize=2)
def _all_examples(index: SourceIndex) -> tuple[PythonExample, ...]:
    paths = sorted(path for path in index.files if path.endswith(".py"))
    return (*document_examples(index), *(example for path in paths for example in docstring_examples(index, path)))


def _factory_calls(index: SourceIndex, example: PythonExample) -> Iterator[tuple[list[ast.stmt], ast.Call]]:
    """Assigned calls of functions that the example imports from the repository, with at least one argument, each
    after the statements that it needs; none that needs what an earlier one made.
    """
    imported, made = imported_names(example.tree), set[ast.stmt]()
    for position, statement in enumerate(example.tree.body):
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
        calls = (node for node in ast.walk(value) if isinstance(node, ast.Call)) if value is not None else ()
        call = next((call for call in calls if _calls_function(index, example, imported, call)), None)
        if call is None:
            continue
        needed = needed_statements(example.tree.body[:position], call)
        if made.isdisjoint(needed):
            yield needed, call
        made.add(statement)


def _calls_function(index: SourceIndex, example: PythonExample, imported: Mapping[str, str], call: ast.Call) -> bool:
    first, _, rest = (dotted_name(call.func) or "").partition(".")
    if first not in imported or not (call.args or call.keywords):
        return False
    target = definition_named(index, example, ".".join(filter(None, [imported[first], rest])))
    return target is not None and isinstance(target.node, ast.FunctionDef)
