"""Small questions about the syntax of a `forward`: what a call rearranges, what a statement binds or hands on."""

from __future__ import annotations

import ast
from typing import NamedTuple

from analyzer.document.diagrams.describe import VARIES
from analyzer.document.diagrams.flow_calls import names_taken_along

REARRANGING = frozenset({
    "T", "as_strided", "bool", "checkpoint_name", "chunk", "clone", "contiguous", "cpu", "cuda", "detach",
    "dim", "double", "dropout", "enumerate", "expand", "expand_as", "flatten", "float", "half", "int", "item",
    "list", "long", "mT", "movedim", "narrow", "numel", "permute", "rearrange", "repeat", "repeat_interleave",
    "repeat_kv", "requires_grad_", "reshape", "reversed", "select", "size", "split", "squeeze", "stop_gradient",
    "swapaxes", "swapdims", "t", "to", "tolist", "transpose", "tuple", "type", "type_as", "unbind", "unflatten",
    "unsqueeze", "view", "view_as", "zip",
})  # fmt: skip
NOT_TENSORS = frozenset({
    "all", "any", "float", "getattr", "hasattr", "int", "isinstance", "len", "max", "min", "print", "range",
    "sorted", "str", "sum",
})  # fmt: skip
OPERATORS = {
    ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.MatMult: "@", ast.Div: "÷",
}  # fmt: skip


class Origin(NamedTuple):
    """A step that a value comes from, its shape on the way where known, and which of several results it is."""

    step: str
    shape: str = ""
    element: int | None = None


Value = tuple[Origin, ...]


def parts_of(node: ast.expr | None) -> list[ast.expr]:
    """The expressions that a node hands on unchanged."""
    match node:
        case ast.UnaryOp(operand=inner) | ast.Await(value=inner) | ast.NamedExpr(value=inner):
            return [inner]
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.BoolOp(values=items) | ast.Dict(values=items):
            return items
        case ast.Lambda():
            return names_taken_along(node)
    return []


def bodies_of(statement: ast.stmt) -> list[list[ast.stmt]]:
    bodies: list[list[ast.stmt]] = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return [body for body in bodies if body]


def names_in(target: ast.expr) -> list[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in names_in(element)]
    if isinstance(target, ast.Starred):
        return names_in(target.value)
    return [name_of(target)] if isinstance(target, (ast.Name, ast.Attribute)) else []


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def rearrangements(node: ast.expr) -> list[str]:
    """Names of the calls that move a tensor's elements without computing, in the order in which they happen."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=name)):
            return rearrangements(inner) + ([name] if name in REARRANGING else [])
        case ast.Subscript(value=inner):
            return [*rearrangements(inner), "[…]"]
    return []


def unshaped(value: Value) -> Value:
    """The same sources after a call that changed the shape in an unknown way."""
    return tuple(origin._replace(shape="") for origin in value)


def at_place(value: Value, place: int | None) -> Value:
    """One element of what the sources give; of an element itself nothing more is known."""
    if place is None or place < 0:
        return value
    return tuple(origin if origin.element is not None else origin._replace(element=place) for origin in value)


def places_in(target: ast.expr) -> dict[str, int]:
    """The places of names in `a, (b, c) = …`; nothing where one of them may stand for several."""
    if not isinstance(target, ast.Tuple) or any(isinstance(part, ast.Starred) for part in target.elts):
        return {}
    return {name: place for place, part in enumerate(target.elts) for name in names_in(part)}


def union(*values: Value) -> Value:
    merged: dict[tuple[str, int | None], Origin] = {}
    for value in values:
        for origin in value:
            merged.setdefault((origin.step, origin.element), origin)
    return tuple(merged.values())


def settled(value: Value, shape: str) -> Value:
    """A value that leaves a loop has the shape that is taken behind it, where one is known."""
    return tuple(one._replace(shape=shape) if shape and VARIES in one.shape else one for one in value)


def elements_of(origin: Origin) -> tuple[int, ...]:
    return () if origin.element is None else (origin.element,)
