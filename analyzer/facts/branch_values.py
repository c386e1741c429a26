"""What names hold at a line, and what a function returns, as one expression: branches become conditional expressions.

Only syntax is known here. What a loop, a `try` or a long computation leaves in a name is lost, and said so by `LOST`.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LOST = "<lost>"
MOST_NODES = 300
MOST_ARGUMENTS = 3
PLAIN = (
    ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call,
    ast.List, ast.Tuple, ast.Subscript, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip
Names = dict[str, ast.expr]
Keeps = Callable[[str], bool]


@dataclass(frozen=True)
class _End:
    """How a list of statements ends: with what names hold, or with what is returned; with neither it raises."""

    names: Names | None = None
    returned: ast.expr | None = None


def names_before(body: Sequence[ast.stmt], statement: ast.stmt, keeps: Keeps) -> Names:
    """What names hold where a statement stands; `keeps` says which of them stand for themselves."""
    found: list[Names] = []
    _Run(keeps, statement, found).run(body, {})
    return found[0] if found else {}


def returned_value(body: Sequence[ast.stmt]) -> ast.expr | None:
    """What a function returns, in terms of its parameters; None where that is no one expression."""
    return _Run(lambda name: False, None, []).run(body, {}).returned


def substituted(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with names and attributes replaced; parts without any are the same objects."""
    if isinstance(node, (ast.Name, ast.Attribute)) and (found := names.get(ast.unparse(node))) is not None:
        return found
    changed = _changed(node, names)
    return changed if isinstance(changed, ast.expr) else node


def _changed(node: ast.AST, names: Mapping[str, ast.expr]) -> ast.AST:
    fields: dict[str, object] = {}
    for name, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        new = [_part(part, names) for part in parts]
        if any(a is not b for a, b in zip(new, parts, strict=True)):
            fields[name] = new if isinstance(value, list) else new[0]
    if not fields:
        return node
    result = copy.copy(node)
    for name, value in fields.items():
        setattr(result, name, value)
    return result


def _part(part: object, names: Mapping[str, ast.expr]) -> object:
    if isinstance(part, ast.expr):
        return substituted(part, names)
    return _changed(part, names) if isinstance(part, ast.AST) else part


class _Run:
    def __init__(self, keeps: Keeps, until: ast.stmt | None, found: list[Names]) -> None:
        self._keeps = keeps
        self._until = until
        self._found = found

    def run(self, statements: Sequence[ast.stmt], names: Names) -> _End:
        for at, statement in enumerate(statements):
            if statement is self._until:
                self._found.append(dict(names))
            if isinstance(statement, ast.Return):
                return _End(returned=self._written(statement.value, names) if statement.value else None)
            if isinstance(statement, ast.Raise):
                return _End()
            if isinstance(statement, ast.If):
                return self._branched(statement, statements[at + 1 :], names)
            if isinstance(statement, ast.With):
                return self.run([*statement.body, *statements[at + 1 :]], names)
            self._step(statement, names)
        return _End(names=names)

    def _branched(self, node: ast.If, rest: Sequence[ast.stmt], names: Names) -> _End:
        test = self._written(node.test, names)
        ends = [self.run(branch, dict(names)) for branch in (node.body, node.orelse)]
        if all(end.names is not None for end in ends):
            return self.run(rest, _merged(test, ends[0].names or {}, ends[1].names or {}))
        ends = [self.run(rest, end.names) if end.names is not None else end for end in ends]
        first, second = (end.returned for end in ends)
        if first is None or second is None:
            return next((end for end in ends if end.returned is not None or end.names is not None), ends[0])
        return _End(returned=_either(test, first, second))

    def _step(self, statement: ast.stmt, names: Names) -> None:
        if isinstance(statement, (ast.For, ast.AsyncFor, ast.While, ast.Try)):
            lost = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            if self._until is not None and any(part is self._until for part in ast.walk(statement)):
                inner = {name: value for name, value in names.items() if name not in lost}
                self.run(statement.body, inner)
            names.update(dict.fromkeys(lost, ast.Name(LOST, ast.Load())))
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            for target, value in _pairs(statement.targets[0], statement.value):
                self._bind(target, self._written(value, names), names)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._bind(statement.target, self._written(statement.value, names), names)
        elif isinstance(statement, ast.AugAssign) and not self._counts(statement, names):
            old = names.get(ast.unparse(statement.target), statement.target)
            self._bind(statement.target, ast.BinOp(old, statement.op, self._written(statement.value, names)), names)

    def _counts(self, statement: ast.AugAssign, names: Names) -> bool:
        """`step += 1` of a name that the statements do not bind: it stands for its value after the count."""
        is_count = isinstance(statement.op, ast.Add) and isinstance(statement.value, ast.Constant)
        return is_count and ast.unparse(statement.target) not in names

    def _bind(self, target: ast.expr, value: ast.expr, names: Names) -> None:
        if isinstance(target, (ast.Name, ast.Attribute)):
            names.pop(ast.unparse(target), None)
            if _is_arithmetic(value) and not self._keeps(ast.unparse(target)):
                names[ast.unparse(target)] = value
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else ():
            names[ast.unparse(part)] = ast.Name(LOST, ast.Load())

    def _written(self, node: ast.expr, names: Names) -> ast.expr:
        found = substituted(node, names)
        is_long = found is not node and sum(1 for _ in ast.walk(found)) > MOST_NODES
        return ast.Name(LOST, ast.Load()) if is_long else found


def _is_arithmetic(node: ast.expr) -> bool:
    """Names, numbers and short calls: an object that is constructed stands for itself, by its name."""
    return all(
        isinstance(part, PLAIN)
        and not (isinstance(part, ast.Call) and (part.keywords or len(part.args) > MOST_ARGUMENTS))
        for part in ast.walk(node)
    )


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """`a, b = 1, 2` binds each on its own."""
    is_parallel = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and is_parallel:
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def _merged(test: ast.expr, first: Names, second: Names) -> Names:
    names: Names = {}
    for name in {**first, **second}:
        itself = ast.parse(name, mode="eval").body
        one, other = first.get(name, itself), second.get(name, itself)
        names[name] = one if one is other else _either(test, one, other)
    return names


def _either(test: ast.expr, first: ast.expr, second: ast.expr) -> ast.expr:
    return ast.IfExp(test, first, second)
