"""`self.hparams.rate` of a Lightning module: the constructor's parameter of that name, where it saves them all."""

from __future__ import annotations

import ast

from analyzer.facts.flow.contexts import Contexts, Stack
from analyzer.facts.flow.objects import Instance
from analyzer.facts.flow.scopes import CodeScope, parameters_of

SAVING = "save_hyperparameters"
KEPT = "hparams"


def saved_parameter(
    contexts: Contexts, node: ast.Attribute, scope: CodeScope, stack: Stack
) -> tuple[ast.expr, CodeScope, Stack] | None:
    """The parameter with its function and the way to it, None where the attribute is none."""
    if not isinstance(node.value, ast.Attribute) or node.value.attr != KEPT:
        return None
    objects = contexts.values(node.value.value, scope, stack) or ()
    made = objects[0].made if len(objects) == 1 else None
    owner = objects[0].type if objects else None
    if made is None or not isinstance(owner, Instance):
        return None
    for function, way in contexts.constructors(made, owner.owner):
        arguments = getattr(function.node, "args", None)
        named = parameters_of(arguments) if isinstance(arguments, ast.arguments) else []
        if _saves_all(function) and any(argument.arg == node.attr for argument in named):
            return ast.copy_location(ast.Name(node.attr, ast.Load()), function.node), function, way
    return None


def _saves_all(function: CodeScope) -> bool:
    """`self.save_hyperparameters()` without a choice among the parameters."""
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == SAVING and not n.args
        for n in function.nodes
    )
