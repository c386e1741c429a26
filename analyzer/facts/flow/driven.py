"""Steps that a framework's loop runs at a call: methods of the user's class in the framework's order, between them
what the framework does itself. Each is a call that no line writes, placed at the line that hands control over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.facts.flow.frameworks import Act, Driver
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Function, Instance, Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Loop, Step, Surrounding, Target

OPEN = "<open>"
"""Stands for arguments that are not known."""


OF_THE_LOSS = frozenset({"zero_grad", "backward", "clip", "step", "schedule"})
"""What a framework does with the loss that a method returns."""


@dataclass(frozen=True)
class Holder:
    """An object whose methods a framework calls, with the expression that gives it."""

    owner: Instance
    node: ast.expr


@dataclass(frozen=True)
class Handover:
    """Where control goes to the framework."""

    driver: Driver
    node: ast.AST
    scope: CodeScope
    statement: ast.stmt
    around: Surrounding
    models: tuple[Instance, ...] = ()
    """Models of the repository that the trainer was given."""


def open_call(function: ast.expr, place: ast.AST) -> ast.Call:
    """A call that no line writes, placed at a line; what it gives is not known."""
    call = ast.Call(function, [], [ast.keyword(None, ast.Name(OPEN, ast.Load()))])
    for node in (call, function, *(k.value for k in call.keywords)):
        if not hasattr(node, "lineno"):
            ast.copy_location(node, place)
    return call


def is_open(call: ast.Call) -> bool:
    """True for a call whose arguments nothing tells."""
    return any(k.arg is None and isinstance(k.value, ast.Name) and k.value.id == OPEN for k in call.keywords)


def holders_of(inference: Inference, driver: Driver, node: ast.Call, scope: CodeScope) -> Iterator[Holder]:
    """Objects of own classes that a driving call is given."""
    for argument in (*node.args, *(k.value for k in node.keywords)):
        for found in sorted(inference.types(argument, scope), key=repr):
            owner = Instance(found.owner) if isinstance(found, Klass) else found
            if isinstance(owner, Instance) and has_hooks(inference, driver, owner):
                made = open_call(argument, node) if isinstance(found, Klass) else argument
                yield Holder(owner, made)


def has_hooks(inference: Inference, driver: Driver, owner: Instance) -> bool:
    """The class stands below one of the framework's."""
    definition = inference.index.symbols.definition(owner.owner)
    foreign = inference.hierarchy.foreign_bases(definition) if definition is not None else ()
    return any(driver.bases.fullmatch(dotted) for dotted in foreign)


def driven_steps(
    inference: Inference, handover: Handover, holders: Sequence[Holder], body_of: Callable[[str], Body | None]
) -> list[Step]:
    """What the framework runs, in its order."""
    found: list[Step] = []
    silent = _returns_nothing(inference, handover, holders, body_of)
    for act in handover.driver.acts:
        if silent and act.kind in OF_THE_LOSS:
            continue
        hooks = [hook for holder in holders if (hook := _hook(inference, handover, holder, act.hook, body_of))]
        if any(_hook(inference, handover, h, name, body_of) for h in holders for name in act.unless):
            continue
        around = _around(handover, act)
        for call, target in hooks:
            found.append(
                Step("call", call, handover.scope, handover.statement, around, (target,), act, handover.driver)
            )
        if act.kind is not None and (act.kind != "evaluate" or act.setting) and not hooks:
            call = open_call(ast.Name(f"<{act.kind}>", ast.Load()), handover.node)
            run = _forwards(inference, handover, body_of) if act.kind == "forward" else ()
            found.append(Step("call", call, handover.scope, handover.statement, around, run, act, handover.driver))
    return found


def _returns_nothing(
    inference: Inference, handover: Handover, holders: Sequence[Holder], body_of: Callable[[str], Body | None]
) -> bool:
    """The method that should return the loss returns nothing: the framework then takes no gradients."""
    hooks = [_hook(inference, handover, holder, handover.driver.main_hook, body_of) for holder in holders]
    bodies = [hook[1].body for hook in hooks if hook is not None and hook[1].body is not None]
    values = [n.value for body in bodies for n in body.scope.nodes if isinstance(n, ast.Return) and n.value is not None]
    return bool(bodies) and all(isinstance(value, ast.Constant) and value.value is None for value in values)


def _forwards(inference: Inference, handover: Handover, body_of: Callable[[str], Body | None]) -> tuple[Target, ...]:
    """The forwards of the repository's models that the trainer was given."""
    called = [(model, inference.calls.called_function(model)) for model in handover.models]
    return tuple(Target(model, body=body_of(function.name)) for model, function in called if function is not None)


def _hook(
    inference: Inference, handover: Handover, holder: Holder, name: str, body_of: Callable[[str], Body | None]
) -> tuple[ast.Call, Target] | None:
    definition = inference.index.symbols.definition(holder.owner.owner)
    method = inference.hierarchy.method(definition, name) if definition is not None and name else None
    if method is None:
        return None
    function = Function(method.qualified_name, holder.owner)
    call = open_call(ast.Attribute(holder.node, name, ast.Load()), handover.node)
    return call, Target(function, body=body_of(method.qualified_name))


def _around(handover: Handover, act: Act) -> Surrounding:
    place = (handover.scope.path, getattr(handover.node, "lineno", 0))
    loops = tuple(Loop(f"{handover.driver.framework}: {name}", *place) for name in act.loops)
    return replace(handover.around, loops=(*handover.around.loops, *loops))
