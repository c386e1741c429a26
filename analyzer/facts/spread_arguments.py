"""What a call gives by `**mapping`, name by name, where the function itself writes the mapping: `dict(fused=True)`.

It may stand under a condition. Mappings from elsewhere are asked for single names (`keyword_items`), not listed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown


class Spread(NamedTuple):
    """One argument: its name, what is written for it, its value."""

    name: str
    text: str
    value: Known[object] | Unknown


def spread_arguments(program: Program, occurrence: Occurrence, call: ast.Call) -> Iterator[Spread]:
    """Arguments behind `**mapping` of a call, those left out that a default run does not give."""
    scope = occurrence.step.scope
    for keyword in call.keywords:
        if keyword.arg is None:
            yield from _items(program, occurrence, _written(keyword.value, scope), "")
            yield from _handed_on(program, occurrence, keyword.value)


def _handed_on(program: Program, occurrence: Occurrence, node: ast.expr) -> Iterator[Spread]:
    """`**options` of a function that takes `**options` itself: what the call of the function gives beside its names."""
    scope, stack = occurrence.step.scope, occurrence.stack
    arguments = getattr(scope.node, "args", None)
    caught = arguments.kwarg.arg if isinstance(arguments, ast.arguments) and arguments.kwarg is not None else ""
    outer = stack[-1][0] if stack else None
    is_caught = isinstance(node, ast.Name) and node.id == caught and _written(node, scope) is node
    if (
        not is_caught
        or outer is None
        or not isinstance(outer.node, ast.Call)
        or not isinstance(arguments, ast.arguments)
    ):
        return
    named = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    for keyword in outer.node.keywords:
        if keyword.arg is not None and keyword.arg not in named:
            written = program.flow.index.segment(outer.scope.path, keyword.value)
            yield Spread(keyword.arg, written, program.flow.values.value(keyword.value, outer.scope, stack[:-1]))


def _items(program: Program, occurrence: Occurrence, node: ast.expr, condition: str) -> Iterator[Spread]:
    scope, index = occurrence.step.scope, program.flow.index
    if isinstance(node, ast.IfExp):
        verdict = program.flow.values.truth(node.test, scope, occurrence.stack)
        text = ast.unparse(node.test)
        if verdict is not False:
            yield from _items(program, occurrence, node.body, "" if verdict else text)
        if verdict is not True:
            yield from _items(program, occurrence, node.orelse, "" if verdict is False else f"not ({text})")
        return
    for name, value in _pairs(node):
        written = index.segment(scope.path, value)
        if condition:
            where = index.span(scope.path, value)
            shown = f"{written} if {condition}"
            yield Spread(name, shown, Unknown("not_derived", (("expression", shown),), where))
        else:
            yield Spread(name, written, program.flow.values.value(value, scope, occurrence.stack))


def _pairs(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        yield from ((keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg is not None)


def _written(node: ast.expr, scope: CodeScope) -> ast.expr:
    """What a name stands for that the function binds once and changes nowhere."""
    if not isinstance(node, ast.Name):
        return node
    bound = [
        n.value
        for n in scope.nodes
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)
    ]
    changes = any(
        isinstance(n, (ast.Attribute, ast.Subscript)) and isinstance(n.value, ast.Name) and n.value.id == node.id
        for n in scope.nodes
    )
    return bound[0] if len(bound) == 1 and not changes else node
