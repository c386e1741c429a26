"""Reads the data flow of a `forward` from its own statements, following only lines that the trace executed.

A value is followed from name to name; calls of modules and functions and operators that join tensors become
steps, calls that only rearrange a tensor do not. Nothing is taken from the order in which modules are defined.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from analyzer.document.diagrams.describe import shape_text, style_of, typed_shape, varied_text
from analyzer.document.diagrams.flow import Edge, Flow, Kind, Step, without_dead_ends
from analyzer.document.diagrams.flow_calls import called, handed_modules, runs_first_argument
from analyzer.document.diagrams.flow_loops import loop_modules, round_line, rounds_of, runs_of, varies
from analyzer.document.diagrams.flow_methods import Calls, read_method
from analyzer.document.diagrams.flow_modules import children_of, handed_lines, module_step, output_text, taken_text
from analyzer.document.diagrams.flow_syntax import (
    NOT_TENSORS,
    OPERATORS,
    REARRANGING,
    Origin,
    Value,
    at_place,
    bodies_of,
    elements_of,
    name_of,
    names_in,
    parts_of,
    places_in,
    rearrangements,
    settled,
    union,
    unshaped,
)
from analyzer.records.diagrams import BoxStyle
from analyzer.records.source import Span
from analyzer.records.tensors import ModuleRecord, ShapeRow, TensorSpec


@dataclass(frozen=True)
class Forward:
    """One function as it ran for one module: its syntax, its executed rows, and all modules of the model."""

    module: str
    function: ast.FunctionDef
    path: str
    rows: Mapping[int, ShapeRow]
    """The first row of each executed line."""
    records: Mapping[str, ModuleRecord]
    later: Mapping[int, tuple[ShapeRow, ...]] = field(default_factory=dict)
    """Further rows of lines that ran with other shapes again: those of loops over unlike blocks."""
    arms: Mapping[tuple[int, int], tuple[bool, bool]] = field(default_factory=dict)
    """Of conditional expressions by line and column whether each arm ran."""
    methods: Callable[[str], Forward | None] = field(default=lambda name: None, compare=False)
    """The object's other methods as they ran, by name."""

    @property
    def first_line(self) -> int:
        return self.function.lineno

    def text(self, line: int, name: str) -> str:
        """The shapes that a line bound to a name, in all its rounds."""
        rows = (*([self.rows[line]] if line in self.rows else ()), *self.later.get(line, ()))
        return varied_text(target.tensors for row in rows for target in row.targets if target.name == name)


def read_flow(forward: Forward, *, values: bool = False) -> Flow:
    """With `values`, every name that is bound is a step of its own, and arrows carry what was done."""
    return _Reader(forward, values).flow()


class _Reader:
    """One walk over the statements; `names` holds what each local name stands for at this point."""

    def __init__(self, forward: Forward, values: bool) -> None:
        self.forward = forward
        self.values = values
        self.returned = False
        self.calls = Calls()
        self.returns: list[list[Value]] | None = None
        """What is returned, where another reader asked for it."""
        self.rounds = 0
        """How often the loop at hand runs, where it runs over modules."""
        self.result = Flow()
        self.names: dict[str, Value] = {}
        self.modules: dict[str, tuple[str, ...]] = {}
        """Local names of modules: loop variables and aliases."""

    def flow(self) -> Flow:
        self._take_arguments()
        self.follow(self.forward.function.body)
        used = {name for edge in self.result.edges for name in (edge.source, edge.target)}
        self.result.steps = [step for step in self.result.steps if step.id in used or step.kind == "module"]
        return without_dead_ends(self.result)

    def _take_arguments(self) -> None:
        arguments = self.forward.function.args
        row = self.forward.rows.get(self.forward.first_line)
        shapes = {target.name: target.tensors for target in row.targets} if row else {}
        for argument in (*arguments.posonlyargs, *arguments.args[1:], *arguments.kwonlyargs):
            tensors = shapes.get(argument.arg, ())
            if tensors:
                step = self._step("input", argument.arg, typed_shape(tensors), "io", argument)
                self.names[argument.arg] = (Origin(step.id, shape_text(tensors)),)

    # statements

    def follow(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if not self.returned:
                self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[target, *_], value=value):
                self._assign(statement, target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(statement, target, value)
            case ast.AugAssign(target=target, value=value):
                joined = ast.BinOp(ast.Name(name_of(target), ast.Load()), statement.op, value)
                self._assign(statement, target, ast.copy_location(joined, statement), in_place=True)
            case ast.Return(value=ast.expr() as value):
                self._return(statement, value)
            case ast.Expr(value=value):
                self._effect(value)
            case ast.For():
                self._loop(statement)
            case ast.If() | ast.With() | ast.While() | ast.Try():
                for body in bodies_of(statement):
                    if self._ran(body):
                        self._branch(body)

    def _branch(self, body: list[ast.stmt]) -> None:
        """In a loop, what only some rounds do leaves the values of the other rounds as they were."""
        before = dict(self.names)
        self.follow(body)
        if self.rounds > 1 and runs_of(body, self.forward.rows, self.forward.later) < self.rounds:
            changed = {name: value for name, value in self.names.items() if name in before and before[name] != value}
            self.names |= {name: union(value, before[name]) for name, value in changed.items()}

    def _ran(self, body: Iterable[ast.stmt]) -> bool:
        lines = {node.lineno for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)}
        return not lines.isdisjoint(self.forward.rows)

    def _loop(self, statement: ast.For) -> None:
        """One round stands for all; several steps of it stand in a frame that says over what they are repeated."""
        if not self._ran(statement.body):
            return
        before, outer = len(self.result.steps), self.rounds
        self.rounds = rounds_of(statement.iter, self._module_paths, self.forward.records)
        for name, paths in loop_modules(statement.target, statement.iter, self._module_paths, self.forward.records):
            self.modules[name] = paths
        if self.rounds > 1 and varies(statement.body, self.forward.later):  # only the first round gets what was before
            self.names = {name: unshaped(value) for name, value in self.names.items()}
        self.follow(statement.body)
        rounds, self.rounds = self.rounds, outer
        steps = self.result.steps[before:]
        if rounds > 1 and len(steps) > 1 and not any(step.group for step in steps):
            self._frame(f"loop{statement.lineno}", statement, before, rounds)

    def _frame(self, name: str, statement: ast.For, before: int, rounds: int) -> None:
        bare = ast.copy_location(ast.For(statement.target, statement.iter, [], []), statement)
        header = ast.unparse(bare).rstrip(":")
        self.result.groups[name] = f"×{rounds}: {header}"
        for at in range(before, len(self.result.steps)):
            step = self.result.steps[at]
            lines = (*step.lines, *round_line(step, rounds))
            self.result.steps[at] = replace(step, group=name, lines=lines)

    def _assign(self, statement: ast.stmt, target: ast.expr, value: ast.expr, *, in_place: bool = False) -> None:
        alias = self._module_paths(value)
        if alias and isinstance(target, ast.Name):
            self.modules[target.id] = alias
            return
        if isinstance(target, ast.Name):
            self.modules.pop(target.id, None)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            self._assign_pairwise(statement, target.elts, value.elts)
            return
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            self._put(target.value.id, value)
            return
        row = self.forward.rows.get(statement.lineno)
        known = name_of(target) in self.names
        if row is None and not (in_place and known):
            return
        found = self._value(value) or (self._constant(value) if row else ())
        shapes = {bound.name: bound.tensors for bound in row.targets} if row else {}
        places = places_in(target)
        for name in names_in(target) if found else ():
            tensors = shapes.get(name, ())
            own = self.calls.element(value, found, places.get(name))
            if self.values and tensors and (rearrangements(value) or isinstance(target, ast.Tuple)):
                self.names[name] = (Origin(self._value_step(statement, name, tensors, own, value)),)
            elif tensors or in_place:
                text = self.forward.text(statement.lineno, name)
                self.names[name] = tuple(origin._replace(shape=text) for origin in own)

    def _assign_pairwise(self, statement: ast.stmt, targets: list[ast.expr], values: list[ast.expr]) -> None:
        """`q, k = self.q(x), self.k(x)`: all right sides are read before the first name changes."""
        before = dict(self.names)
        after: dict[str, Value] = {}
        for target, value in zip(targets, values, strict=True):
            self.names = dict(before)
            self._assign(statement, target, value)
            after |= {name: found for name, found in self.names.items() if before.get(name) != found}
        self.names = before | after

    def _constant(self, value: ast.expr) -> Value:
        """A tensor that is made here and comes from none: `torch.arange(…)`."""
        calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
        if not calls:
            return ()
        step = self._step("function", name_of(calls[0].func).rpartition(".")[2], (), "plain", calls[0])
        return (Origin(step.id),)

    def _value_step(
        self, statement: ast.stmt, name: str, tensors: tuple[TensorSpec, ...], found: Value, value: ast.expr
    ) -> str:
        shapes = self.forward.text(statement.lineno, name) or shape_text(tensors)
        step = self._step("value", name, (shapes,), "attention", statement)
        done = ", ".join(rearrangements(value))
        for origin in found:
            self.result.add_edge(Edge(origin.step, step.id, done, elements=elements_of(origin)))
        return step.id

    def _return(self, statement: ast.Return, value: ast.expr) -> None:
        row = self.forward.rows.get(statement.lineno)
        if row is None:
            return
        self.returned = statement in self.forward.function.body
        elements = value.elts if isinstance(value, ast.Tuple) else [value]
        if self.returns is not None:
            self.returns.append([self._value(element) for element in elements])
            return
        single = len(elements) == 1 or any(isinstance(element, ast.Starred) for element in elements)
        for place, element in enumerate(elements):
            found = self._value(element)
            if not found:
                continue
            label = element.id if isinstance(element, ast.Name) else "return"
            tensors = row.targets[0].tensors if len(elements) == 1 and row.targets else ()
            step = self._step("output", label, typed_shape(tensors), "io", statement, None if single else place)
            self._connect(settled(found, shape_text(tensors)), step, None)

    def _effect(self, value: ast.expr) -> None:
        """`outputs.append(x)` puts a value into a list; anything else that is only called has no value to follow."""
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "extend"), args=[item]):
                self._put(name, item)

    def _put(self, name: str, item: ast.expr) -> None:
        """A value becomes one of those that a container holds."""
        found = self._value(item)
        if found:
            self.names[name] = union(self.names.get(name, ()), found)

    # expressions

    def _value(self, node: ast.expr | None) -> Value:
        match node:
            case ast.Name(id=name):
                return self.names.get(name, ())
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._join(node, self._value(left), self._value(right), OPERATORS.get(type(operator), "op"))
            case ast.Subscript(value=inner, slice=ast.Constant(value=int() as place)):
                return unshaped(at_place(self._value(inner), place))
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                return unshaped(self._value(inner))
            case ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner):
                return self._comprehension(node, inner)
            case ast.IfExp(body=body, orelse=other):
                ran = self.forward.arms.get((node.lineno, node.col_offset), (True, True))
                return union(*(self._value(arm) for arm, did in zip((body, other), ran, strict=True) if did))
        return union(*(self._value(part) for part in parts_of(node)))

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, inner: ast.expr) -> Value:
        for generator in node.generators:
            for name, paths in loop_modules(generator.target, generator.iter, self._module_paths, self.forward.records):
                self.modules[name] = paths
            source = self._value(generator.iter)
            for name in names_in(generator.target) if source else ():
                self.names[name] = source
        return self._value(inner)

    def _join(self, node: ast.BinOp, left: Value, right: Value, sign: str) -> Value:
        """An operator is a step only where it joins two tensors, or one with an attribute of the module."""
        if not left or not right:
            own = self._own_attribute(node.right if left else node.left)
            if own is None or not (left or right) or not (left or sign in "+×"):
                return unshaped(left or right)
            sign, left, right = f"{sign} {own}", left or right, ()
        step = self._step("operator", sign, (), "plain", node)
        self._connect(left, step, 0)
        self._connect(right, step, 1)
        return (Origin(step.id),)

    def _own_attribute(self, node: ast.expr) -> str | None:
        """`self.weight`, or a part of it as `self.positions[:length]`, where it is no module."""
        match node:
            case ast.Subscript(value=inner):
                return None if self._module_paths(node) else self._own_attribute(inner)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in REARRANGING:
                return self._own_attribute(inner)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if not self._module_paths(node):
                return f"self.{name}"
        return None

    def _call(self, node: ast.Call) -> Value:
        paths = self._module_paths(called(node.func))
        arguments = self._arguments(node)
        if not paths and runs_first_argument(node) and self._module_paths(node.args[0]):
            paths = self._module_paths(node.args[0])  # checkpoint(block, x)
            arguments = [(value, place - 1 if isinstance(place, int) else place) for value, place in arguments]
        if paths:
            return self._module_call(node, paths, arguments)
        given = read_method(self, node, arguments)
        if given is not None:
            return given
        receiver = self._value(node.func.value) if isinstance(node.func, ast.Attribute) else ()
        name = node.func.attr if isinstance(node.func, ast.Attribute) else name_of(node.func)
        values = union(receiver, *(value for value, _ in arguments))
        builtin = isinstance(node.func, ast.Name) and name in NOT_TENSORS  # `float(x)`, not `x.float()`
        if not values or builtin:
            return ()
        if name in REARRANGING:
            own = not receiver and self._own_attribute(node) is not None  # `self.pos.to(x)` is not made from x
            return () if own else unshaped(receiver or values)
        step = self._step("function", name, (), style_of(name), node)
        self._connect(receiver, step, None)
        for value, place in arguments:
            self._connect(value, step, place)
        return (Origin(step.id),)

    def _arguments(self, node: ast.Call) -> list[tuple[Value, int | str | None]]:
        found: list[tuple[Value, int | str | None]] = [(self._value(item), n) for n, item in enumerate(node.args)]
        found += [(self._value(keyword.value), keyword.arg) for keyword in node.keywords]
        return [(value, place) for value, place in found if value]

    def _module_call(
        self, node: ast.Call, paths: tuple[str, ...], arguments: list[tuple[Value, int | str | None]]
    ) -> Value:
        where = self._where(node)
        name = f"s{len(self.result.steps)}"
        step = module_step(name, paths, self.forward.module, self.forward.records, where)
        handed = [one for one in handed_modules(node, self._module_paths) if one not in paths]
        step = replace(step, lines=(*step.lines, *handed_lines(handed, self.forward.module, self.forward.records)))
        self.result.steps.append(step)
        for value, place in arguments:
            taken = taken_text(paths, self.forward.records) if len(arguments) == 1 else ""
            value = tuple(one._replace(shape=taken) for one in value) if taken and self.rounds > 1 else value  # noqa: PLW2901
            self._connect(settled(value, taken), step, place)
        return (Origin(step.id, output_text(paths, self.forward.records)),)

    # modules

    def _module_paths(self, node: ast.expr) -> tuple[str, ...]:
        """Paths of the modules that an expression names: `self.h`, `self.blocks[i]`, a loop variable."""
        match node:
            case ast.Name(id="self"):
                return ()
            case ast.Name(id=name):
                return self.modules.get(name, ())
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self._known(self._below(self.forward.module, name))
            case ast.Attribute(value=inner, attr=name):
                paths = self._module_paths(inner)
                return tuple(one for path in paths for one in self._known(self._below(path, name)))
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                paths = self._module_paths(inner)
                return tuple(one for path in paths for one in self._known(self._below(path, str(key))))
            case ast.Subscript(value=inner, slice=index):
                paths = tuple(child for path in self._module_paths(inner) for child in self._children_of(path))
                return paths if not isinstance(index, ast.Slice) else self._module_paths(inner)
        return ()

    def _below(self, path: str, name: str) -> str:
        return f"{path}.{name}" if path else name

    def _known(self, path: str) -> tuple[str, ...]:
        return (path,) if path in self.forward.records else ()

    def _children_of(self, path: str) -> list[str]:
        return children_of(path, self.forward.records)

    # the graph

    def _step(
        self, kind: Kind, label: str, lines: tuple[str, ...], style: BoxStyle, node: ast.AST, place: int | None = None
    ) -> Step:
        step = Step(f"s{len(self.result.steps)}", kind, label, lines, style, self._where(node), place=place)
        self.result.steps.append(step)
        return step

    def _where(self, node: ast.AST) -> Span | None:
        """The executed row that the node stands in, if it is one line."""
        row = self.forward.rows.get(getattr(node, "lineno", 0))
        return row.where if row else None

    def _connect(self, value: Value, step: Step, argument: int | str | None) -> None:
        for origin in value:
            self.result.add_edge(Edge(origin.step, step.id, origin.shape, argument, elements_of(origin)))
