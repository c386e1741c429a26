"""Source expressions to terms: one reader per `ast` class, named after it.

Names of the repository are followed to their definitions, small functions and containers of modules are opened.
Nothing is run and no value is guessed: what has no rule stays a term headed `other` over its parts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from analyzer.index import Definition, External
from analyzer.index.symbols import dotted_name
from analyzer.techniques.algebra import BINARY, canonical
from analyzer.techniques.calls import BUILTINS, public_name, read_arguments, read_call
from analyzer.techniques.containers import any_element, element, member, turns_of
from analyzer.techniques.frame import Frame
from analyzer.techniques.protocols import Knowledge
from analyzer.techniques.terms import Term, choice, constant

KNOWN_MODULES = {"math", "builtins"}


class Reader:
    """Turns expressions into terms in the scope of a frame; `program` knows the other functions and classes."""

    def __init__(self, program: Knowledge) -> None:
        self.program = program

    def read(self, node: ast.expr, frame: Frame) -> Term:
        """Term of an expression."""
        return _READERS.get(type(node), _read_other)(self, node, frame)

    def leaf(self, head: str, label: str, node: ast.AST, frame: Frame, **more: Any) -> Term:
        return Term(head, label=label, path=frame.path, node=node, **more)


def _read_constant(reader: Reader, node: ast.Constant, frame: Frame) -> Term:
    return constant(node.value, frame.path, node)


def _read_name(reader: Reader, node: ast.Name, frame: Frame) -> Term:
    found = frame.names.get(node.id)
    if found is not None:
        return found.named(node, frame.path)
    return _resolved(reader, node.id, node, frame) or reader.leaf("name", node.id, node, frame)


def _resolved(reader: Reader, dotted: str, node: ast.expr, frame: Frame) -> Term | None:
    """A foreign name, or a definition of the repository; a module-level value becomes its own term."""
    found = reader.program.index.symbols.resolve(frame.path, dotted, frame.scope)
    if isinstance(found, Definition) and (imported := _optional_import(reader, found, dotted)) is not None:
        found = imported
    if isinstance(found, External):
        return reader.leaf("external", public_name(found.dotted), node, frame)
    if isinstance(found, Definition):
        if isinstance(found.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            return reader.leaf("own", found.qualified_name, node, frame)
        return reader.leaf("name", dotted, node, frame, definition=reader.program.constant(found))
    if found is None and dotted in BUILTINS:
        return reader.leaf("external", f"builtins.{dotted}", node, frame)
    return None


def _optional_import(reader: Reader, found: Definition, dotted: str) -> External | None:
    """`try: from a import b` / `except: b = None` still means `a.b`."""
    value = getattr(found.node, "value", None)
    imported = reader.program.index.symbols.imports(found.path).get(dotted)
    absent = isinstance(value, ast.Constant) and value.value is None
    if absent and imported is not None and imported.attribute is not None and not imported.level:
        return External(f"{imported.module}.{imported.attribute}")
    return None


def _read_attribute(reader: Reader, node: ast.Attribute, frame: Frame) -> Term:
    dotted = dotted_name(node)
    if dotted is not None and dotted.split(".")[0] not in frame.names:
        found = _resolved(reader, dotted, node, frame)
        if found is not None:
            return found
    base = reader.read(node.value, frame)
    if base.head == "self" and node.attr in frame.attributes:
        held = frame.attributes[node.attr]
        return reader.leaf("attr", node.attr, node, frame, args=(base,), definition=held.definition or held)
    if node.attr in ("T", "mT"):
        return canonical(reader.leaf("mT", "", node, frame, args=(base,)))
    return reader.leaf("attr", node.attr, node, frame, args=(base,), definition=member(base, node.attr))


def _read_call(reader: Reader, node: ast.Call, frame: Frame) -> Term:
    return read_call(reader, node, frame)


def _read_binop(reader: Reader, node: ast.BinOp, frame: Frame) -> Term:
    left, right = reader.read(node.left, frame), reader.read(node.right, frame)
    head = BINARY[type(node.op)]
    if head == "add" and left.head == right.head == "tuple":
        return reader.leaf("tuple", "", node, frame, args=left.args + right.args)
    return canonical(reader.leaf(head, "", node, frame, args=(left, right)))


def _read_unaryop(reader: Reader, node: ast.UnaryOp, frame: Frame) -> Term:
    head = {ast.USub: "neg", ast.Not: "not", ast.UAdd: "pos", ast.Invert: "invert"}[type(node.op)]
    operand = reader.read(node.operand, frame)
    return operand if head == "pos" else canonical(reader.leaf(head, "", node, frame, args=(operand,)))


def _read_boolop(reader: Reader, node: ast.BoolOp, frame: Frame) -> Term:
    parts = tuple(reader.read(value, frame) for value in node.values)
    if isinstance(node.op, ast.Or):
        return choice(list(parts), frame.path, node)
    return reader.leaf("and", "", node, frame, args=parts)


def _read_compare(reader: Reader, node: ast.Compare, frame: Frame) -> Term:
    parts = tuple(reader.read(value, frame) for value in (node.left, *node.comparators))
    return reader.leaf("compare", " ".join(type(op).__name__ for op in node.ops), node, frame, args=parts)


def _read_ifexp(reader: Reader, node: ast.IfExp, frame: Frame) -> Term:
    return choice([reader.read(node.body, frame), reader.read(node.orelse, frame)], frame.path, node)


def _read_sequence(reader: Reader, node: ast.Tuple | ast.List | ast.Set, frame: Frame) -> Term:
    return reader.leaf("tuple", "", node, frame, args=read_arguments(reader, node.elts, frame))


def _read_dict(reader: Reader, node: ast.Dict, frame: Frame) -> Term:
    pairs = []
    for key, value in zip(node.keys, node.values, strict=True):
        label = key.value if isinstance(key, ast.Constant) else ast.unparse(key) if key else "**"
        pairs.append((str(label), reader.read(value, frame)))
    return reader.leaf("dict", "", node, frame, keywords=tuple(pairs))


def _read_subscript(reader: Reader, node: ast.Subscript, frame: Frame) -> Term:
    base, place = reader.read(node.value, frame), reader.read(node.slice, frame)
    return element(base, place, node, frame.path)


def _read_slice(reader: Reader, node: ast.Slice, frame: Frame) -> Term:
    bounds = [reader.read(b, frame) if b else constant(None) for b in (node.lower, node.upper, node.step)]
    return reader.leaf("slice", "", node, frame, args=tuple(bounds))


def _read_lambda(reader: Reader, node: ast.Lambda, frame: Frame) -> Term:
    return reader.leaf("lambda", str(node.lineno), node, frame, payload=(node, frame.closure()))


def _read_comprehension(
    reader: Reader, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp, frame: Frame
) -> Term:
    """The element for any one turn, the loop's names standing for any element; where a list is made of so many known
    elements (`for l, x in zip(self.layers, (query, key, value))`), each turn's own.
    """
    inner = frame.closure()
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)) and len(node.generators) == 1 and not node.generators[0].ifs:
        turns = turns_of(reader.read(node.generators[0].iter, inner), node.generators[0].iter, frame.path)
        if turns:
            return reader.leaf("tuple", "", node, frame, args=tuple(_turn(reader, node, frame, turn) for turn in turns))
    for generator in node.generators:
        source = reader.read(generator.iter, inner)
        reader.program.statements.bind(generator.target, any_element(source, generator.iter, frame.path), inner)
    element = node.value if isinstance(node, ast.DictComp) else node.elt
    return reader.leaf("each", "", node, frame, args=(reader.read(element, inner),))


def _turn(reader: Reader, node: ast.ListComp | ast.GeneratorExp, frame: Frame, turn: Term) -> Term:
    inner = frame.closure()
    reader.program.statements.bind(node.generators[0].target, turn, inner)
    return reader.read(node.elt, inner)


def _read_starred(reader: Reader, node: ast.Starred, frame: Frame) -> Term:
    return reader.leaf("star", "", node, frame, args=(reader.read(node.value, frame),))


def _read_namedexpr(reader: Reader, node: ast.NamedExpr, frame: Frame) -> Term:
    value = reader.read(node.value, frame)
    frame.names[node.target.id] = value
    return value


def _read_other(reader: Reader, node: ast.expr, frame: Frame) -> Term:
    parts = tuple(reader.read(c, frame) for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))
    return reader.leaf("other", type(node).__name__, node, frame, args=parts)


_READERS: dict[type[ast.expr], Callable[[Reader, Any, Frame], Term]] = {
    ast.Attribute: _read_attribute,
    ast.BinOp: _read_binop,
    ast.BoolOp: _read_boolop,
    ast.Call: _read_call,
    ast.Compare: _read_compare,
    ast.Constant: _read_constant,
    ast.Dict: _read_dict,
    ast.DictComp: _read_comprehension,
    ast.GeneratorExp: _read_comprehension,
    ast.IfExp: _read_ifexp,
    ast.Lambda: _read_lambda,
    ast.List: _read_sequence,
    ast.ListComp: _read_comprehension,
    ast.Name: _read_name,
    ast.NamedExpr: _read_namedexpr,
    ast.Set: _read_sequence,
    ast.SetComp: _read_comprehension,
    ast.Slice: _read_slice,
    ast.Starred: _read_starred,
    ast.Subscript: _read_subscript,
    ast.Tuple: _read_sequence,
    ast.UnaryOp: _read_unaryop,
}
