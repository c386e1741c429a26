"""Copies of functions, as written with `types.FunctionType(f.__code__, f.__globals__, …)`.

Code objects, namespaces and cells are never handed out; an expression that only puts those of one function of the
target together again is read as what it means. Everything else about them stays refused.
"""

from __future__ import annotations

import ast
import types
from typing import Any

from analyzer.evaluator.frame import Frame
from analyzer.evaluator.objects import copy_function, origin_of
from analyzer.evaluator.syntax.scope import Evaluate, Scope

PARAMETERS = ("code", "globals", "name", "argdefs", "closure")
PARTS = {"code": "__code__", "globals": "__globals__", "closure": "__closure__"}


def build_copy(node: ast.Call, scope: Scope, otherwise: Evaluate) -> Evaluate:
    """The copy where the call says one and its callee and function turn out to be such; the plain call elsewhere."""
    given = {**dict(zip(PARAMETERS, node.args, strict=False)), **{word.arg or "": word.value for word in node.keywords}}
    owners = {_owner(given[part], attribute) for part, attribute in PARTS.items() if part in given}
    owner = owners.pop() if len(owners) == 1 and {"code", "globals"} <= given.keys() <= set(PARAMETERS) else None
    if owner is None or len(node.args) > len(PARAMETERS):
        return otherwise
    callee, function = scope.expression(node.func), scope.expression(ast.Name(owner, ast.Load()))
    chosen = {part: scope.expression(given[part]) for part in ("name", "argdefs") if part in given}

    def copy(frame: Frame) -> Any:
        original = function(frame)
        original = original.__func__ if isinstance(original, types.MethodType) else original
        if callee(frame) is not types.FunctionType or origin_of(original) is None or isinstance(original, type):
            return otherwise(frame)
        values = {part: value(frame) for part, value in chosen.items()}
        return copy_function(original, values.get("name"), values.get("argdefs"))

    return copy


def _owner(node: ast.expr, attribute: str) -> str | None:
    """The name `f` of `f.<attribute>`."""
    if isinstance(node, ast.Attribute) and node.attr == attribute and isinstance(node.value, ast.Name):
        return node.value.id
    return None
