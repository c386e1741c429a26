"""Builders of assignment targets: what `target = value` does for each form of target."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.scope import Scope
from analyzer.evaluator.values import UnknownValue, plain

Assign = Callable[[Frame, Any], None]


def build_target(node: ast.expr, scope: Scope) -> Assign:
    builder = TARGETS.get(type(node))
    if builder is None:
        raise CannotEvaluate("syntax_not_supported", f"target {type(node).__name__}")
    return builder(node, scope)


def _target_Name(node: ast.Name, scope: Scope) -> Assign:
    name = node.id
    hops = scope.hops(name)

    def assign(frame: Frame, value: Any) -> None:
        variables = frame.module.variables if hops is None else frame.outer(hops).variables
        if frame.session.journals:
            frame.session.journals.note(variables, namespace=True)
        frame.session.repetition.changes += 1
        variables[name] = value

    def assign_own(frame: Frame, value: Any) -> None:
        frame.variables[name] = value

    return assign_own if hops == 0 else assign


def _target_Attribute(node: ast.Attribute, scope: Scope) -> Assign:
    owner, name = scope.expression(node.value), mangle(node.attr, scope)

    def assign(frame: Frame, value: Any) -> None:
        frame.session.set_attribute(owner(frame), name, value)

    return assign


def mangle(name: str, scope: Scope) -> str:
    """`self.__x` inside class C means `_C__x`."""
    if name.startswith("__") and not name.endswith("__") and scope.owner:
        return f"_{scope.owner.lstrip('_')}{name}"
    return name


def _target_Subscript(node: ast.Subscript, scope: Scope) -> Assign:
    owner, key = scope.expression(node.value), scope.expression(node.slice)

    def assign(frame: Frame, value: Any) -> None:
        frame.session.set_item(owner(frame), key(frame), value)

    return assign


def _target_Starred(node: ast.Starred, scope: Scope) -> Assign:
    return build_target(node.value, scope)


def _target_Sequence(node: ast.Tuple | ast.List, scope: Scope) -> Assign:
    targets = [build_target(item, scope) for item in node.elts]
    star = next((index for index, item in enumerate(node.elts) if isinstance(item, ast.Starred)), None)

    def assign(frame: Frame, value: Any) -> None:
        if isinstance(value, UnknownValue):
            values: list[Any] = [plain(value)] * len(targets)
        else:
            values = _spread(list(frame.session.iterate(value)), len(targets), star)
        for target, item in zip(targets, values, strict=True):
            target(frame, item)

    return assign


def _spread(values: list[Any], wanted: int, star: int | None) -> list[Any]:
    if star is not None:
        after = wanted - star - 1
        if len(values) < wanted - 1:
            raise ValueError(f"not enough values to unpack (expected at least {wanted - 1}, got {len(values)})")
        last = len(values) - after
        return [*values[:star], values[star:last], *values[last:]]
    if len(values) < wanted:
        raise ValueError(f"not enough values to unpack (expected {wanted}, got {len(values)})")
    if len(values) > wanted:
        raise ValueError(f"too many values to unpack (expected {wanted})")
    return values


TARGETS: dict[type[ast.expr], Callable[[Any, Scope], Assign]] = {
    ast.Name: _target_Name,
    ast.Attribute: _target_Attribute,
    ast.Subscript: _target_Subscript,
    ast.Starred: _target_Starred,
    ast.Tuple: _target_Sequence,
    ast.List: _target_Sequence,
}


def name_targets(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The targets that line rows speak of, as written: names and attributes of `self`."""
    if isinstance(node, ast.Name):
        return [(node.id, node)]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return [(f"self.{node.attr}", node)]
    if isinstance(node, ast.Starred):
        return name_targets(node.value)
    if isinstance(node, (ast.Tuple, ast.List)):
        return [pair for item in node.elts for pair in name_targets(item)]
    return []
