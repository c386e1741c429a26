"""Lists that a loop fills under conditions: `decay.append(p)` under `if p.dim() >= 2` says which elements a list holds,
as a comprehension would.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.facts.flow.scopes import CodeScope


@dataclass(frozen=True)
class Filling:
    """The one statement that puts elements into a list, written as the comprehension that it amounts to."""

    rule: str
    statement: ast.stmt


def filled_by_loop(name: str, scope: CodeScope) -> Filling | None:
    """How a list that begins empty comes to its elements; None where more than one statement changes it."""
    changes = [node for node in scope.nodes if _changes(node, name)]
    loops = [node for node in scope.nodes if isinstance(node, ast.For)]
    found = [(loop, way) for loop in loops for way in _ways(loop.body, name, ())]
    if len(found) != 1 or len(changes) != 1 or not _begins_empty(name, scope):
        return None
    loop, (element, conditions, statement) = found[0]
    whole = ast.comprehension(loop.target, loop.iter, list(conditions), 0)
    return Filling(ast.unparse(ast.ListComp(element, [whole])), statement)


Way = tuple[ast.expr, tuple[ast.expr, ...], ast.stmt]


def _ways(statements: list[ast.stmt], name: str, conditions: tuple[ast.expr, ...]) -> Iterator[Way]:
    """What is put into the list, under which conditions; `continue` under a condition rules out what follows."""
    for statement in statements:
        element = _put(statement, name)
        if element is not None:
            yield element, conditions, statement
        elif isinstance(statement, ast.If):
            yield from _ways(statement.body, name, (*conditions, statement.test))
            yield from _ways(statement.orelse, name, (*conditions, _negated(statement.test)))
            if statement.body and isinstance(statement.body[-1], ast.Continue) and not statement.orelse:
                conditions = (*conditions, _negated(statement.test))


def _negated(test: ast.expr) -> ast.expr:
    is_negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    return test.operand if isinstance(test, ast.UnaryOp) and is_negated else ast.UnaryOp(ast.Not(), test)


def _put(statement: ast.stmt, name: str) -> ast.expr | None:
    """The element of `name.append(element)` and of `name += [element]`."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        is_own = isinstance(statement.target, ast.Name) and statement.target.id == name
        value = statement.value
        return value.elts[0] if is_own and isinstance(value, ast.List) and len(value.elts) == 1 else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and len(call.args) == 1 and ast.unparse(call.func) == f"{name}.append":
        return call.args[0]
    return None


def _changes(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, ast.Name) and node.target.id == name
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return (
        is_method
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
        and node.func.attr in ("append", "extend", "insert", "remove", "pop", "clear")
    )


def _begins_empty(name: str, scope: CodeScope) -> bool:
    bound = [
        value
        for node in scope.nodes
        if isinstance(node, ast.Assign) and len(node.targets) == 1
        for target, value in _pairs(node.targets[0], node.value)
        if isinstance(target, ast.Name) and target.id == name
    ]
    return len(bound) == 1 and isinstance(bound[0], ast.List) and not bound[0].elts


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]
