"""Masks drawn for each element by itself: `torch.rand(shape) < p`, Bernoulli draws, and what is combined of them.

Independent draws keep their identity, so that `drawn & masked & ~replaced` has its exact probability.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analyzer.facts.chance_draws import UNIT, names_of
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Chance
from analyzer.records.source import Span

UNIFORM = frozenset({"torch.rand", "torch.rand_like"})
FILLED = frozenset({"torch.full", "torch.full_like", "torch.tensor", "numpy.full"})
BINOMIAL = re.compile(r"numpy\.random\.((default_rng|RandomState)\(\)\.)?binomial")
KEEPING = frozenset(
    {"bool", "to", "long", "int", "float", "byte", "clone", "type", "cuda", "unsqueeze", "view", "astype"}
)
MOST_DRAWS = 6
DIGITS = 10
Truth = Callable[[dict[int, bool]], bool]


@dataclass(frozen=True)
class _Mask:
    """Draws by identity with their probabilities, and how they make the mask; `given`: other masks take part."""

    draws: dict[int, float | None]
    holds: Truth
    given: bool = False

    def probability(self) -> float | None:
        """Of an element to be in the mask; None where a part of it is open."""
        if self.given or None in self.draws.values() or len(self.draws) > MOST_DRAWS:
            return None
        total = 0.0
        for values in itertools.product((True, False), repeat=len(self.draws)):
            world = dict(zip(self.draws, values, strict=True))
            if self.holds(world):
                weight = 1.0
                for key, value in world.items():
                    chance = self.draws[key] or 0.0
                    weight *= chance if value else 1 - chance
                total += weight
        return total


def find_masks(program: Program, scope: CodeScope) -> Iterator[Chance]:
    """Statements of a function that draw a mask."""
    reader = _Reader(program, scope)
    statements = [n for n in scope.nodes if isinstance(n, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr))]
    for node in sorted(statements, key=lambda n: (n.lineno, n.col_offset)):
        yield from reader.read(node)


def _kept(node: ast.expr) -> str:
    """The name of which an expression has the same numbers in another place or form."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KEEPING:
        node = node.func.value
    return node.id if isinstance(node, ast.Name) else ""


class _Reader:
    def __init__(self, program: Program, scope: CodeScope) -> None:
        self._program = program
        self._scope = scope
        self._masks: dict[str, _Mask] = {}

    def read(self, node: ast.Assign | ast.AnnAssign | ast.Return | ast.Expr) -> Iterator[Chance]:
        known = {key for mask in self._masks.values() for key in mask.draws}
        mask = self._mask(node.value) if node.value is not None else None
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                self._masks.pop(target.id, None)
                self._masks.update({target.id: mask} if mask is not None else {})
        new = [chance for key, chance in mask.draws.items() if key not in known] if mask is not None else []
        if mask is not None and len(new) == 1:
            yield self._chance(node, new[0], mask.probability())

    def _chance(self, node: ast.stmt, share: float | None, overall: float | None) -> Chance:
        index, path = self._program.flow.index, self._scope.path
        where = index.span(path, node)
        code = index.segment(path, node)
        found = _known(share, where), _known(overall, where)
        return Chance("", *found, code, where, where, self._scope.key, is_elementwise=True)

    def _mask(self, node: ast.expr) -> _Mask | None:
        """The mask that an expression is, where a draw takes part in it."""
        if isinstance(node, ast.Name):
            return self._masks.get(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            inner = self._mask(node.operand)
            return None if inner is None else _Mask(inner.draws, lambda world: not inner.holds(world), inner.given)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            return self._combined(node)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node)
        return self._called(node) if isinstance(node, ast.Call) else None

    def _combined(self, node: ast.BinOp) -> _Mask | None:
        left, right = self._mask(node.left), self._mask(node.right)
        if left is None or right is None:
            known = left or right
            return None if known is None else _Mask(known.draws, known.holds, given=True)
        one, other, joins = left, right, isinstance(node.op, ast.BitAnd)
        return _Mask(
            {**one.draws, **other.draws},
            lambda world: one.holds(world) and other.holds(world) if joins else one.holds(world) or other.holds(world),
            one.given or other.given,
        )

    def _compared(self, node: ast.Compare) -> _Mask | None:
        left, operator, right = node.left, node.ops[0], node.comparators[0]
        is_below = isinstance(operator, (ast.Lt, ast.LtE))
        drawn, bound = left, right
        if not self._is_uniform(left):
            drawn, bound, is_below = right, left, isinstance(operator, (ast.Gt, ast.GtE))
        if not self._is_uniform(drawn) or not isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
            return None
        limit = self._number(bound)
        chance = None if limit is None else min(max(limit if is_below else 1 - limit, 0.0), 1.0)
        return _drawn(drawn, chance)

    def _is_uniform(self, node: ast.expr, within: tuple[str, ...] = ()) -> bool:
        """Many numbers drawn evenly between 0 and 1; a name is bound to such alone, whatever keeps its own numbers."""
        if isinstance(node, ast.Name):
            bound = [value for value in self._bound(node.id) if _kept(value) != node.id]
            inside = (*within, node.id)
            return node.id not in within and bool(bound) and all(self._is_uniform(value, inside) for value in bound)
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Attribute) and node.func.attr == "uniform_":
            return [ast.unparse(a) for a in node.args] in ([], ["0", "1"])
        if isinstance(node.func, ast.Attribute) and node.func.attr in KEEPING:
            return self._is_uniform(node.func.value, within)
        names = names_of(self._program, self._scope, node)
        has_size = bool(node.args or node.keywords)
        return has_size and any(name in UNIFORM or UNIT.fullmatch(name) for name in names)

    def _called(self, node: ast.Call) -> _Mask | None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in KEEPING:
            return self._mask(node.func.value)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "bernoulli_" and len(node.args) == 1:
            return _drawn(node, self._number(node.args[0]))
        names = names_of(self._program, self._scope, node)
        if "torch.bernoulli" in names and node.args:
            return _drawn(node, self._filled_with(node.args[0]))
        if any(BINOMIAL.fullmatch(name) for name in names) and len(node.args) == 3 and ast.unparse(node.args[0]) == "1":
            return _drawn(node, self._number(node.args[1]))
        return None

    def _filled_with(self, node: ast.expr) -> float | None:
        """The one number that fills a tensor, unless a later statement changes it in place."""
        if isinstance(node, ast.Name):
            bound = list(self._bound(node.id))
            return self._filled_with(bound[0]) if len(bound) == 1 and not self._is_changed(node.id) else None
        if not isinstance(node, ast.Call) or not node.args:
            return None
        is_filled = bool(FILLED & set(names_of(self._program, self._scope, node)))
        return self._number(node.args[-1]) if is_filled else None

    def _is_changed(self, name: str) -> bool:
        for node in self._scope.nodes:
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr.endswith("_") and ast.unparse(called.value) == name:
                return True
            stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
            if isinstance(node, ast.Subscript) and stored and ast.unparse(node.value) == name:
                return True
        return False

    def _bound(self, name: str) -> Iterator[ast.expr]:
        for node in self._scope.nodes:
            if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == [name]:
                yield node.value

    def _number(self, node: ast.expr) -> float | None:
        found = self._program.flow.values.value(node, self._scope)
        value = found.value if isinstance(found, Known) else None
        return float(value) if isinstance(value, (int, float)) else None


def _drawn(node: ast.AST, chance: float | None) -> _Mask:
    key = id(node)
    return _Mask({key: chance}, lambda world: world[key])


def _known(share: float | None, where: Span) -> Known[float] | Unknown:
    if share is None:
        return Unknown("chance_of_open_value", (), where)
    return Known(round(share, DIGITS), (where,), "evaluated")
