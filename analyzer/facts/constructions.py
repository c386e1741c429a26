"""What the constructions of a class give for a parameter of its constructor, where the way through the calls does not
tell which of them made the object: all of them together, so that a value counts where they agree.

It evaluates nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.facts.callers import Callers
from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.contexts import Contexts, Value, first_parameter, frame_of
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.keyword_items import Place, keyword_of
from analyzer.facts.literal import NotPlain

MAX_SITES = 8


def given_by_all(inference: Inference, callers: Callers, owner: CodeScope, name: str) -> tuple[Place, ...]:
    """The expressions, one for each construction; NotPlain where one cannot be told, or where there is none."""
    is_method = owner.parent is not None and owner.parent.is_class
    if not is_method or getattr(owner.node, "name", "") != "__init__":
        raise NotPlain(name)
    calls = callers.of(owner)
    if not 0 < len(calls) <= MAX_SITES:
        raise NotPlain(name)
    return tuple(_given(inference, Place(call, scope, ()), owner, name) for call, scope in calls)


def _given(inference: Inference, call: Place, owner: CodeScope, name: str) -> Place:
    node = call.node
    if not isinstance(node, ast.Call):
        raise NotPlain(name)
    try:
        given = argument_named(node, owner.node, name, has_receiver=True)
    except NotPlain:
        place = keyword_given(inference, call, name)
        if place is not None:
            return place
        given = None
    if given is not None:
        return Place(given, call.scope, ())
    default = default_of(owner.node, name)
    if default is None:
        raise NotPlain(name)
    return Place(default, owner.parent or owner, ())


def made_once(inference: Inference, contexts: Contexts, place: Place) -> Value | None:
    """The object that an attribute keeps which the whole class sets in one place: `self.average = Average(0.99)`."""
    node, scope = _receiver(place)
    owners = list(inference.types(node.value, scope)) if isinstance(node, ast.Attribute) else []
    if not isinstance(node, ast.Attribute) or len(owners) != 1 or not isinstance(owners[0], Instance):
        return None
    stores = contexts.stores_of(owners[0], node.attr)
    store = stores[0][1] if len(stores) == 1 else None
    found = contexts.values(store.value, stores[0][0], ()) if isinstance(store, ast.Assign) else None
    return found[0] if found and len(found) == 1 else None


def _receiver(place: Place) -> tuple[ast.expr, CodeScope]:
    """The expression on which the method was called, of which the name is the object itself."""
    node, scope, stack = place
    frame = frame_of(stack, scope) if isinstance(node, ast.Name) and node.id == first_parameter(scope) else None
    if frame is None:
        return node, scope
    (step, target), call = stack[frame], stack[frame][0].node
    is_object = isinstance(target.type, Instance)
    function = call.func if isinstance(call, ast.Call) else node
    base = function if is_object else getattr(function, "value", node)
    return base, step.scope


def keyword_given(inference: Inference, call: Place, name: str, before: Sequence[str] = ()) -> Place | None:
    """What a call gives through its `**mapping`; None where no mapping holds the name, so that the default stands.
    What a partial function was given `before` is no default.
    """
    if not isinstance(call.node, ast.Call) or any(_hides(argument) for argument in call.node.args) or name in before:
        raise NotPlain(name)
    return keyword_of(inference, call, name)


def _hides(argument: ast.expr) -> bool:
    """`*rest` may give any parameter by its place."""
    return isinstance(argument, ast.Starred)
