"""Calls that draw one number: evenly from an interval, or one of a few with equal chances."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from analyzer.facts.flow import Foreign
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.program import Program

UNIT = re.compile(
    r"random\.(Random\(\)\.|SystemRandom\(\)\.)?random|numpy\.random\.(random|rand|random_sample|ranf|sample)|"
    r"numpy\.random\.(default_rng|RandomState|Generator)\(\)\.(random|rand|random_sample)"
)
TENSOR_UNIT = "torch.rand"
UNIFORM = re.compile(r"random\.(Random\(\)\.)?uniform|numpy\.random\.((default_rng|RandomState)\(\)\.)?uniform")
INTEGERS = re.compile(
    r"random\.(Random\(\)\.)?(randint|randrange)|numpy\.random\.((default_rng|RandomState)\(\)\.)?(randint|integers)"
)
CLOSED = re.compile(r"random\.(Random\(\)\.)?randint")
"""Whose upper bound is one of the numbers."""
CHOICE = re.compile(r"random\.(Random\(\)\.)?choice|numpy\.random\.((default_rng|RandomState)\(\)\.)?choice")
Number = Callable[[ast.expr], "float | None"]


@dataclass(frozen=True)
class Interval:
    """Where a number drawn evenly lies; without bounds it is drawn, but from which interval is open."""

    low: float | None
    high: float | None

    @property
    def is_known(self) -> bool:
        return self.low is not None and self.high is not None and self.high > self.low

    @property
    def length(self) -> float:
        return (self.high or 0.0) - (self.low or 0.0)

    def split(self, limit: float) -> tuple[Interval, Interval]:
        """The parts below and above a number."""
        low, high = self.low or 0.0, self.high or 0.0
        middle = min(max(limit, low), high)
        return Interval(low, middle), Interval(middle, high)

    def changed(self, operator: ast.operator, by: float | None) -> Interval:
        """After `x /= by` and its like."""
        if by is None or not self.is_known or self.low is None or self.high is None:
            return Interval(None, None)
        if isinstance(operator, ast.Add):
            return Interval(self.low + by, self.high + by)
        if isinstance(operator, ast.Sub):
            return Interval(self.low - by, self.high - by)
        if isinstance(operator, ast.Mult) and by > 0:
            return Interval(self.low * by, self.high * by)
        if isinstance(operator, ast.Div) and by > 0:
            return Interval(self.low / by, self.high / by)
        return Interval(None, None)


def names_of(program: Program, scope: CodeScope, call: ast.Call) -> list[str]:
    """Dotted names of what a call may run outside of the repository."""
    found = program.flow.inference.types(call.func, scope)
    return sorted(one.dotted for one in found if isinstance(one, Foreign))


def draw_of(program: Program, scope: CodeScope, node: ast.expr, number: Number) -> Interval | None:
    """The interval from which an expression draws one number; None where it does not."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "item" and not node.args:
        return draw_of(program, scope, node.func.value, number)
    names = names_of(program, scope, node)
    if any(UNIT.fullmatch(name) for name in names) and not node.args and not node.keywords:
        return Interval(0.0, 1.0)
    if TENSOR_UNIT in names and len(node.args) == 1 and ast.unparse(node.args[0]) in ("1", "()", "[]", "(1,)", "[1]"):
        return Interval(0.0, 1.0)
    if any(UNIFORM.fullmatch(name) for name in names) and len(node.args) <= 2:
        low, high = (number(node.args[0]), number(node.args[1])) if len(node.args) == 2 else (0.0, 1.0)
        return Interval(low, high) if not node.keywords and len(node.args) != 1 else None
    return None


def even_choice(
    program: Program, scope: CodeScope, node: ast.expr, number: Number, wanted: ast.expr | None = None
) -> float | None:
    """Chance that a drawn whole number or element equals `wanted`, or without one that it counts as true."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    values = _values(names_of(program, scope, node), node, number)
    if not values:
        return None
    if wanted is None:
        return sum(bool(value) for value in values) / len(values)
    given = number(wanted)
    return None if given is None else values.count(given) / len(values)


def _values(names: list[str], node: ast.Call, number: Number) -> list[object]:
    """What may be drawn, each as likely as the others; empty where that is open or a library draws otherwise."""
    if any(CHOICE.fullmatch(name) for name in names) and len(node.args) == 1:
        given = node.args[0]
        elements = given.elts if isinstance(given, (ast.List, ast.Tuple)) else []
        return [e.value for e in elements] if all(isinstance(e, ast.Constant) for e in elements) else []  # type: ignore[attr-defined]
    if not any(INTEGERS.fullmatch(name) for name in names) or not 1 <= len(node.args) <= 2:
        return []
    bounds = [number(argument) for argument in node.args]
    if None in bounds:
        return []
    low, high = (0.0, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    last = int(high or 0) + any(CLOSED.fullmatch(name) for name in names)
    return [float(value) for value in range(int(low or 0), last)] if last - int(low or 0) <= 1000 else []
