"""What one call fixes of the function that it runs: given literals and defaults, and which conditions they decide."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.literal import NotPlain, eval_plain


class _Given:
    """An argument that is some object, not None; nothing else is known of it."""

    def __repr__(self) -> str:
        return "<given>"


GIVEN = _Given()


def decide(test: ast.expr, constants: Mapping[str, object]) -> bool | None:
    """Truth of a condition as far as constants tell, None where they do not."""
    given = _given_is_none(test, constants)
    if given is not None:
        return given
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = decide(test.operand, constants)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        parts = [decide(value, constants) for value in test.values]
        decisive = isinstance(test.op, ast.Or)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    try:
        return bool(eval_plain(test, {name: value for name, value in constants.items() if value is not GIVEN}))
    except (NotPlain, RecursionError):
        return None


def _given_is_none(test: ast.expr, constants: Mapping[str, object]) -> bool | None:
    """`x is None` and `x is not None` for an argument that is known to be some object."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Name):
        return None
    is_none = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
    if is_none and isinstance(test.ops[0], (ast.Is, ast.IsNot)) and constants.get(test.left.id) is GIVEN:
        return isinstance(test.ops[0], ast.IsNot)
    return None


def given_arguments(names: list[str], node: ast.Call) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for place, value in enumerate(node.args):
        if isinstance(value, ast.Starred):
            break
        if place < len(names):
            found[names[place]] = value
    found |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
    return found


def defaults_of(arguments: ast.arguments) -> dict[str, ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    first = len(positional) - len(arguments.defaults)
    found = {a.arg: d for a, d in zip(positional[first:], arguments.defaults, strict=True)}
    return found | {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d}


def never_none(scope: CodeScope, name: str) -> bool:
    """Nothing in the scope binds the name to None, and it is no parameter that may be left out."""
    arguments = getattr(scope.node, "args", None)
    if isinstance(arguments, ast.arguments) and any(a.arg == name for a in parameters_of(arguments)):
        return False
    for node in scope.nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = any(isinstance(n, ast.Name) and n.id == name for t in targets for n in ast.walk(t))
            if bound and any(isinstance(n, ast.Constant) and n.value is None for n in ast.walk(node.value)):
                return False
    return True


def literals(nodes: Mapping[str, ast.expr], constants: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, node in nodes.items():
        is_known_name = isinstance(node, ast.Name) and node.id in constants and constants[node.id] is not GIVEN
        is_simple = isinstance(node, (ast.Constant, ast.UnaryOp)) or is_known_name
        if is_simple:
            try:
                found[name] = eval_plain(node, constants)
            except NotPlain:
                continue
    return found
