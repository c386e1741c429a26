"""Tokens that are hidden at random, to be predicted from the rest: the rule by which the data are prepared."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.patterns import Match
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import Term

DRAWS = frozenset({
    "random.random", "numpy.random.rand", "numpy.random.random", "numpy.random.uniform", "random.uniform",
    "torch.rand", "torch.rand_like", "torch.bernoulli",
})  # fmt: skip
REPLACED = 0.8
"""Of the chosen tokens so many become the token of the mask; the others get another token or keep theirs."""


def has_masked_tokens(program: Program, reading: Reading) -> Iterator[Match]:
    """One draw chooses tokens at a rate, one of those chosen decides at 0.8 which of them are overwritten."""
    draws = {id(term.node) for label, terms in reading.called.items() if label in DRAWS for term in terms}
    if not draws or isinstance(reading.node, ast.Module):
        return
    nodes = list(ast.walk(reading.node))
    assigned = _assigned(nodes)
    drawn = {name for name, value in assigned.items() if _holds(value, set(), draws)}
    tests = [(node, rate) for node in nodes for rate in _rates(node, drawn, draws, assigned)]
    replaced = next((node for node, rate in tests if _constant(rate) == REPLACED), None)
    chosen = next((pair for pair in tests if 0 < (_constant(pair[1]) or 0.15) < 0.5), None)
    overwritten = any(isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript) for node in nodes)
    if replaced is not None and chosen is not None and overwritten:
        one, two = (Term("draw", path=reading.path, node=node) for node in (chosen[0], replaced))
        rate = Term("rate", path=reading.path, node=chosen[1])
        yield Match(one, (("p", rate),), (one, two), "chosen_then_replaced")


def _assigned(nodes: list[ast.AST]) -> dict[str, ast.expr]:
    """What names are first bound to."""
    found: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, node.value)
    return found


def _rates(node: ast.AST, drawn: set[str], draws: set[int], assigned: dict[str, ast.expr]) -> Iterator[ast.expr]:
    """`x` of `draw < x`, `x > draw` and of `bernoulli(full(shape, x))`."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = node.left, node.comparators[0]
        below, above = isinstance(node.ops[0], (ast.Lt, ast.LtE)), isinstance(node.ops[0], (ast.Gt, ast.GtE))
        if below and _holds(left, drawn, draws):
            yield right
        elif above and _holds(right, drawn, draws):
            yield left
    elif isinstance(node, ast.Call) and id(node) in draws and node.args:
        inner = node.args[0]
        inner = assigned.get(inner.id, inner) if isinstance(inner, ast.Name) else inner
        if isinstance(inner, ast.Call) and len(inner.args) == 2:
            yield inner.args[1]


def _holds(node: ast.expr, drawn: set[str], draws: set[int]) -> bool:
    return any(id(part) in draws or (isinstance(part, ast.Name) and part.id in drawn) for part in ast.walk(node))


def _constant(node: ast.expr) -> float | None:
    return float(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) else None
