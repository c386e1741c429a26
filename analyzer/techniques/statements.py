"""Statements to steps: assignments update the frame's names, branches are joined, loops are read for one turn."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from analyzer.techniques.algebra import BINARY, canonical
from analyzer.techniques.containers import any_element, held, item
from analyzer.techniques.frame import Frame
from analyzer.techniques.protocols import Reads
from analyzer.techniques.terms import Term, constant


class Statements:
    """Reads blocks of statements with the expression reader."""

    def __init__(self, reader: Reads) -> None:
        self.reader = reader

    def run(self, body: Sequence[ast.stmt], frame: Frame) -> None:
        """Read the statements of a block in order, up to where it ends."""
        for node in body:
            if frame.ended:
                return
            handler = _HANDLERS.get(type(node))
            if handler is not None:
                handler(self, node, frame)

    def bind(self, target: ast.expr, value: Term, frame: Frame, statement: ast.stmt | None = None) -> None:
        """Give a target its value: a name, an attribute, an element, or several by unpacking."""
        if isinstance(target, ast.Name):
            frame.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value, frame, statement)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value, frame, statement)
        elif isinstance(target, ast.Attribute):
            self._set_attribute(target, value, frame, statement)
        elif isinstance(target, ast.Subscript) and statement is not None:
            self._store(target, value, frame, statement)

    def _store(self, target: ast.Subscript, value: Term, frame: Frame, statement: ast.stmt) -> None:
        place = self.reader.read(target, frame)
        frame.record("store", value, statement, place)
        if isinstance(target.value, ast.Name) and target.value.id in frame.names and len(place.args) == 2:
            parts = (place.args[0], place.args[1], value)
            frame.names[target.value.id] = Term("stored", parts, path=frame.path, node=statement)

    def _unpack(self, target: ast.Tuple | ast.List, value: Term, frame: Frame, statement: ast.stmt | None) -> None:
        starred = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), len(target.elts))
        for position, element in enumerate(target.elts):
            place = position if position <= starred else position - len(target.elts)
            part = item(value, place, element, frame.path)
            self.bind(element, part, frame, statement)

    def _set_attribute(self, target: ast.Attribute, value: Term, frame: Frame, statement: ast.stmt | None) -> None:
        base = self.reader.read(target.value, frame)
        if base.head == "self":
            frame.attributes[target.attr] = value
        if statement is not None:
            attribute = Term("attr", (base,), label=target.attr, path=frame.path, node=target)
            frame.record("bind", value, statement, attribute)


def _assign(reader: Statements, node: ast.Assign, frame: Frame) -> None:
    value = reader.reader.read(node.value, frame)
    frame.record("value", value, node)
    for target in node.targets:
        reader.bind(target, value, frame, node)


def _annotated(reader: Statements, node: ast.AnnAssign, frame: Frame) -> None:
    if node.value is not None:
        value = reader.reader.read(node.value, frame)
        frame.record("value", value, node)
        reader.bind(node.target, value, frame, node)


def _augmented(reader: Statements, node: ast.AugAssign, frame: Frame) -> None:
    old, operand = reader.reader.read(node.target, frame), reader.reader.read(node.value, frame)
    if isinstance(node.op, ast.Add) and held(old).head == operand.head == "tuple":
        value = Term("tuple", held(old).args + operand.args, path=frame.path, node=node)
    else:
        value = canonical(Term(BINARY[type(node.op)], (old, operand), path=frame.path, node=node))
    frame.record("value", value, node)
    reader.bind(node.target, value, frame, node)


def _expression(reader: Statements, node: ast.Expr, frame: Frame) -> None:
    if isinstance(node.value, ast.Constant):
        return
    call = node.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _grow(reader, call, call.func, frame):
        return
    if isinstance(call, (ast.Yield, ast.YieldFrom)) and call.value is not None:
        frame.record("yield", reader.reader.read(call.value, frame), node)
        return
    value = reader.reader.read(call, frame)
    frame.record("value", value, node)
    _in_place(reader, call, value, frame)


def _grow(reader: Statements, call: ast.Call, func: ast.Attribute, frame: Frame) -> bool:
    """`list.append(x)`, `self.layers.append(x)`, `self.register_buffer(name, x)`, `self.add_module(name, x)`."""
    if func.attr in ("register_buffer", "add_module", "register_parameter", "register_module") and len(call.args) > 1:
        name = call.args[0]
        base = reader.reader.read(func.value, frame)
        if base.head == "self" and isinstance(name, ast.Constant) and isinstance(name.value, str):
            value = reader.reader.read(call.args[1], frame)
            frame.attributes[name.value] = value
            frame.record("value", value, ast.copy_location(ast.Expr(call), call))
        return True
    if func.attr not in ("append", "extend") or len(call.args) != 1:
        return False
    if not isinstance(func.value, (ast.Name, ast.Attribute)):
        return False
    held_list = held(reader.reader.read(func.value, frame))
    known = held_list.head == "tuple" or (held_list.head == "call" and held_list.label == "torch.nn.ModuleList")
    if not known:
        return False
    value = reader.reader.read(call.args[0], frame)
    frame.record("value", value, ast.copy_location(ast.Expr(call), call))
    added = value.args if func.attr == "extend" and value.head == "tuple" else (value,)
    reader.bind(func.value, _longer(held_list, added), frame)
    return True


def _longer(container: Term, added: tuple[Term, ...]) -> Term:
    if container.head == "tuple":
        return Term("tuple", container.args + added, path=container.path, node=container.node)
    before = tuple(a for arg in container.args for a in (held(arg).args if held(arg).head == "tuple" else (arg,)))
    listed = Term("tuple", before + added, path=container.path, node=container.node)
    return Term("call", (listed,), container.keywords, label=container.label, path=container.path, node=container.node)


def _in_place(reader: Statements, call: ast.expr, value: Term, frame: Frame) -> None:
    """`x.mul_(y)` as a statement changes what `x` stands for."""
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        name, base = call.func.attr, call.func.value
        if name.endswith("_") and not name.startswith("_") and isinstance(base, ast.Name) and base.id in frame.names:
            frame.names[base.id] = value


def _return(reader: Statements, node: ast.Return, frame: Frame) -> None:
    value = reader.reader.read(node.value, frame) if node.value else constant(None, frame.path, node)
    frame.record("return", value, node)
    frame.returns.append(value)
    frame.ended = True


def _end(reader: Statements, node: ast.stmt, frame: Frame) -> None:
    frame.ended = True


def _if(reader: Statements, node: ast.If, frame: Frame) -> None:
    test = reader.reader.read(node.test, frame)
    frame.record("value", test, node)
    then, other = frame.branch(test), frame.branch(Term("not", (test,), path=frame.path, node=node.test))
    reader.run(node.body, then)
    reader.run(node.orelse, other)
    frame.join([then, other], node)


def _for(reader: Statements, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    source = reader.reader.read(node.iter, frame)
    frame.record("value", source, node)
    inner = frame.branch()
    inner.loops = (*frame.loops, source)
    reader.bind(node.target, any_element(source, node.iter, frame.path), inner, None)
    _turn(reader, node.body, frame, inner, node)
    reader.run(node.orelse, frame)


def _while(reader: Statements, node: ast.While, frame: Frame) -> None:
    test = reader.reader.read(node.test, frame)
    inner = frame.branch()
    inner.loops = (*frame.loops, test)
    _turn(reader, node.body, frame, inner, node)


def _turn(reader: Statements, body: Sequence[ast.stmt], frame: Frame, inner: Frame, node: ast.stmt) -> None:
    """One turn of a loop; behind it a name may have its old value or the turn's. A list keeps what it got."""
    reader.run(body, inner)
    inner.ended = False
    before = dict(frame.names), dict(frame.attributes)
    frame.join([frame.branch(), inner], node)
    for table, old in ((frame.names, before[0]), (frame.attributes, before[1])):
        for name in old:
            table[name] = _grown(old[name], table[name])


def _grown(old: Term, new: Term) -> Term:
    options = new.args if new.head == "choice" else (new,)
    longer = [o for o in options if held(o).head == held(old).head in ("tuple", "call") and o is not old]
    lists = held(old).head == "tuple" or (held(old).head == "call" and held(old).label == "torch.nn.ModuleList")
    return longer[-1] if lists and longer else new


def _with(reader: Statements, node: ast.With | ast.AsyncWith, frame: Frame) -> None:
    for part in node.items:
        value = reader.reader.read(part.context_expr, frame)
        frame.record("value", value, node)
        if part.optional_vars is not None:
            reader.bind(part.optional_vars, value, frame, None)
    reader.run(node.body, frame)


def _try(reader: Statements, node: ast.Try, frame: Frame) -> None:
    main = frame.branch()
    reader.run([*node.body, *node.orelse], main)
    others = []
    for handler in node.handlers:
        other = frame.branch()
        reader.run(handler.body, other)
        others.append(other)
    frame.join([main, *others], node)
    reader.run(node.finalbody, frame)


def _assert(reader: Statements, node: ast.Assert, frame: Frame) -> None:
    frame.record("value", reader.reader.read(node.test, frame), node)


def _match(reader: Statements, node: ast.Match, frame: Frame) -> None:
    frame.record("value", reader.reader.read(node.subject, frame), node)
    branches = [frame.branch()]
    for case in node.cases:
        inner = frame.branch()
        reader.run(case.body, inner)
        branches.append(inner)
    frame.join(branches, node)


def _definition(reader: Statements, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, frame: Frame) -> None:
    """An inner definition: the name stands for it; its body is read by itself."""
    frame.names.pop(node.name, None)
    for decorator in node.decorator_list:
        if frame.depth == 0:
            frame.record("value", reader.reader.read(decorator, frame), node)


_HANDLERS: dict[type[ast.stmt], Callable[[Statements, Any, Frame], None]] = {
    ast.AnnAssign: _annotated,
    ast.Assert: _assert,
    ast.Assign: _assign,
    ast.AsyncFor: _for,
    ast.AsyncFunctionDef: _definition,
    ast.AsyncWith: _with,
    ast.AugAssign: _augmented,
    ast.Break: _end,
    ast.ClassDef: _definition,
    ast.Continue: _end,
    ast.Expr: _expression,
    ast.For: _for,
    ast.FunctionDef: _definition,
    ast.If: _if,
    ast.Match: _match,
    ast.Raise: _end,
    ast.Return: _return,
    ast.Try: _try,
    ast.While: _while,
    ast.With: _with,
}
