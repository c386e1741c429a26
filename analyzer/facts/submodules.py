"""The sub-modules that a class creates: `self.name = Constructor(…)` in `__init__`, whatever the way.

Containers are opened: `transformer.h.*` is an element of a list whose length the source does not show here.
Reads syntax alone; counting and shapes are the evaluator's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.facts.assignments import own_nodes
from analyzer.facts.class_hierarchy import FUNCTIONS, receiver_name
from analyzer.facts.foreign_modules import CONTAINERS, is_foreign_module
from analyzer.facts.instances import Instances, Target
from analyzer.index import Definition, External
from analyzer.records.structure import SubmoduleInfo

ELEMENT = "*"
MAX_DEPTH = 6


@dataclass(frozen=True)
class _Place:
    """Where an expression stands: the method that holds it and the dotted name it is stored under."""

    method: Definition
    name: str
    depth: int = 0

    def inside(self, part: str) -> _Place:
        return replace(self, name=f"{self.name}.{part}", depth=self.depth + 1)


def find_submodules(instances: Instances, owner: Definition) -> tuple[SubmoduleInfo, ...]:
    """Sub-modules of a class, those that inherited constructors create first, each name and class once."""
    reader = _Reader(instances, owner)
    found: dict[tuple[str, str, int], SubmoduleInfo] = {}
    for method in reader.constructors():
        for info in reader.of_method(method):
            found.setdefault((info.name, info.class_name, info.where.first_line), info)
    return tuple(found.values())


class _Reader:
    def __init__(self, instances: Instances, owner: Definition) -> None:
        self._instances = instances
        self._index = instances.index
        self._owner = owner

    def constructors(self) -> list[Definition]:
        """`__init__`, the constructors it hands on to, and the methods of its own that these call."""
        first = self._instances.hierarchy.method(self._owner, "__init__")
        found: list[Definition] = []
        self._follow(first, found)
        return found

    def _follow(self, method: Definition | None, found: list[Definition]) -> None:
        if method is None or method in found:
            return
        called: list[Definition] = []
        for node in own_nodes(method.node):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called += self._own_methods(method, node.func)
        for target in called:
            if target.name.endswith(".__init__"):
                self._follow(target, found)
        found.append(method)
        for target in called:
            self._follow(target, found)

    def _own_methods(self, method: Definition, function: ast.Attribute) -> list[Definition]:
        """Methods of the same instance: `super().__init__`, `Base.__init__`, `self.build`."""
        base = function.value
        is_super = isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and base.func.id == "super"
        is_self = isinstance(base, ast.Name) and base.id == receiver_name(method.node)
        if is_self:
            own = self._instances.hierarchy.method(self._owner, function.attr)
            return [own] if own is not None else []
        callees = self._instances.callees(method.path, method.name, function)
        own_constructor = function.attr == "__init__" and not is_super
        if is_super or own_constructor:
            return [c for c in callees if isinstance(c, Definition) and not isinstance(c.node, ast.ClassDef)]
        return []

    def of_method(self, method: Definition) -> Iterator[SubmoduleInfo]:
        receiver = receiver_name(method.node)
        for node in own_nodes(method.node):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if _is_own(target, receiver):
                        assert isinstance(target, ast.Attribute)
                        yield from self._of_value(_Place(method, target.attr), node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None and _is_own(node.target, receiver):
                assert isinstance(node.target, ast.Attribute)
                yield from self._of_value(_Place(method, node.target.attr), node.value)
            elif isinstance(node, ast.Call):
                yield from self._of_registration(method, node, receiver)

    def _of_registration(self, method: Definition, call: ast.Call, receiver: str | None) -> Iterator[SubmoduleInfo]:
        """`self.add_module(name, m)`, `setattr(self, name, m)`, `self.blocks.append(m)`."""
        function = call.func
        if isinstance(function, ast.Name) and function.id == "setattr" and len(call.args) == 3:
            if isinstance(call.args[0], ast.Name) and call.args[0].id == receiver:
                yield from self._of_value(_Place(method, _literal_name(call.args[1])), call.args[2])
        elif isinstance(function, ast.Attribute) and len(call.args) >= 1:
            if function.attr in ("add_module", "register_module") and len(call.args) == 2:
                prefix = self._own_prefix(function.value, receiver)
                if prefix is not None:
                    yield from self._of_value(_Place(method, prefix + _literal_name(call.args[0])), call.args[1])
            elif function.attr in ("append", "extend", "insert") and _is_own(function.value, receiver):
                assert isinstance(function.value, ast.Attribute)
                place = _Place(method, function.value.attr)
                for _, value in self._spread(method, call.args[-1]):
                    yield from self._of_value(place.inside(ELEMENT), value)

    @staticmethod
    def _own_prefix(node: ast.expr, receiver: str | None) -> str | None:
        if isinstance(node, ast.Name) and node.id == receiver:
            return ""
        return f"{node.attr}." if _is_own(node, receiver) and isinstance(node, ast.Attribute) else None

    def _of_value(self, place: _Place, value: ast.expr) -> Iterator[SubmoduleInfo]:
        if place.depth > MAX_DEPTH:
            return
        if isinstance(value, ast.IfExp):
            yield from self._of_value(place, value.body)
            yield from self._of_value(place, value.orelse)
        elif isinstance(value, ast.Call):
            yield from self._of_call(place, value)
        elif isinstance(value, ast.Name):
            yield from self._of_local(place, value)

    def _of_local(self, place: _Place, value: ast.Name) -> Iterator[SubmoduleInfo]:
        """A name of the constructor that was assigned a module before it is stored."""
        method = place.method
        for assigned in self._instances.assignments.names(method.path, method.name).get(value.id, []):
            plain = assigned.item is None and not assigned.element
            if plain and not (isinstance(assigned.value, ast.Name) and assigned.value.id == value.id):
                yield from self._of_value(replace(place, depth=place.depth + 1), assigned.value)

    def _of_call(self, place: _Place, call: ast.Call) -> Iterator[SubmoduleInfo]:
        callees = self._instances.callees(place.method.path, place.method.name, call.func)
        modules = [c for c in self._instances.classes(place.method.path, place.method.name, call) if self._is_module(c)]
        if not modules and not self._makes_module(callees):
            return
        yield self._info(place, call, modules)
        if any(isinstance(c, External) and c.dotted in CONTAINERS for c in callees):
            yield from self._inside(place, call)
        for callee in callees:
            if isinstance(callee, Definition) and isinstance(callee.node, FUNCTIONS):
                yield from self._of_returned(place, callee)

    def _of_returned(self, place: _Place, function: Definition) -> Iterator[SubmoduleInfo]:
        """A function that makes a container: what it puts inside, under the name the result is stored by."""
        inner = _Place(function, place.name, place.depth + 1)
        for node in own_nodes(function.node):
            value = node.value if isinstance(node, ast.Return) else None
            found = list(self._of_value(inner, value)) if value is not None else []
            yield from (info for info in found if info.name != place.name)

    def _makes_module(self, callees: tuple[Target, ...]) -> bool:
        return any(isinstance(c, External) and is_foreign_module(c.dotted) for c in callees)

    def _info(self, place: _Place, call: ast.Call, modules: list[Target]) -> SubmoduleInfo:
        own = [m.qualified_name for m in modules if isinstance(m, Definition)]
        path = place.method.path
        return SubmoduleInfo(
            place.name,
            self._index.segment(path, call.func),
            own[0] if len(own) == 1 and len(modules) == 1 else None,
            self._index.segment(path, call),
            self._index.span(path, call),
        )

    def _inside(self, place: _Place, call: ast.Call) -> Iterator[SubmoduleInfo]:
        """What stands in a container: positional elements, or the entries of a dict."""
        arguments = call.args
        if len(arguments) == 1 and not isinstance(arguments[0], ast.Starred):
            entries = self._entries(place, arguments[0])
            if entries is not None:
                for name, value in entries:
                    yield from self._of_value(place.inside(name), value)
                return
        yield from self._elements(place, arguments)

    def _entries(self, place: _Place, node: ast.expr) -> list[tuple[str, ast.expr]] | None:
        """Entries of `{…}`, `dict(…)` and `OrderedDict([(name, module), …])`."""
        if isinstance(node, ast.Dict):
            return [(_literal_name(key), value) for key, value in zip(node.keys, node.values, strict=True)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            resolved = self._instances.callees(place.method.path, place.method.name, node.func)
            is_dict = node.func.id == "dict" or resolved == (External("collections.OrderedDict"),)
            if is_dict and node.keywords:
                return [(k.arg or ELEMENT, k.value) for k in node.keywords]
            if is_dict and node.args:
                return self._pairs(node.args[0])
        return None

    @staticmethod
    def _pairs(node: ast.expr) -> list[tuple[str, ast.expr]] | None:
        if not isinstance(node, (ast.List, ast.Tuple)):
            return None
        pairs = [e for e in node.elts if isinstance(e, (ast.Tuple, ast.List)) and len(e.elts) == 2]
        return [(_literal_name(pair.elts[0]), pair.elts[1]) for pair in pairs]

    def _elements(self, place: _Place, arguments: list[ast.expr]) -> Iterator[SubmoduleInfo]:
        known = all(_is_single(argument) for argument in arguments)
        for number, argument in enumerate(arguments):
            name = str(number) if known else ELEMENT
            for is_many, value in self._spread(place.method, argument):
                yield from self._of_value(place.inside(ELEMENT if is_many else name), value)

    def _spread(self, method: Definition, node: ast.expr, depth: int = 0) -> Iterator[tuple[bool, ast.expr]]:
        """Elements of a starred, listed, repeated or comprehended argument; True where their number is open."""
        if depth > MAX_DEPTH:
            return
        if isinstance(node, ast.Starred):
            yield from ((True, value) for _, value in self._spread(method, node.value, depth + 1))
        elif isinstance(node, (ast.List, ast.Tuple)):
            yield from ((True, v) for e in node.elts for _, v in self._spread(method, e, depth + 1))
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            yield from ((True, v) for _, v in self._spread(method, node.elt, depth + 1))
        elif isinstance(node, ast.BinOp):
            yield from self._spread(method, node.left, depth + 1)
            yield from self._spread(method, node.right, depth + 1)
        elif isinstance(node, ast.Name):
            listed = list(self._listed(method, node.id, depth))
            yield from ((True, value) for value in listed) if listed else iter([(False, node)])
        else:
            yield False, node

    def _listed(self, method: Definition, name: str, depth: int) -> Iterator[ast.expr]:
        """What a local list holds: its literal parts and what is appended to it."""
        for assigned in self._instances.assignments.names(method.path, method.name).get(name, []):
            if isinstance(assigned.value, (ast.List, ast.ListComp, ast.BinOp, ast.Tuple)):
                yield from (v for _, v in self._spread(method, assigned.value, depth + 1))
        for node in own_nodes(method.node):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                base = node.func.value
                if isinstance(base, ast.Name) and base.id == name and node.func.attr in ("append", "extend", "insert"):
                    yield from (v for _, v in self._spread(method, node.args[-1], depth + 1))
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                yield from (v for _, v in self._spread(method, node.value, depth + 1))

    def _is_module(self, target: Target) -> bool:
        if isinstance(target, External):
            return is_foreign_module(target.dotted)
        return isinstance(target.node, ast.ClassDef) and self._instances.hierarchy.is_module(target)


def _is_own(node: ast.AST, receiver: str | None) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == receiver


def _is_single(node: ast.expr) -> bool:
    return isinstance(node, (ast.Call, ast.Name, ast.Attribute, ast.IfExp))


def _literal_name(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ELEMENT
