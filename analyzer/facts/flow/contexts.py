"""Which objects an expression stands for on one particular way through the calls: a parameter is what this call
gives, an attribute what this object's constructor was given.

Answers None where the way does not tell; the flow-insensitive inference then stands.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.handed_values import may_hand
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Function, Instance, Klass, Type
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.flow.steps import Body, Step, Surrounding, Target
from analyzer.facts.literal import NotPlain

Stack = tuple[tuple[Step, Target], ...]
MAX_DEPTH = 16
MAX_VALUES = 8


@dataclass(frozen=True, eq=False)
class Made:
    """The call that constructs an object, and the way that led to it."""

    node: ast.Call
    scope: CodeScope
    stack: Stack


@dataclass(frozen=True, eq=False)
class Value:
    """One object that an expression stands for; `made` is known where its construction lies on the way."""

    type: Type
    made: Made | None = None


Values = tuple[Value, ...]


class Bound:
    """What one scope binds, by name: looked up many times, gathered once."""

    def __init__(self, scope: CodeScope) -> None:
        self.defined: set[str] = set()
        self.stores: dict[str, int] = {}
        self.assigned: dict[str, list[ast.expr]] = {}
        arguments = getattr(scope.node, "args", None)
        named = parameters_of(arguments) if isinstance(arguments, ast.arguments) else []
        self.parameters = {a.arg for a in named}
        for node in scope.nodes:
            self.defined.update(_defined_by(node))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.stores[node.id] = self.stores.get(node.id, 0) + 1
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.assigned.setdefault(node.targets[0].id, []).append(node.value)


class Contexts:
    """Values of expressions under a stack of calls."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._bound: dict[int, Bound] = {}
        self._callables: dict[int, list[str]] = {}

    def reaches(self, step: Step, stack: Stack, target: Target) -> bool:
        """False where the way through the calls rules out that this call runs `target`."""
        if not isinstance(step.node, ast.Call) or not isinstance(target.type, (Instance, Function)):
            return True
        found = self.values(step.node.func, step.scope, stack)
        if found is not None:
            return any(_same(value.type, target.type) for value in found)
        place = frame_of(stack, step.scope)
        call = stack[place] if place is not None else None
        return may_hand(self._inference, step.node.func, step.scope, call, target.type)

    def given(self, scope: CodeScope, stack: Stack) -> tuple[object, ...]:
        """What the parameters of a function stand for that may be called, as a key."""
        if id(scope) not in self._callables:
            arguments = getattr(scope.node, "args", None)
            named = parameters_of(arguments) if isinstance(arguments, ast.arguments) else []
            self._callables[id(scope)] = [a.arg for a in named if self._may_be_called(scope, a.arg)]
        names = self._callables[id(scope)]
        return tuple((name, self._described(self._parameter(name, scope, stack, 0), 0)) for name in names)

    def _may_be_called(self, scope: CodeScope, name: str) -> bool:
        """Several different callables reach the parameter over all ways."""
        found = [t for t in self._inference.names.get((scope.key, name)) if isinstance(t, (Instance, Function))]
        called = [t for t in found if self._inference.calls.called_function(t) is not None]
        return len(found) > 1 or any(isinstance(t, Instance) and not self._inference.is_module(t) for t in called)

    def _described(self, values: Values | None, depth: int) -> object:
        if values is None:
            return None
        return tuple(sorted((repr(v.type), repr(self._parts(v, depth))) for v in values))

    def _parts(self, value: Value, depth: int) -> object:
        if value.made is None or depth > 2:
            return ()
        made = value.made
        given = [*made.node.args, *(k.value for k in made.node.keywords)]
        return tuple(self._described(self.values(part, made.scope, made.stack), depth + 1) for part in given)

    def values(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int = 0) -> Values | None:
        """The objects behind an expression, None where this way does not tell."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, ast.Lambda):
            inner = self._inference.scopes.by_node.get(id(node))
            return (Value(Function(inner.key)),) if inner is not None else None
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, stack, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, stack, depth)
        return self._call(node, scope, stack, depth) if isinstance(node, ast.Call) else None

    def _name(self, name: str, scope: CodeScope, stack: Stack, depth: int) -> Values | None:
        owner = self._inference.scopes.owner_of(scope, name)
        bound = self._bound_in(owner) if owner is not None and not owner.is_class else None
        if owner is None or bound is None or bound.defined & {name, "*"}:
            return None
        if not owner.is_function and self._is_set_elsewhere(owner, name):
            return None
        stores = bound.stores.get(name, 0)
        if not stores and owner.is_function:
            return self._parameter(name, owner, stack, depth + 1)
        assigned = bound.assigned.get(name, [])
        if not assigned or len(assigned) != stores or name in bound.parameters:
            return None
        return _joined(lambda part: self.values(part, owner, _below(stack, owner), depth + 1), assigned)

    def _bound_in(self, scope: CodeScope) -> Bound:
        if id(scope) not in self._bound:
            self._bound[id(scope)] = Bound(scope)
        return self._bound[id(scope)]

    def _is_set_elsewhere(self, module: CodeScope, name: str) -> bool:
        """A function of the file sets the module's name, or other files may."""
        scopes = self._inference.scopes.by_key.values()
        stores = self._inference.scopes.attribute_stores.get(name, ())
        return any(not _is_of_receiver(scope, node, name) for scope, node in stores) or any(
            s.path == module.path and name in s.globals for s in scopes
        )

    def _parameter(self, name: str, owner: CodeScope, stack: Stack, depth: int) -> Values | None:
        place = frame_of(stack, owner)
        if place is None:
            return None
        step, target = stack[place]
        if not isinstance(step.node, ast.Call):
            return None
        has_receiver = has_receiver_of(target)
        if has_receiver and first_parameter(owner) == name:
            return self._receiver(step, target, stack[:place], depth)
        try:
            given = argument_named(step.node, owner.node, name, has_receiver, given_before(target))
        except NotPlain:
            return None
        if given is not None:
            found = self.values(given, step.scope, stack[:place], depth + 1)
            return found if found is not None else self._anywhere(given, step.scope)
        default = default_of(owner.node, name)
        return self.values(default, owner.parent or owner, (), depth + 1) if default is not None else None

    def _anywhere(self, node: ast.expr, scope: CodeScope) -> Values | None:
        """What an expression that is handed on stands for on any way through its own code: callables alone."""
        found = sorted(self._inference.types(node, scope), key=repr)
        callables = all(isinstance(one, (Instance, Function)) for one in found)
        return tuple(map(Value, found)) if found and callables and len(found) <= MAX_VALUES else None

    def _receiver(self, step: Step, target: Target, stack: Stack, depth: int) -> Values | None:
        """The object that a method was called on."""
        node = step.node
        if not isinstance(node, ast.Call):
            return None
        if isinstance(target.type, Klass):
            return (Value(Instance(target.type.owner), Made(node, step.scope, stack)),)
        is_object = isinstance(target.type, Instance)
        base = node.func if is_object else getattr(node.func, "value", None)
        found = self.values(base, step.scope, stack, depth + 1) if base is not None else None
        owner = target.type if is_object else getattr(target.type, "receiver", None)
        return tuple(v for v in found if self._is_a(v.type, owner)) or None if found is not None else None

    def _is_a(self, found: Type, owner: Type | None) -> bool:
        """Same class, or a subclass of it."""
        definition = self._inference.index.symbols.definition(found.owner) if isinstance(found, Instance) else None
        classes = self._inference.hierarchy.order(definition) if definition is not None else ()
        return found == owner or any(getattr(c, "qualified_name", "") == getattr(owner, "owner", None) for c in classes)

    def _attribute(self, node: ast.Attribute, scope: CodeScope, stack: Stack, depth: int) -> Values | None:
        bases = self.values(node.value, scope, stack, depth + 1)
        return _joined(lambda base: self._of_object(base, node.attr, depth), bases) if bases else None

    def _of_object(self, base: Value, name: str, depth: int) -> Values | None:
        """An attribute that the object's own constructor sets, and nothing else."""
        stored = self.stored(base, name)
        return self.values(*stored, depth + 1) if stored is not None else None

    def stored(self, base: Value, name: str) -> tuple[ast.expr, CodeScope, Stack] | None:
        """The one expression that makes an attribute, with its scope and the way to it."""
        if base.made is None or not isinstance(base.type, Instance):
            return None
        stores = self.stores_of(base.type, name)
        for scope, node in stores if len(stores) == 1 else ():
            ways = self.constructors(base.made, base.type.owner)
            stack = next((stack for inner, stack in ways if inner is scope), None)
            value = _stored_value(node, name)
            if value is not None and stack is not None:
                return value, scope, stack
        return None

    def constructors(self, made: Made, owner: str) -> Iterator[tuple[CodeScope, Stack]]:
        """The constructor that builds an object, and those of its bases that it calls."""
        step, stack = Step("call", made.node, made.scope, ast.Pass(), Surrounding()), made.stack
        function: Function | None = self._inference.calls.called_function(Klass(owner))
        found: Type = Klass(owner)
        for _ in range(MAX_DEPTH):
            inner = self._inference.scopes.by_key.get(function.name) if function is not None else None
            if inner is None:
                return
            stack = (*stack, (step, Target(found, body=Body(inner))))
            yield inner, stack
            call = next((n for n in inner.nodes if isinstance(n, ast.Call) and _is_super_constructor(n)), None)
            if call is None:
                return
            callees = [t for t in self._inference.types(call.func, inner) if isinstance(t, Function)]
            if len(callees) != 1:
                return
            function = found = callees[0]
            step = Step("call", call, inner, ast.Pass(), Surrounding())

    def stores_of(self, owner: Instance, name: str) -> list[tuple[CodeScope, ast.stmt]]:
        """Stores that may set this attribute of an object; methods of unrelated classes set their own."""
        definition = self._inference.index.symbols.definition(owner.owner)
        classes = self._inference.hierarchy.order(definition) if definition is not None else ()
        keys = {getattr(c, "qualified_name", "") for c in classes}
        return [
            (scope, node)
            for scope, node in self._inference.scopes.attribute_stores.get(name, ())
            if not _is_of_receiver(scope, node, name) or (scope.parent is not None and scope.parent.key in keys)
        ]

    def _call(self, node: ast.Call, scope: CodeScope, stack: Stack, depth: int) -> Values | None:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return self._parameter(first_parameter(scope), scope, stack, depth + 1)
        callees = sorted(self._inference.types(node.func, scope), key=repr)
        if not callees:
            return None
        return _joined(lambda callee: self._result(callee, node, scope, stack, depth), callees)

    def _result(self, callee: Type, node: ast.Call, scope: CodeScope, stack: Stack, depth: int) -> Values | None:
        if isinstance(callee, Klass):
            return (Value(Instance(callee.owner), Made(node, scope, stack)),)
        inner = self._inference.scopes.by_key.get(callee.name) if isinstance(callee, Function) else None
        if inner is None:
            return None
        step = Step("call", node, scope, ast.Pass(), Surrounding())
        below = (*stack, (step, Target(callee, body=Body(inner))))
        returned = [n.value for n in inner.nodes if isinstance(n, ast.Return) and n.value is not None]
        return _joined(lambda part: self.values(part, inner, below, depth + 1), returned) if returned else None


def _joined(question: Callable[..., Values | None], parts: Sequence[object]) -> Values | None:
    """The values of all parts; None as soon as one of them is not told."""
    found: list[Value] = []
    for part in parts:
        values = question(part)
        if values is None or len(found) + len(values) > MAX_VALUES:
            return None
        found += values
    return tuple(found)


def _same(found: Type, target: Type) -> bool:
    if isinstance(found, Function) and isinstance(target, Function):
        return found.name == target.name
    return found == target


def frame_of(stack: Stack, owner: CodeScope) -> int | None:
    places: Iterator[int] = (
        p for p in range(len(stack) - 1, -1, -1) if (body := stack[p][1].body) is not None and body.scope is owner
    )
    return next(places, None)


def _defined_by(node: ast.AST) -> list[str]:
    """Names that a definition or import binds."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return [node.name] if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else []


def _is_super_constructor(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "super().__init__"


def _is_of_receiver(scope: CodeScope, node: ast.stmt, name: str) -> bool:
    """`self.x = …` in a method."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    bases = [
        part.value
        for target in targets
        if target is not None
        for part in ast.walk(target)
        if isinstance(part, ast.Attribute) and part.attr == name
    ]
    receiver = first_parameter(scope) if scope.parent is not None and scope.parent.is_class else ""
    return bool(receiver) and all(isinstance(base, ast.Name) and base.id == receiver for base in bases)


def _stored_value(node: ast.stmt, name: str) -> ast.expr | None:
    """What a statement stores in an attribute, also where it stores several side by side."""
    if not isinstance(node, ast.Assign):
        return None
    if any(_is_attribute(target, name) for target in node.targets):
        return node.value
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return next((part for at, part in zip(target.elts, value.elts, strict=True) if _is_attribute(at, name)), None)
    return None


def _is_attribute(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == name


def _below(stack: Stack, owner: CodeScope) -> Stack:
    place = frame_of(stack, owner)
    return stack if place is None else stack[: place + 1]


def has_receiver_of(target: Target) -> bool:
    return isinstance(target.type, (Instance, Klass)) or getattr(target.type, "receiver", None) is not None


def given_before(target: Target) -> tuple[str, ...]:
    """Parameters that a partial function was given before this call."""
    return target.type.given if isinstance(target.type, Function) else ()


def first_parameter(owner: CodeScope) -> str:
    arguments = getattr(owner.node, "args", None)
    named = parameters_of(arguments) if isinstance(arguments, ast.arguments) else []
    return next((a.arg for a in named), "")
