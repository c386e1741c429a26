"""Beginnings that no line of the repository writes: a method that users call on an object which they construct.

The constructor runs first, then the method. What both are given is open: conditions on it stay undecided, and only
the question for a value falls back on the parameter's default.
"""

from __future__ import annotations

import ast

from analyzer.facts.flow.driven import Handover, Holder, driven_steps, has_hooks, open_call
from analyzer.facts.flow.frameworks import DRIVERS, Driver
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Function, Instance, Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Step, Surrounding, Target
from analyzer.facts.flow.walk import Walker


def method_start(inference: Inference, walker: Walker, key: str) -> Body | None:
    """Construction of the method's class and a call of the method; the method's own body where that is no help."""
    scope = inference.scopes.by_key.get(key)
    owner = scope.parent if scope is not None else None
    body = walker.function(key)
    if body is None or scope is None or owner is None or not isinstance(owner.node, ast.ClassDef):
        return body
    module = inference.scopes.by_key[scope.path]
    constructor = inference.calls.called_function(Klass(owner.key))
    made = open_call(ast.Name(owner.node.name, ast.Load()), owner.node)
    is_found = inference.types(made.func, module) == frozenset({Klass(owner.key)})
    is_forward = inference.is_module(Instance(owner.key)) and scope.dotted.endswith(".forward")
    if constructor is None or not is_found or is_forward:
        return body
    called = open_call(ast.Attribute(made, scope.dotted.rpartition(".")[2], ast.Load()), owner.node)
    steps = [
        _step(made, module, owner.node, Target(Klass(owner.key), body=walker.function(constructor.name))),
        _step(called, module, owner.node, Target(Function(key, Instance(owner.key)), body=body)),
    ]
    return Body(module, steps)


def hook_start(inference: Inference, walker: Walker, key: str) -> Body | None:
    """What a framework runs of a class whose hooks no line of the repository hands to it."""
    scope, owner = inference.scopes.by_key[key], Instance(key)
    drivers = [d for d in DRIVERS if has_hooks(inference, d, owner) and _trains(inference, d, owner)]
    if not isinstance(scope.node, ast.ClassDef) or not drivers or scope.parent is None or scope.parent.is_function:
        return None
    module = inference.scopes.by_key[scope.path]
    made = open_call(ast.Name(scope.node.name, ast.Load()), scope.node)
    if inference.types(made.func, module) != frozenset({Klass(key)}):
        return None
    constructor = inference.calls.called_function(Klass(key))
    body = walker.function(constructor.name) if constructor is not None else None
    handover = Handover(drivers[0], scope.node, module, scope.node, Surrounding())
    steps = driven_steps(inference, handover, [Holder(owner, made)], walker.function)
    return Body(module, [_step(made, module, scope.node, Target(Klass(key), body=body)), *steps])


def _trains(inference: Inference, driver: Driver, owner: Instance) -> bool:
    definition = inference.index.symbols.definition(owner.owner)
    has_main = definition is not None and inference.hierarchy.method(definition, driver.main_hook) is not None
    return has_main and any(act.kind == "backward" for act in driver.acts)


def _step(node: ast.Call, module: CodeScope, statement: ast.stmt, target: Target) -> Step:
    return Step("call", node, module, statement, Surrounding(), (target,))
