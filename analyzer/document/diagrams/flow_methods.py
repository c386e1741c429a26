"""Calls of the object's own methods in a `forward`: `self.encode(x)` is read as what stands in `encode`.

A method that calls no module only rearranges or computes; it stays one step under its name.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from analyzer.document.diagrams.flow_syntax import Value, at_place, union

MOST_METHODS = 4
"""Methods within methods that are followed."""
Arguments = list[tuple[Value, int | str | None]]


@dataclass
class Calls:
    """What own methods gave, by the call that asked for it: one value per element of what they return."""

    depth: int = 0
    elements: dict[int, list[Value]] = field(default_factory=dict)

    def element(self, node: ast.expr, found: Value, place: int | None) -> Value:
        """One element of a value; of what an own method returned that element's own sources."""
        own = self.elements.get(id(node), [])
        return own[place] if place is not None and place < len(own) else at_place(found, place)


def read_method(reader: Any, node: ast.Call, arguments: Arguments) -> Value | None:
    """The value that an own method returns, its steps put among the reader's; None where it calls no module."""
    inner = _method(reader, node)
    if inner is None:
        return None
    steps, edges = list(reader.result.steps), list(reader.result.edges)
    below = type(reader)(inner, reader.values)
    below.result, below.calls.depth, below.returns = reader.result, reader.calls.depth + 1, []
    below.names = _bound(inner.function, arguments)
    below.follow(inner.function.body)
    made = reader.result.steps[len(steps) :]
    if not below.returns or not any(step.kind == "module" for step in made):
        reader.result.steps[:], reader.result.edges[:] = steps, edges
        return None
    widths = {len(one) for one in below.returns}
    if len(widths) == 1:
        reader.calls.elements[id(node)] = [union(*column) for column in zip(*below.returns, strict=True)]
    if widths == {1}:
        del reader.calls.elements[id(node)]
    return union(*(value for one in below.returns for value in one))


def _method(reader: Any, node: ast.Call) -> Any:
    match node.func:
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if reader.calls.depth < MOST_METHODS:
            return reader.forward.methods(name) if name != reader.forward.function.name else None
    return None


def _bound(function: ast.FunctionDef, arguments: Arguments) -> dict[str, Value]:
    """Values by the names of the parameters behind `self`."""
    is_static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)
    taken = [*function.args.posonlyargs, *function.args.args][0 if is_static else 1 :]
    names = [one.arg for one in taken]
    found: dict[str, Value] = {}
    for value, place in arguments:
        name = place if isinstance(place, str) else names[place] if place is not None and place < len(names) else ""
        if name:
            found[name] = value
    return found
