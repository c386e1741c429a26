"""Quantities that the code computes from configuration values alone: `head_dim = n_embd // n_head = 64`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.argument_values import ArgumentValues
from analyzer.facts.flow import Inference
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import DerivedQuantity
from analyzer.records.evidence import Known

ROUNDING = frozenset({"int", "round", "float", "max", "min", "abs", "len", "bool"})


def find_derived(index: SourceIndex, inference: Inference, values: ArgumentValues) -> tuple[DerivedQuantity, ...]:
    """Derived quantities, by place."""
    found = {
        (quantity.where, quantity.name): quantity
        for scope in inference.scopes.by_key.values()
        if not is_test_file(index, scope.path)
        for quantity in _in_scope(index, values, scope)
    }
    return tuple(found[key] for key in sorted(found))


def _in_scope(index: SourceIndex, values: ArgumentValues, scope: CodeScope) -> Iterator[DerivedQuantity]:
    for node in scope.nodes:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        name = dotted_name(node.targets[0])
        if name is None or not _is_arithmetic(node.value) or not values.reads_configuration(node.value, scope):
            continue
        value = values.value(node.value, scope)
        if isinstance(value, Known) and isinstance(value.value, (int, float)) and not _is_left_out(node, scope, values):
            formula = index.segment(scope.path, node.value)
            yield DerivedQuantity(name, formula, value, index.span(scope.path, node))


def _is_left_out(node: ast.stmt, scope: CodeScope, values: ArgumentValues) -> bool:
    """The line stands in a branch that the values do not take; what it would compute then is no quantity of the run."""
    for outer in scope.nodes:
        for branch, taken in ((outer.body, True), (outer.orelse, False)) if isinstance(outer, ast.If) else ():
            is_inside = any(inner is node for statement in branch for inner in ast.walk(statement))
            if is_inside and isinstance(outer, ast.If) and values.truth(outer.test, scope) is (not taken):
                return True
    return False


def _is_arithmetic(node: ast.expr) -> bool:
    """Arithmetic over names, attributes and numbers, with rounding at most."""
    if isinstance(node, ast.Call):
        name = dotted_name(node.func) or ""
        is_rounding = name in ROUNDING or name.startswith("math.")
        return is_rounding and not node.keywords and any(_is_arithmetic(argument) for argument in node.args)
    if not isinstance(node, ast.BinOp) or (isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant)):
        return False
    return all(_is_operand(part) for part in (node.left, node.right))


def _is_operand(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_operand(node.operand)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float))
    return (
        isinstance(node, (ast.Name, ast.Attribute))
        or _is_arithmetic(node)
        or (isinstance(node, ast.Call) and (dotted_name(node.func) or "") in ROUNDING)
    )
