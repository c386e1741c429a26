"""What a call hands to a parameter is what its argument may stand for, and nothing that other calls hand there."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Function, Type
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.flow.steps import Step, Target
from analyzer.facts.literal import NotPlain


def may_hand(
    inference: Inference, node: ast.expr, scope: CodeScope, call: tuple[Step, Target] | None, wanted: Type
) -> bool:
    """Whether the call may give the parameter that `node` names this object; True for all that is no parameter."""
    arguments = getattr(scope.node, "args", None)
    if call is None or not isinstance(node, ast.Name) or not isinstance(arguments, ast.arguments):
        return True
    step, target = call
    is_parameter = node.id in {a.arg for a in parameters_of(arguments)}
    is_bound = any(isinstance(n, ast.Name) and n.id == node.id and isinstance(n.ctx, ast.Store) for n in scope.nodes)
    if not is_parameter or is_bound or not isinstance(step.node, ast.Call):
        return True
    function = target.type if isinstance(target.type, Function) else None
    before: Sequence[str] = function.given if function is not None else ()
    try:
        given = argument_named(step.node, scope.node, node.id, _has_receiver(target), before)
    except NotPlain:
        return True
    home = step.scope
    if given is None:
        given, home = default_of(scope.node, node.id), scope.parent or scope
    return given is None or any(_same(found, wanted) for found in inference.types(given, home))


def _has_receiver(target: Target) -> bool:
    return not isinstance(target.type, Function) or target.type.receiver is not None


def _same(found: Type, wanted: Type) -> bool:
    if isinstance(found, Function) and isinstance(wanted, Function):
        return found.name == wanted.name
    return found == wanted
