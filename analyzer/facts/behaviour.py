"""What each function and script body does with torch, by resolved names: computes gradients, runs a model without
them, makes batches, writes arrays. Knows neither files' roles nor pipelines; those are derived from here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.facts.assignments import own_nodes
from analyzer.facts.class_hierarchy import FUNCTIONS
from analyzer.facts.foreign_calls import family_of
from analyzer.facts.foreign_modules import is_foreign_module
from analyzer.facts.instances import Instances, Targets
from analyzer.index import Definition, External
from analyzer.index.scopes import local_names

RUNNING_METHODS = frozenset({"__call__", "forward", "generate", "sample", "predict"})

Action = str
"""Identifier of the rule that a node satisfied."""


Key = tuple[str, str]
"""Path and scope of a unit; the scope of a module body is empty."""


@dataclass
class Unit:
    """A function or the body of a module: its actions with their nodes, and the units it calls or hands on."""

    path: str
    scope: str
    root: ast.AST
    actions: dict[Action, list[ast.AST]] = field(default_factory=dict)
    calls: list[tuple[Key, ast.AST]] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.path, self.scope

    @cached_property
    def bound_names(self) -> frozenset[str]:
        return local_names(self.root)

    def does(self, *actions: Action) -> bool:
        return any(action in self.actions for action in actions)

    def note(self, action: Action, node: ast.AST) -> None:
        self.actions.setdefault(action, []).append(node)


class Behaviour:
    """Units of the repository with what they do and whom they reach."""

    def __init__(self, instances: Instances) -> None:
        self.instances = instances
        self.units = {(path, scope): Unit(path, scope, root) for path, scope, root in instances.scopes.units()}
        for unit in self.units.values():
            self._observe(unit)
        self._reached: dict[Key, dict[Key, ast.AST]] = {}
        self._note_runs()

    def reached_from(self, key: Key) -> dict[Key, ast.AST]:
        """Units that a unit reaches through calls, with the node of the unit's own that leads there."""
        if key not in self._reached:
            self._reached[key] = {}
            for first, node in self.units[key].calls:
                self._reach(self._reached[key], key, first, node)
        return self._reached[key]

    def _reach(self, found: dict[Key, ast.AST], start: Key, first: Key, node: ast.AST) -> None:
        stack = [first]
        while stack:
            current = stack.pop()
            if current not in found and current != start:
                found[current] = node
                stack.extend(called for called, _ in reversed(self.units[current].calls))

    def leading_to(self, goals: Iterable[Key]) -> frozenset[Key]:
        """The goals and all units that come to one of them through calls."""
        return _closure(goals, lambda key: self.callers.get(key, ()))

    def coming_from(self, starts: Iterable[Key]) -> frozenset[Key]:
        """The starts and all units that they come to through calls."""
        return _closure(starts, lambda key: [called for called, _ in self.units[key].calls])

    @cached_property
    def callers(self) -> dict[Key, list[Key]]:
        """Units that call a unit directly."""
        found: dict[Key, list[Key]] = {}
        for key, unit in self.units.items():
            for called, _ in unit.calls:
                found.setdefault(called, []).append(key)
        return found

    @cached_property
    def constructor_annotations(self) -> frozenset[Definition]:
        """Classes that constructors of modules take as an argument, by annotation."""
        found: set[Definition] = set()
        for unit in self.units.values():
            if unit.scope.endswith(".__init__") and self.is_model_method(unit):
                for node in ast.walk(unit.root.args if isinstance(unit.root, FUNCTIONS) else unit.root):
                    annotation = node.annotation if isinstance(node, ast.arg) else None
                    if annotation is not None:
                        found.update(self.instances.annotated(unit.path, unit.scope, annotation))
        return frozenset(found)

    def owner(self, unit: Unit) -> Definition | None:
        """The class that a unit is a method of."""
        table = self.instances.index.symbols.definitions[unit.path]
        found = table.get(unit.scope.rpartition(".")[0]) if "." in unit.scope else None
        return found if found is not None and isinstance(found.node, ast.ClassDef) else None

    def is_model_method(self, unit: Unit) -> bool:
        """A method of an instance of a module class."""
        owner = self.owner(unit)
        return owner is not None and self.instances.hierarchy.is_module(owner) and not _is_made_by_class(unit)

    def _note_runs(self) -> None:
        """Calls that run a model: of `forward`, or of a method of a module class that comes to a `forward`."""
        methods = {key for key, unit in self.units.items() if self.is_model_method(unit)}
        forwards = {key for key in methods if key[1].endswith(".forward")}
        constructors = {key for key in methods if key[1].endswith(".__init__")}
        running = (self.leading_to(forwards) & methods) - constructors
        for unit in self.units.values():
            for called, node in unit.calls:
                if called in running:
                    unit.note("runs_model", node)

    def _observe(self, unit: Unit) -> None:
        for node in own_nodes(unit.root):
            if isinstance(node, ast.Call):
                self._observe_call(unit, node)
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                self._observe_block(unit, node)
        for decorator in getattr(unit.root, "decorator_list", ()):
            self._observe_context(unit, decorator)

    def _observe_block(self, unit: Unit, node: ast.With | ast.AsyncWith) -> None:
        turned_off = [self._observe_context(unit, item.context_expr) for item in node.items]
        if any(turned_off):
            unit.note("frozen_block", node)

    def _observe_context(self, unit: Unit, node: ast.expr) -> bool:
        """True where the context manager or decorator turns gradients off."""
        function = node.func if isinstance(node, ast.Call) else node
        callees = self._callees(unit, function)
        if any(isinstance(c, External) and family_of(c.dotted) == "turns_gradients_off" for c in callees):
            unit.note("turns_gradients_off", node)
            return True
        return False

    def _callees(self, unit: Unit, function: ast.expr) -> Targets:
        return self.instances.callees(unit.path, unit.scope, function)

    def _observe_call(self, unit: Unit, call: ast.Call) -> None:
        callees = self._callees(unit, call.func)
        for callee in callees:
            if isinstance(callee, Definition):
                self._link(unit, callee, call)
            else:
                self._classify(unit, callee.dotted, call)
        if not any(isinstance(callee, Definition) for callee in callees):
            self._observe_method_name(unit, call)
        if not callees and isinstance(call.func, ast.Name) and call.func.id in unit.bound_names:
            unit.note("calls_argument", call)
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            self._observe_handed_on(unit, call, argument)

    def _link(self, unit: Unit, callee: Definition, node: ast.AST) -> None:
        if isinstance(callee.node, ast.ClassDef):
            constructor = self.instances.hierarchy.method(callee, "__init__")
            if constructor is not None:
                unit.calls.append(((constructor.path, constructor.name), node))
        elif (callee.path, callee.name) in self.units:
            unit.calls.append(((callee.path, callee.name), node))

    def _classify(self, unit: Unit, dotted: str, call: ast.Call) -> None:
        family = family_of(dotted)
        if family is not None:
            unit.note(family, call)
        if dotted == "torch.set_grad_enabled" and _is_false(call):
            unit.note("turns_gradients_off", call)
        self._classify_run(unit, dotted, call)

    @staticmethod
    def _classify_run(unit: Unit, dotted: str, call: ast.Call) -> None:
        owner, _, method = dotted.rpartition(".")
        if method in RUNNING_METHODS and is_foreign_module(owner) and not owner.startswith("torch.nn."):
            unit.note("runs_foreign_model", call)
            if method == "generate":
                unit.note("generates", call)

    @staticmethod
    def _observe_method_name(unit: Unit, call: ast.Call) -> None:
        """Methods of tensors and arrays, whose receiver the source need not type."""
        if not isinstance(call.func, ast.Attribute):
            return
        name = call.func.attr
        if name == "backward" and not unit.scope.endswith(".backward"):
            unit.note("computes_gradients", call)
        elif name == "step":
            unit.note("steps_something", call)
        elif name == "tofile":
            unit.note("writes_arrays", call)
        elif name == "eval" and not call.args and not call.keywords:
            unit.note("sets_evaluation_mode", call)

    def _observe_handed_on(self, unit: Unit, call: ast.Call, argument: ast.expr) -> None:
        """`Thread(target=model.generate)`: a function that is passed on will be called by somebody."""
        if not isinstance(argument, (ast.Attribute, ast.Name)) or not isinstance(argument.ctx, ast.Load):
            return
        if self.instances.classes(unit.path, unit.scope, argument):
            return
        for callee in self._callees(unit, argument):
            if isinstance(callee, External):
                self._classify_run(unit, callee.dotted, call)
            elif isinstance(callee.node, FUNCTIONS):
                self._link(unit, callee, call)


def _closure(starts: Iterable[Key], neighbours: Callable[[Key], Iterable[Key]]) -> frozenset[Key]:
    found = set(starts)
    stack = list(found)
    while stack:
        for key in neighbours(stack.pop()):
            if key not in found:
                found.add(key)
                stack.append(key)
    return frozenset(found)


def _is_made_by_class(unit: Unit) -> bool:
    decorators = getattr(unit.root, "decorator_list", ())
    return any(isinstance(d, ast.Name) and d.id in ("classmethod", "staticmethod") for d in decorators)


def _is_false(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value is False
