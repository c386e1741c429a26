"""What an expression calls and which class its value is an instance of, as far as the source's assignments tell.

Follows names, attributes, returns, arguments (by annotation and by the calls of the repository) and containers;
an empty answer means that the source does not tell. Nothing is evaluated and nothing is guessed from names.
"""

from __future__ import annotations

import ast
from functools import cached_property

from analyzer.facts.assignments import Assigned, Assignments, own_nodes
from analyzer.facts.class_hierarchy import FUNCTIONS, ClassHierarchy
from analyzer.facts.code_scopes import Scopes, annotation_of, argument_of
from analyzer.facts.foreign_modules import is_foreign_module
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name

Target = Definition | External
Targets = tuple[Target, ...]
"""Possible answers in order of appearance; classes as instances, or functions and classes as callees."""

KEEPS_INSTANCE = frozenset({
    "to", "cuda", "cpu", "train", "eval", "half", "float", "bfloat16", "double", "type", "requires_grad_", "apply",
    "share_memory",
})  # fmt: skip
"""Methods of modules that give back the module itself."""
WRAPPERS = frozenset({
    "torch.compile", "torch.jit.script", "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel",
    "torch.nn.parallel.distributed.DistributedDataParallel", "torch.distributed.fsdp.FullyShardedDataParallel",
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm", "copy.deepcopy", "copy.copy", "torch.quantization.convert",
    "torch.ao.quantization.quantize_dynamic", "torch.quantization.quantize_dynamic",
})  # fmt: skip
DEPTH = 12
MOST_TARGETS = 32
"""What may be more things than this tells nothing."""
MOST_STEPS = 30_000
"""Questions that one question may lead to; in code that hands values round in circles they multiply, and then nothing
is said.
"""
LONGEST_CHAIN = 12
"""Names of a foreign chain: `x = x.view(…)` in a loop would grow without end."""


class Instances:
    """Callees and instance classes of expressions; every question is answered once."""

    def __init__(self, index: SourceIndex) -> None:
        self.index = index
        self.hierarchy = ClassHierarchy(index)
        self.assignments = Assignments(index)
        self.scopes = Scopes(index, self.assignments)
        self._known: dict[tuple[str, str, int, bool], Targets] = {}
        self._open: set[tuple[str, str, int, bool]] = set()
        self._cuts = 0
        self._steps = 0

    def callees(self, path: str, scope: str, function: ast.expr) -> Targets:
        """What `function(...)` may call: functions, methods and classes of the repository, foreign dotted names."""
        return self._answer(path, scope, function, called=True)

    def classes(self, path: str, scope: str, value: ast.expr) -> Targets:
        """Classes that the value may be an instance of; a foreign call stands for what it returns."""
        return self._answer(path, scope, value, called=False)

    def _answer(self, path: str, scope: str, node: ast.expr, called: bool) -> Targets:
        key = (path, scope, id(node), called)
        if key in self._known:
            return self._known[key]
        self._steps = self._steps + 1 if self._open else 0
        if key in self._open or len(self._open) > DEPTH or self._steps > MOST_STEPS:
            self._cuts += 1
            return ()
        cuts = self._cuts
        self._open.add(key)
        try:
            found = self._callees(path, scope, node) if called else self._classes(path, scope, node)
        finally:
            self._open.discard(key)
        asked_too_much = not self._open and self._steps > MOST_STEPS
        unique = () if asked_too_much else tuple(dict.fromkeys(found))[:MOST_TARGETS]
        if cuts == self._cuts or not self._open:
            self._known[key] = unique
        return unique

    # what is called

    def _callees(self, path: str, scope: str, node: ast.expr) -> Targets:
        dotted = dotted_name(node)
        if dotted is not None:
            resolved = self._resolve(path, dotted, scope)
            if resolved is not None:
                return (resolved,)
        if isinstance(node, ast.Name):
            return self._callees_of_name(path, scope, node)
        if isinstance(node, ast.Attribute):
            return self._callees_of_attribute(path, scope, node)
        if isinstance(node, ast.Subscript):
            return self._callees_of_entries(path, scope, node.value)
        if isinstance(node, ast.IfExp):
            return self.callees(path, scope, node.body) + self.callees(path, scope, node.orelse)
        return self._callable_instances(path, scope, node)

    def _resolve(self, path: str, dotted: str, scope: str) -> Target | None:
        resolved = self.index.symbols.resolve(path, dotted, scope)
        if isinstance(resolved, Definition) and not isinstance(resolved.node, (*FUNCTIONS, ast.ClassDef)):
            return None
        return None if isinstance(resolved, str) else resolved

    def _callees_of_name(self, path: str, scope: str, node: ast.Name) -> Targets:
        if self.scopes.is_class_argument(path, scope, node.id):
            return (self.index.symbols.definitions[path][scope.rpartition(".")[0]],)
        found: Targets = ()
        for home, place, assigned in self.scopes.assigned(path, scope, node.id):
            if assigned.item is None and not assigned.element and not assigned.entered:
                found += self._named_callable(home, place, assigned.value)
        found = found or self._callable_instances(path, scope, node)
        return found or self._callables_passed(path, scope, node.id)

    def _callables_passed(self, path: str, scope: str, name: str) -> Targets:
        """Functions that the repository's own calls pass for an argument."""
        function, place = self.scopes.argument_place(path, scope, name)
        if function is None:
            return ()
        passed = self._passed_values(function, place, name)
        return tuple(target for home, inner, value in passed for target in self.callees(home, inner, value))

    def _named_callable(self, path: str, scope: str, value: ast.expr) -> Targets:
        """`make = Block` or `make = partial(Block, …)` names a callable; `net = Block()` names an instance."""
        if isinstance(value, ast.Call):
            target = dotted_name(value.func)
            resolved = self._resolve(path, target, scope) if target else None
            if isinstance(resolved, External) and resolved.dotted == "functools.partial" and value.args:
                return self.callees(path, scope, value.args[0])
            return tuple(map(self._call_of, self.classes(path, scope, value)))
        if isinstance(value, (ast.Name, ast.Attribute, ast.IfExp, ast.Subscript)):
            return self.callees(path, scope, value)
        return ()

    def _callees_of_attribute(self, path: str, scope: str, node: ast.Attribute) -> Targets:
        if self._is_super(node.value):
            return self._super_method(path, scope, node.attr)
        found: list[Target] = []
        for owner in self.classes(path, scope, node.value):
            found += self._member(owner, node.attr)
        return tuple(found)

    def _member(self, owner: Target, name: str) -> Targets:
        if isinstance(owner, External):
            return (External(f"{owner.dotted}.{name}"),) if owner.dotted.count(".") < LONGEST_CHAIN else ()
        method = self.hierarchy.method(owner, name)
        if method is not None:
            return (method,)
        stored = self._class_level(owner, name) or tuple(map(self._call_of, self._attribute_classes(owner, name)))
        if stored:
            return stored
        foreign = self.hierarchy.foreign_bases(owner)
        return (External(f"{foreign[0]}.{name}"),) if foreign else ()

    def _class_level(self, owner: Definition, name: str) -> Targets:
        """`decode = decode_function` in the body of the class."""
        found: Targets = ()
        for ancestor in self.hierarchy.order(owner):
            if isinstance(ancestor, Definition) and not found:
                for assigned in self.assignments.names(ancestor.path, ancestor.name).get(name, []):
                    found += self._named_callable(ancestor.path, ancestor.name, assigned.value)
        return found

    def _callable_instances(self, path: str, scope: str, node: ast.expr) -> Targets:
        return tuple(map(self._call_of, self.classes(path, scope, node)))

    def _call_of(self, owner: Target) -> Target:
        """What calling an instance runs: `forward` of a module, `__call__` of anything else, else the class."""
        if isinstance(owner, External):
            return External(f"{owner.dotted}.__call__")
        name = "forward" if self.hierarchy.is_module(owner) else "__call__"
        return self.hierarchy.method(owner, name) or owner

    def _callees_of_entries(self, path: str, scope: str, table: ast.expr) -> Targets:
        """`{"a": f, "b": g}[name]` may be any of its entries."""
        entries = self._entries(path, scope, table)
        return tuple(target for home, place, entry in entries for target in self.callees(home, place, entry))

    def _entries(self, path: str, scope: str, table: ast.expr) -> list[tuple[str, str, ast.expr]]:
        if isinstance(table, ast.Dict):
            return [(path, scope, value) for value in table.values]
        if isinstance(table, (ast.List, ast.Tuple)):
            return [(path, scope, value) for value in table.elts]
        dotted = dotted_name(table)
        if dotted is None:
            return []
        resolved = self.index.symbols.resolve(path, dotted, scope)
        if isinstance(resolved, Definition) and isinstance(resolved.node, (ast.Assign, ast.AnnAssign)):
            value = resolved.node.value
            return self._entries(resolved.path, "", value) if isinstance(value, (ast.Dict, ast.List, ast.Tuple)) else []
        local = self.scopes.assigned(path, scope, dotted)
        literals = [(p, s, a.value) for p, s, a in local if isinstance(a.value, (ast.Dict, ast.List, ast.Tuple))]
        return [entry for home, place, value in literals for entry in self._entries(home, place, value)]

    def _super_method(self, path: str, scope: str, name: str) -> Targets:
        owner = self.scopes.owner(path, scope)
        if owner is None:
            return ()
        for ancestor in self.hierarchy.order(owner)[1:]:
            if isinstance(ancestor, External):
                return (External(f"{ancestor.dotted}.{name}"),)
            found = self.index.symbols.definitions[ancestor.path].get(f"{ancestor.name}.{name}")
            if found is not None:
                return (found,)
        return ()

    @staticmethod
    def _is_super(node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"

    # what a value is

    def _classes(self, path: str, scope: str, node: ast.expr) -> Targets:
        if isinstance(node, ast.Call):
            return self._classes_of_call(path, scope, node)
        if isinstance(node, ast.Name):
            return self._classes_of_name(path, scope, node.id)
        if isinstance(node, ast.Attribute):
            return self._classes_of_attribute(path, scope, node)
        if isinstance(node, ast.IfExp):
            return self.classes(path, scope, node.body) + self.classes(path, scope, node.orelse)
        if isinstance(node, (ast.Await, ast.NamedExpr)):
            return self.classes(path, scope, node.value)
        if isinstance(node, ast.BoolOp):
            return tuple(found for value in node.values for found in self.classes(path, scope, value))
        return ()

    def _classes_of_call(self, path: str, scope: str, node: ast.Call) -> Targets:
        if isinstance(node.func, ast.Attribute) and node.func.attr in KEEPS_INSTANCE:
            kept = tuple(c for c in self.classes(path, scope, node.func.value) if self._is_module(c))
            if kept:
                return kept
        found: list[Target] = []
        for callee in self.callees(path, scope, node.func):
            found += self._result_of(path, scope, node, callee)
        return tuple(found)

    def _result_of(self, path: str, scope: str, node: ast.Call, callee: Target) -> Targets:
        if isinstance(callee, External):
            if callee.dotted in WRAPPERS and node.args:
                return self.classes(path, scope, node.args[0]) or (callee,)
            return (callee,)
        if isinstance(callee.node, ast.ClassDef):
            return (callee,)
        return self.returned(callee)

    def returned(self, function: Definition) -> Targets:
        """Classes of what a function returns."""
        found: list[Target] = []
        for node in own_nodes(function.node):
            if isinstance(node, ast.Return) and node.value is not None:
                found += self.classes(function.path, function.name, node.value)
        return tuple(found)

    def _classes_of_name(self, path: str, scope: str, name: str) -> Targets:
        owner = self.scopes.owner(path, scope)
        if owner is not None and self.scopes.is_receiver(path, scope, name):
            return (owner,)
        found: list[Target] = []
        for home, place, assigned in self.scopes.assigned(path, scope, name):
            found += self._classes_of_assigned(home, place, assigned)
        if not found:
            found += self._classes_of_argument(path, scope, name)
        if not found:
            found += self._classes_of_import(path, scope, name)
        return tuple(found)

    def _classes_of_import(self, path: str, scope: str, name: str) -> Targets:
        """An instance made at the top of another module and imported from there."""
        resolved = self.index.symbols.resolve(path, name, scope)
        if isinstance(resolved, Definition) and resolved.path != path and isinstance(resolved.node, ast.Assign):
            return self.classes(resolved.path, "", resolved.node.value)
        return ()

    def _classes_of_assigned(self, path: str, scope: str, assigned: Assigned) -> Targets:
        if assigned.element:
            return self._classes_of_elements(path, scope, assigned)
        if assigned.item is not None:
            return self._classes_of_item(path, scope, assigned.value, assigned.item)
        return self.classes(path, scope, assigned.value)

    def _classes_of_elements(self, path: str, scope: str, assigned: Assigned) -> Targets:
        """Elements of `self.blocks` where it is a container of modules: what was put into it."""
        if not isinstance(assigned.value, ast.Attribute):
            return ()
        found: list[Target] = []
        for owner in self.classes(path, scope, assigned.value.value):
            if isinstance(owner, Definition):
                for method, stored in self._stored(owner, assigned.value.attr):
                    found += self._contained(method, stored.value)
        return tuple(found)

    def _contained(self, method: Definition, value: ast.expr) -> Targets:
        if not isinstance(value, ast.Call):
            return ()
        inner = [n for argument in value.args for n in ast.walk(argument) if isinstance(n, ast.Call)]
        found = [c for call in inner for c in self.classes(method.path, method.name, call)]
        return tuple(c for c in found if isinstance(c, Definition) and self._is_module(c))

    def _classes_of_item(self, path: str, scope: str, value: ast.expr, item: int) -> Targets:
        """`a, b = f()` where `f` returns a tuple, `a, b = accelerator.prepare(a, b)`."""
        if not isinstance(value, ast.Call):
            return ()
        found: list[Target] = []
        for callee in self.callees(path, scope, value.func):
            if isinstance(callee, External):
                kept = callee.dotted.endswith(".prepare") and item < len(value.args)
                found += self.classes(path, scope, value.args[item]) if kept else ()
            else:
                found += self._returned_item(callee, item)
        return tuple(found)

    def _returned_item(self, function: Definition, item: int) -> Targets:
        found: list[Target] = []
        for node in own_nodes(function.node):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and item < len(node.value.elts):
                found += self.classes(function.path, function.name, node.value.elts[item])
        return tuple(found)

    def _classes_of_attribute(self, path: str, scope: str, node: ast.Attribute) -> Targets:
        found: list[Target] = []
        for owner in self.classes(path, scope, node.value):
            if isinstance(owner, Definition):
                found += self._attribute_classes(owner, node.attr)
            elif node.attr == "module":
                found.append(owner)
        if not found and node.attr == "module":
            return self.classes(path, scope, node.value)
        return tuple(found)

    def _attribute_classes(self, owner: Definition, name: str) -> Targets:
        found: list[Target] = []
        for method, assigned in self._stored(owner, name):
            found += self._classes_of_assigned(method.path, method.name, assigned)
        if not found and name == "module":
            return (owner,)
        return tuple(found)

    def _stored(self, owner: Definition, name: str) -> list[tuple[Definition, Assigned]]:
        ancestors = [item for item in self.hierarchy.order(owner) if isinstance(item, Definition)]
        return [entry for item in ancestors for entry in self.assignments.attributes(item).get(name, [])]

    # arguments

    def _classes_of_argument(self, path: str, scope: str, name: str) -> Targets:
        function, place = self.scopes.argument_place(path, scope, name)
        if function is None:
            return ()
        annotated = self.annotated(path, scope, annotation_of(function, name))
        if annotated:
            return annotated
        passed = self._passed_values(function, place, name)
        return tuple(target for home, inner, value in passed for target in self.classes(home, inner, value))

    def annotated(self, path: str, scope: str, annotation: ast.expr | None) -> tuple[Definition, ...]:
        """The class of the repository that an annotation names."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            dotted: str | None = annotation.value
        else:
            dotted = dotted_name(annotation) if annotation is not None else None
        resolved = self._resolve(path, dotted, scope) if dotted and dotted.replace(".", "").isidentifier() else None
        if isinstance(resolved, Definition) and isinstance(resolved.node, ast.ClassDef):
            return (resolved,)
        return ()

    def _passed_values(self, function: Definition, place: int, name: str) -> list[tuple[str, str, ast.expr]]:
        found = []
        for path, scope, call, shift in self.calls_of(function):
            value = argument_of(call, place - shift, name)
            if value is not None:
                found.append((path, scope, value))
        return found

    def calls_of(self, function: Definition) -> list[tuple[str, str, ast.Call, int]]:
        """Calls of a function in the repository as (path, scope, call, 1 where the receiver is passed silently)."""
        return self._callers.get(function, [])

    @cached_property
    def _callers(self) -> dict[Definition, list[tuple[str, str, ast.Call, int]]]:
        """First pass: calls that resolve without knowing what arguments are passed."""
        self.__dict__["_callers"] = {}
        found: dict[Definition, list[tuple[str, str, ast.Call, int]]] = {}
        for path, scope, root in self.scopes.units():
            for node in own_nodes(root):
                if isinstance(node, ast.Call):
                    for callee in self.callees(path, scope, node.func):
                        self._record_call(found, path, scope, node, callee)
        self._known.clear()
        return found

    def _record_call(
        self,
        found: dict[Definition, list[tuple[str, str, ast.Call, int]]],
        path: str,
        scope: str,
        call: ast.Call,
        callee: Target,
    ) -> None:
        if not isinstance(callee, Definition):
            return
        is_class = isinstance(callee.node, ast.ClassDef)
        function = self.hierarchy.method(callee, "__init__") if is_class else callee
        if function is not None:
            shift = 1 if "." in function.name and self.scopes.owner(function.path, function.name) else 0
            found.setdefault(function, []).append((path, scope, call, shift))

    def _is_module(self, target: Target) -> bool:
        if isinstance(target, External):
            return is_foreign_module(target.dotted)
        return isinstance(target.node, ast.ClassDef) and self.hierarchy.is_module(target)
