"""What each function and script body does with torch, by resolved names: computes gradients, runs a model without
them, makes batches, writes arrays. Knows neither files' roles nor pipelines; those are derived from here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.facts.assignments import own_nodes
from analyzer.facts.class_hierarchy import FUNCTIONS
from analyzer.facts.foreign_calls import family_of
from analyzer.facts.foreign_modules import is_foreign_module
from analyzer.facts.instances import Instances, Targets
from analyzer.index import Definition, External

Action = str
"""Identifier of the rule that a node satisfied."""


@dataclass
class Unit:
    """A function or the body of a module: its actions with their nodes, and the units it calls or hands on."""

    path: str
    scope: str
    root: ast.AST
    actions: dict[Action, list[ast.AST]] = field(default_factory=dict)
    calls: dict[tuple[str, str], ast.AST] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.path, self.scope

    def does(self, *actions: Action) -> bool:
        return any(action in self.actions for action in actions)


class Behaviour:
    """Units of the repository with what they do and whom they reach."""

    def __init__(self, instances: Instances) -> None:
        self.instances = instances
        self.units = {(path, scope): Unit(path, scope, root) for path, scope, root in instances.units()}
        for unit in self.units.values():
            self._observe(unit)

    def reached_from(self, key: tuple[str, str]) -> dict[tuple[str, str], ast.AST]:
        """Units that a unit reaches through calls, with the node of the unit's own that leads there."""
        found: dict[tuple[str, str], ast.AST] = {}
        for first, node in self.units[key].calls.items():
            stack = [first]
            while stack:
                current = stack.pop()
                if current not in found and current != key:
                    found[current] = node
                    stack.extend(reversed(list(self.units[current].calls)))
        return found

    @cached_property
    def callers(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """Units that call a unit directly."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for key, unit in self.units.items():
            for called in unit.calls:
                found.setdefault(called, []).append(key)
        return found

    def reaches(self, key: tuple[str, str], holds: Callable[[Unit], bool]) -> bool:
        """True where the unit itself or a unit that it reaches satisfies the condition."""
        return holds(self.units[key]) or any(holds(self.units[other]) for other in self.reached_from(key))

    def is_model_method(self, unit: Unit) -> bool:
        """A method of a module class."""
        owner = self.owner(unit)
        return owner is not None and self.instances.hierarchy.is_module(owner)

    def owner(self, unit: Unit) -> Definition | None:
        """The class that a unit is a method of."""
        table = self.instances.index.symbols.definitions[unit.path]
        found = table.get(unit.scope.rpartition(".")[0]) if "." in unit.scope else None
        return found if found is not None and isinstance(found.node, ast.ClassDef) else None

    def _observe(self, unit: Unit) -> None:
        for node in own_nodes(unit.root):
            if isinstance(node, ast.Call):
                self._observe_call(unit, node)
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                for item in node.items:
                    self._observe_context(unit, item.context_expr)
        for decorator in getattr(unit.root, "decorator_list", ()):
            self._observe_context(unit, decorator)

    def _observe_context(self, unit: Unit, node: ast.expr) -> None:
        function = node.func if isinstance(node, ast.Call) else node
        if any(family_of(c.dotted) == "turns_gradients_off" for c in self._foreign(unit, function)):
            unit.actions.setdefault("turns_gradients_off", []).append(node)

    def _foreign(self, unit: Unit, function: ast.expr) -> Iterator[External]:
        yield from (c for c in self._callees(unit, function) if isinstance(c, External))

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
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            self._observe_handed_on(unit, argument)

    def _link(self, unit: Unit, callee: Definition, call: ast.AST) -> None:
        hierarchy = self.instances.hierarchy
        if isinstance(callee.node, ast.ClassDef):
            if hierarchy.is_module(callee):
                unit.actions.setdefault("builds_model", []).append(call)
            constructor = hierarchy.method(callee, "__init__")
            if constructor is not None:
                unit.calls.setdefault((constructor.path, constructor.name), call)
        elif isinstance(callee.node, FUNCTIONS):
            unit.calls.setdefault((callee.path, callee.name), call)
            owner = self.owner(self.units[callee.path, callee.name])
            if owner is not None and hierarchy.is_module(owner) and not callee.name.endswith(".__init__"):
                unit.actions.setdefault("runs_model", []).append(call)

    def _classify(self, unit: Unit, dotted: str, call: ast.Call) -> None:
        family = family_of(dotted)
        if family is not None:
            unit.actions.setdefault(family, []).append(call)
        owner, _, method = dotted.rpartition(".")
        if is_foreign_module(owner) and method in ("__call__", "generate", "forward", "sample"):
            unit.actions.setdefault("runs_foreign_model", []).append(call)

    def _observe_method_name(self, unit: Unit, call: ast.Call) -> None:
        """Methods of tensors and arrays, whose receiver the source need not type."""
        if not isinstance(call.func, ast.Attribute):
            return
        name = call.func.attr
        if name == "backward" and not _receives_context(unit):
            unit.actions.setdefault("computes_gradients", []).append(call)
        elif name == "tofile":
            unit.actions.setdefault("writes_arrays", []).append(call)
        elif name == "eval" and not call.args and not call.keywords:
            unit.actions.setdefault("sets_evaluation_mode", []).append(call)

    def _observe_handed_on(self, unit: Unit, argument: ast.expr) -> None:
        """`Thread(target=model.generate)`: a function that is passed on will be called by somebody."""
        if isinstance(argument, (ast.Attribute, ast.Name)) and isinstance(argument.ctx, ast.Load):
            for callee in self._callees(unit, argument):
                named = isinstance(callee, Definition) and isinstance(callee.node, FUNCTIONS)
                if named and isinstance(callee, Definition) and _last(argument) == callee.name.rpartition(".")[2]:
                    self._link(unit, callee, argument)


def _last(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _receives_context(unit: Unit) -> bool:
    """The backward of an own autograd function, not a training step."""
    return unit.scope.rpartition(".")[2] == "backward"
