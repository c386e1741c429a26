"""Guidance without a classifier: one network is asked with and without its condition, and the difference is scaled."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.patterns import Match, fits, parse_pattern
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import Term, same

_FORMS = (
    ("difference_scaled", "__u__ + __s__ * (__c__ - __u__)"),
    ("beyond_the_condition", "__c__ + __s__ * (__c__ - __u__)"),
)


def is_guided(program: Program, reading: Reading) -> Iterator[Match]:
    """`uncond + s * (cond - uncond)` of two halves of one prediction, or two predictions of one model."""
    for term in (term for term in reading.walked if term.head == "add"):
        for form, source in _FORMS:
            holes = fits(parse_pattern(source), term)
            if holes is not None and _are_two_predictions(holes["c"], holes["u"]):
                yield Match(term, tuple(sorted(holes.items())), (term,), form)
                break
    if not isinstance(reading.node, ast.Module):
        yield from _of_own_forward(reading)


def _are_two_predictions(one: Term, other: Term) -> bool:
    if one.head == other.head == "item":
        return same(one.args[0], other.args[0]) and one.args[0].head in ("chunk", "split", "unbind")
    return one.head == other.head and one.head in ("invoke", "apply") and _is_asked_twice(one, other)


def _is_asked_twice(one: Term, other: Term) -> bool:
    """One network, called with two conditions: two functions of the same input are interpolated by the same formula."""
    first, second = (t.definition if t.head == "invoke" else t.args[0] for t in (one, other))
    return first is not None and second is not None and same(first, second) and not same(one, other)


def _of_own_forward(reading: Reading) -> Iterator[Match]:
    """The model's own forward asked twice: `self.forward(…)` and `self.forward(…, drop=1.0)`."""
    asked = {
        node.targets[0].id: node.value
        for node in ast.walk(reading.node)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_forward(node.value)
    }
    for node in ast.walk(reading.node) if len(asked) > 1 else ():
        names = _scaled_difference(node)
        if names is not None and names[0] in asked and names[1] in asked:
            one, other = asked[names[0]], asked[names[1]]
            if ast.dump(one) != ast.dump(other):
                terms = {"c": one, "u": other, "s": names[2]}
                holes = tuple((hole, Term("own", path=reading.path, node=part)) for hole, part in sorted(terms.items()))
                root = Term("add", path=reading.path, node=node)
                yield Match(root, holes, (root,), "difference_scaled")


def _is_forward(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "forward"


def _scaled_difference(node: ast.AST) -> tuple[str, str, ast.expr] | None:
    """Names and factor of `u + (c - u) * s`."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.left, ast.Name)):
        return None
    product = node.right
    if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult)):
        return None
    for part, scale in ((product.left, product.right), (product.right, product.left)):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub):
            ends = part.left, part.right
            if isinstance(ends[0], ast.Name) and isinstance(ends[1], ast.Name) and ends[1].id == node.left.id:
                return ends[0].id, ends[1].id, scale
    return None
