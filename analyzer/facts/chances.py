"""Decisions by chance in the code that makes samples and trains: which condition, with which probability, what then.

A number drawn evenly from an interval is followed through comparisons and rescaling (`if p < 0.15: p /= 0.15`), so
that the arms of a chain have their exact shares. What a draw is compared with may be any expression with one value.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.facts.chance_draws import Interval, draw_of, even_choice
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Chance
from analyzer.records.source import Span

Number = Callable[[ast.expr], "float | None"]
LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
BELOW, ABOVE = (ast.Lt, ast.LtE), (ast.Gt, ast.GtE)
DIGITS = 10


@dataclass(frozen=True)
class _Test:
    """A condition that a draw decides: share of it being true, and what either answer leaves of the drawn number."""

    share: float | None
    name: str = ""
    yes: Interval | None = None
    no: Interval | None = None
    is_partial: bool = False
    """Other conditions stand beside it, so that its being false says nothing."""


@dataclass(frozen=True)
class _Way:
    """How likely it is to come here, of all (`overall`) and within the chain of conditions at hand (`share`)."""

    drawn: dict[str, Interval]
    overall: float | None = 1.0
    share: float | None = 1.0
    loop: str = ""


def find_chances(program: Program, scope: CodeScope) -> Iterator[Chance]:
    """Arms of conditions of one function that a draw decides, in the order in which they stand."""
    body = getattr(scope.node, "body", [])
    if isinstance(body, list):
        yield from _Reader(program, scope).block(body, _Way({}))


class _Reader:
    def __init__(self, program: Program, scope: CodeScope) -> None:
        self._program = program
        self._scope = scope

    def block(self, statements: Sequence[ast.stmt], way: _Way) -> Iterator[Chance]:
        for place, node in enumerate(statements):
            rest = statements[place + 1 :]
            if isinstance(node, ast.If):
                test = self._test(node.test, way)
                leaves = not node.orelse and isinstance(node.body[-1], LEAVING) and bool(rest)
                yield from self._if(node, replace(way, share=1.0), rest if leaves and test else ())
                if leaves and test and not test.is_partial:
                    yield from self.block(rest, _reached(way, test, is_true=False))
                    return
            else:
                yield from self._statement(node, way)

    def _statement(self, node: ast.stmt, way: _Way) -> Iterator[Chance]:
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            header = ast.unparse(node).split("\n", 1)[0].rstrip(":")
            yield from self.block(node.body, replace(way, drawn=dict(way.drawn), loop=header))
        elif isinstance(node, (ast.With, ast.AsyncWith, ast.Try)):
            yield from self.block(node.body, way)
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            yield from self._expressions(node, way)
            self._bind(node, way)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from self._expressions(node, way)

    def _if(self, node: ast.If, way: _Way, rest: Sequence[ast.stmt]) -> Iterator[Chance]:
        test = self._test(node.test, way)
        if test is None:
            yield from self.block(node.body, replace(way, drawn=dict(way.drawn)))
            yield from self.block(node.orelse, replace(way, drawn=dict(way.drawn)))
            return
        yes, no = _reached(way, test, is_true=True), _reached(way, test, is_true=False)
        yield self._arm(ast.unparse(node.test), node.body, yes, node)
        yield from self.block(node.body, replace(yes, share=1.0))
        if test.is_partial:
            yield from self.block(node.orelse, replace(way, drawn=dict(way.drawn)))
        elif len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and self._test(node.orelse[0].test, no):
            yield from self._if(node.orelse[0], no, ())
        else:
            yield from [self._arm("", node.orelse or list(rest), no, node)] if node.orelse or rest else []
            yield from self.block(node.orelse, replace(no, share=1.0))

    def _expressions(self, node: ast.stmt, way: _Way) -> Iterator[Chance]:
        """`a if random() < 0.5 else b` inside of a statement."""
        for inner in ast.walk(node):
            test = self._test(inner.test, way) if isinstance(inner, ast.IfExp) else None
            if isinstance(inner, ast.IfExp) and test is not None and not test.is_partial:
                for text, part, is_true in ((ast.unparse(inner.test), inner.body, True), ("", inner.orelse, False)):
                    yield self._arm(text, [part], _reached(way, test, is_true=is_true), inner)

    def _arm(self, condition: str, nodes: Sequence[ast.stmt | ast.expr], way: _Way, decision: ast.AST) -> Chance:
        index, path = self._program.flow.index, self._scope.path
        last = nodes[0] if isinstance(nodes[0], COMPOUND) else nodes[-1]
        where = index.span(path, nodes[0].lineno, getattr(last, "end_lineno", None) or last.lineno)
        code = "; ".join(index.segment(path, node) for node in nodes[:2] if not isinstance(node, COMPOUND))
        at = index.span(path, decision.lineno, decision.lineno)  # type: ignore[attr-defined]
        code = code or index.segment(path, nodes[0]).split("\n", 1)[0]
        return Chance(
            condition, _known(way.share, at), _known(way.overall, at), code, where, at, self._scope.key, way.loop
        )

    # --- conditions

    def _test(self, node: ast.expr, way: _Way) -> _Test | None:
        """What a condition asks of a draw; None where it asks nothing."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._test(node.operand, way)
            share = None if inner is None or inner.share is None else 1 - inner.share
            usable = inner is not None and not inner.is_partial
            return _Test(share, inner.name, inner.no, inner.yes) if inner is not None and usable else None
        if isinstance(node, ast.BoolOp):
            asked = [test for part in node.values if (test := self._test(part, way)) is not None]
            is_one = len(asked) == 1 and isinstance(node.op, ast.And)
            return replace(asked[0], is_partial=True) if is_one else None
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node, way)
        share = even_choice(self._program, self._scope, node, self._number)
        return _Test(share) if share is not None else None

    def _compared(self, node: ast.Compare, way: _Way) -> _Test | None:
        left, operator, right = node.left, node.ops[0], node.comparators[0]
        if isinstance(operator, (ast.Eq, ast.NotEq)):
            share = even_choice(self._program, self._scope, left, self._number, right)
            is_equal = isinstance(operator, ast.Eq)
            return _Test(share if is_equal else 1 - share) if share is not None else None
        is_below, is_above = isinstance(operator, BELOW), isinstance(operator, ABOVE)
        drawn, bound = self._interval(left, way), right
        if drawn is None:
            drawn, bound, is_below, is_above = self._interval(right, way), left, is_above, is_below
        if drawn is None or not (is_below or is_above):
            return None
        name = next((n.id for n in (left, right) if isinstance(n, ast.Name) and n.id in way.drawn), "")
        limit = self._number(bound)
        if limit is None or not drawn.is_known:
            return _Test(None, name, Interval(None, None), Interval(None, None))
        lower, upper = drawn.split(limit)
        share = lower.length / drawn.length
        return _Test(share, name, lower, upper) if is_below else _Test(1 - share, name, upper, lower)

    def _interval(self, node: ast.expr, way: _Way) -> Interval | None:
        if isinstance(node, ast.Name) and node.id in way.drawn:
            return way.drawn[node.id]
        return draw_of(self._program, self._scope, node, self._number)

    def _bind(self, node: ast.Assign | ast.AugAssign, way: _Way) -> None:
        """What a statement makes of drawn numbers."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        for name in names:
            if isinstance(node, ast.AugAssign):
                way.drawn.update(
                    {name: way.drawn[name].changed(node.op, self._number(node.value))} if name in way.drawn else {}
                )
                continue
            found = self._interval(node.value, way)
            if found is not None:
                way.drawn[name] = found
            else:
                way.drawn.pop(name, None)

    def _number(self, node: ast.expr) -> float | None:
        found = self._program.flow.values.value(node, self._scope)
        is_number = isinstance(found, Known) and isinstance(found.value, (int, float))
        return float(found.value) if isinstance(found, Known) and is_number else None  # type: ignore[arg-type]


COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)


def _reached(way: _Way, test: _Test, *, is_true: bool) -> _Way:
    share = test.share if is_true or test.share is None else 1 - test.share
    left = test.yes if is_true else test.no
    drawn = {**way.drawn, **({test.name: left} if test.name and left is not None else {})}
    return replace(way, drawn=drawn, overall=_times(way.overall, share), share=_times(way.share, share))


def _times(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def _known(share: float | None, where: Span) -> Known[float] | Unknown:
    if share is None:
        return Unknown("chance_of_open_value", (), where)
    return Known(round(share, DIGITS), (where,), "evaluated")
