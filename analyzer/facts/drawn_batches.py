"""How many samples a batch has that the code draws itself, without a loader: windows stacked at random places.

`starts = torch.randint(last, (size,))` and `torch.stack([data[i : i + length] for i in starts])`; a slice of the starts
is the share of one process.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

STACKS = frozenset({"torch.stack", "numpy.stack", "torch.vstack", "numpy.array"})
DRAWS = frozenset({"torch.randint", "numpy.random.randint", "torch.randperm", "numpy.random.choice", "random.sample"})
WHOLE_NUMBERS = frozenset({"long", "int64"})
MAX_DEPTH = 6


class Drawn(NamedTuple):
    """A factor of a batch: as written, its value, its place."""

    text: str
    value: Known[object] | Unknown
    where: Span


def drawn_batch(program: Program) -> tuple[Drawn, Drawn | None] | None:
    """Samples in a batch, and the length of one where it is a window of whole numbers; None where nothing tells."""
    found: list[tuple[Drawn, Drawn | None]] = []
    for occurrence in program.occurrences:
        call = occurrence.call
        is_made = call is not None and not occurrence.in_forward and not program.in_evaluation(occurrence)
        if is_made and call is not None and STACKS & set(occurrence.dotted):
            batch = _of_stack(program, occurrence, call)
            if batch is not None:
                found.append(batch)
    values = {repr(size.value.value) if isinstance(size.value, Known) else "?" for size, _ in found}
    return found[0] if len(values) == 1 and "?" not in values else None


def _of_stack(program: Program, occurrence: Occurrence, call: ast.Call) -> tuple[Drawn, Drawn | None] | None:
    rows = call.args[0] if call.args else None
    if not isinstance(rows, (ast.ListComp, ast.GeneratorExp)) or len(rows.generators) != 1:
        return None
    scope = occurrence.step.scope
    size = _size(program, rows.generators[0].iter, scope, 0)
    if size is None:
        return None
    length = _window(rows.elt, rows.generators[0].target)
    is_whole = any(isinstance(n, ast.Attribute) and n.attr in WHOLE_NUMBERS for n in scope.nodes)
    return _drawn(program, occurrence, size), _drawn(program, occurrence, length) if length and is_whole else None


def _drawn(program: Program, occurrence: Occurrence, node: ast.expr) -> Drawn:
    scope, index = occurrence.step.scope, program.flow.index
    value = program.flow.values.value(node, scope, occurrence.stack)
    return Drawn(index.segment(scope.path, node), value, index.span(scope.path, node))


def _size(program: Program, node: ast.expr, scope: CodeScope, depth: int) -> ast.expr | None:
    """The number of what a loop over drawn places goes through."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(node, ast.Name):
        bound = [
            n.value
            for n in scope.nodes
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)
        ]
        return _size(program, bound[0], scope, depth + 1) if len(bound) == 1 else None
    if isinstance(node, ast.Subscript):
        return _share(node.slice) if isinstance(node.slice, ast.Slice) else None
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("tolist", "numpy", "cpu") and not node.args:
        return _size(program, node.func.value, scope, depth + 1)
    types = program.flow.inference.types(node.func, scope)
    return _drawn_size(node) if any(getattr(found, "dotted", "") in DRAWS for found in types) else None


def _drawn_size(call: ast.Call) -> ast.expr | None:
    """The `size` of a draw: by name, or its last argument where there are two or more."""
    named = next((k.value for k in call.keywords if k.arg in ("size", "k")), None)
    given = named or (call.args[-1] if len(call.args) > 1 else None)
    if isinstance(given, (ast.Tuple, ast.List)):
        return given.elts[0] if len(given.elts) == 1 else None
    return given


def _share(part: ast.Slice) -> ast.expr | None:
    """B of `starts[rank * B : (rank + 1) * B]` and of `starts[:B]`."""
    lower, upper = part.lower, part.upper
    if lower is None or upper is None:
        return upper if part.step is None else None
    below, above = _factors(lower), _factors(upper)
    for one in below:
        for other in above:
            if ast.unparse(one) == ast.unparse(other):
                rank = next(factor for factor in below if factor is not one)
                following = next(factor for factor in above if factor is not other)
                if _follows(following, rank):
                    return one
    return None


def _factors(node: ast.expr) -> list[ast.expr]:
    is_product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
    return [node.left, node.right] if is_product and isinstance(node, ast.BinOp) else []


def _follows(node: ast.expr, rank: ast.expr) -> bool:
    return ast.unparse(node) == f"{ast.unparse(rank)} + 1"


def _window(element: ast.expr, place: ast.expr) -> ast.expr | None:
    """L of `data[i : i + L]`; one more than that holds the targets too, shifted by one."""
    for node in ast.walk(element):
        part = node.slice if isinstance(node, ast.Subscript) else None
        if isinstance(part, ast.Slice) and part.lower is not None and part.upper is not None:
            text = ast.unparse(part.lower)
            upper = part.upper
            if text == ast.unparse(place) and isinstance(upper, ast.BinOp) and isinstance(upper.op, ast.Add):
                return _behind(upper, text)
    return None


def _behind(upper: ast.BinOp, start: str) -> ast.expr | None:
    if ast.unparse(upper.left) == start:
        return upper.right
    is_longer = isinstance(upper.right, ast.Constant) and upper.right.value == 1
    inner = upper.left
    if is_longer and isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        return inner.right if ast.unparse(inner.left) == start else None
    return None
