"""Beginnings that no line of the repository writes: a method that users call on an object which they construct.

The constructor runs first, then the method. What both are given is open: conditions on it stay undecided, and only
the question for a value falls back on the parameter's default.
"""

from __future__ import annotations

import ast

from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Function, Instance, Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Step, Surrounding, Target
from analyzer.facts.flow.walk import Walker

OPEN = "<open>"
"""Stands for arguments that are not known."""


def method_start(inference: Inference, walker: Walker, key: str) -> Body | None:
    """Construction of the method's class and a call of the method; the method's own body where that is no help."""
    scope = inference.scopes.by_key.get(key)
    owner = scope.parent if scope is not None else None
    body = walker.function(key)
    if body is None or scope is None or owner is None or not isinstance(owner.node, ast.ClassDef):
        return body
    module = inference.scopes.by_key[scope.path]
    constructor = inference.calls.called_function(Klass(owner.key))
    made = _open_call(ast.Name(owner.node.name, ast.Load()), owner.node)
    is_found = inference.types(made.func, module) == frozenset({Klass(owner.key)})
    if constructor is None or not is_found or inference.is_module(Instance(owner.key)):
        return body
    called = _open_call(ast.Attribute(made, scope.dotted.rpartition(".")[2], ast.Load()), owner.node)
    steps = [
        _step(made, module, owner.node, Target(Klass(owner.key), body=walker.function(constructor.name))),
        _step(called, module, owner.node, Target(Function(key, Instance(owner.key)), body=body)),
    ]
    return Body(module, steps)


def is_open(call: ast.Call) -> bool:
    """True for a call whose arguments nothing tells."""
    return any(k.arg is None and isinstance(k.value, ast.Name) and k.value.id == OPEN for k in call.keywords)


def _open_call(function: ast.expr, place: ast.AST) -> ast.Call:
    call = ast.Call(function, [], [ast.keyword(None, ast.Name(OPEN, ast.Load()))])
    for node in ast.walk(call):
        if "lineno" in node._attributes:
            ast.copy_location(node, place)
    return call


def _step(node: ast.Call, module: CodeScope, statement: ast.stmt, target: Target) -> Step:
    return Step("call", node, module, statement, Surrounding(), (target,))
