"""Names of sizes: which expression over the code's own names a number stands for, if that is proved.

One model is evaluated several times, each time with other values of its names. A size is then a vector, one
number per run, and an expression is its name only if it gives that vector. Candidates are the forms of the
source's own integer arithmetic and of the operators of torch; a name that was not varied on at least two
independent runs stands in none. What no candidate explains stays a number, and so does what two explain that
would differ at values that no run has, but that have all the runs' divisors in common.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from analyzer.evaluator.simplification import simplified

Vector = tuple[int | None, ...]
MINIMUM_PROBES = 2
MAXIMUM_CANDIDATES = 300_000
MAXIMUM_HOLES = 3
MAXIMUM_TEXT = 60
MAXIMUM_EXPONENT = 4
_FURTHER_PRIMES = (101, 43, 71, 29, 89, 53, 37, 97, 61, 31, 83, 47, 73, 59, 41, 79, 67, 103)
FURTHER = 3


@dataclass(frozen=True)
class Form:
    """An expression with holes `_0`, `_1`, …: `3*_0`, `_0//_1`."""

    text: str
    holes: int
    from_source: bool
    compute: Callable[[Sequence[int]], float] = field(compare=False, repr=False)
    leaves: tuple[str, ...] = field(default=(), compare=False)
    """What the source has in the place of each hole, by its last name."""


def source_forms(trees: Iterable[ast.AST]) -> tuple[Form, ...]:
    """Forms of all integer arithmetic in the given functions, in the order of the source."""
    found: dict[str, Form] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, (ast.BinOp, ast.Call)):
                form = _form_of(node)
                if form is not None:
                    found.setdefault(form.text, form)
    return tuple(found.values())


def _form_of(node: ast.expr, *, from_source: bool = True) -> Form | None:
    """The form of an expression; None where it has no or too many leaves, or is no integer arithmetic."""
    leaves: dict[str, str] = {}
    try:
        text, compute = _with_holes(node, leaves)
    except _NoForm:
        return None
    if not 1 <= len(leaves) <= MAXIMUM_HOLES or len(text) > MAXIMUM_TEXT or text in ("_0", "_0 % _1"):
        return None  # a remainder of two names is a demand on them, and is one of them wherever it is smaller
    return Form(text, len(leaves), from_source, compute, tuple(map(_last_name, leaves)))


def _last_name(text: str) -> str:
    return re.split(r"\W+", text)[-1]


class _NoForm(Exception):
    """The expression is no integer arithmetic over names."""


def _with_holes(node: ast.expr, leaves: dict[str, str]) -> tuple[str, Callable[[Sequence[int]], float]]:
    """Text and value of an expression whose leaves become holes; equal leaves share one."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number = cast(float, node.value)
        return repr(number), lambda row: number
    if isinstance(node, ast.BinOp):
        return _arithmetic(node, leaves)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int" and len(node.args) == 1:
        inner, compute = _with_holes(node.args[0], leaves)
        return (inner if inner.isidentifier() else f"int({inner})"), lambda row: int(compute(row))
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        hole = leaves.setdefault(ast.unparse(node), f"_{len(leaves)}")
        position = int(hole[1:])
        return hole, lambda row: row[position]
    raise _NoForm


def _arithmetic(node: ast.BinOp, leaves: dict[str, str]) -> tuple[str, Callable[[Sequence[int]], float]]:
    if type(node.op) not in _SIGNS or (isinstance(node.op, ast.Pow) and not _is_small(node.right)):
        raise _NoForm
    sign, combine = _SIGNS[type(node.op)]
    left, compute_left = _with_holes(node.left, leaves)
    right, compute_right = _with_holes(node.right, leaves)
    return f"{_atom(left)}{sign}{_atom(right)}", lambda row: combine(compute_left(row), compute_right(row))


_SIGNS: dict[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: (" + ", operator.add),
    ast.Sub: (" - ", operator.sub),
    ast.Mod: (" % ", operator.mod),
    ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Div: ("/", operator.truediv),
    ast.Pow: ("**", operator.pow),
}


def _is_small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and 0 < node.value <= MAXIMUM_EXPONENT


def _atom(text: str) -> str:
    return text if re.fullmatch(r"\w+(\.\d+)?|int\([^()]*\)", text) else f"({text})"


def _operator_forms() -> Iterator[Form]:
    texts = ["_0*_1", "_0//_1", "_0 + _1", "_0 - _1", "_0*_1*_2", "(_0//_1)*(_2//_1)", "(_0//_1)**2"]
    texts += [f"_0*{k}" for k in (2, 3, 4)] + [f"_0 + {k}" for k in (1, 2)] + [f"_0 - {k}" for k in (1, 2)]
    for stride in (2, 3, 4, 5, 6, 7, 8, 14, 16, 32):
        texts += [f"_0//{stride}", f"(_0 - 1)//{stride} + 1"]
    for text in texts:
        form = _form_of(ast.parse(text, mode="eval").body, from_source=False)
        if form is not None:
            yield Form(text, form.holes, False, form.compute)


OPERATOR_FORMS = tuple(_operator_forms())
"""What torch's operators make of sizes: flatten, chunk, cat, strided convolution, slicing."""


@dataclass(frozen=True)
class _Candidate:
    """`further` are its values where candidates are told apart; None where it gives no size. It is a misfit where
    a name stands in the place of another that the source itself uses there.
    """

    text: str
    names: frozenset[str]
    tier: int
    further: Vector = ()
    misfit: bool = False

    def agrees(self, other: _Candidate) -> bool:
        """Whether the two are one size wherever both are sizes."""
        pairs = zip(self.further, other.further, strict=True)
        return all(mine == its for mine, its in pairs if mine is not None and its is not None)

    def rank(self, local: Collection[str]) -> tuple[int, int, int, str]:
        foreign = sum(name not in local for name in self.names)
        return (self.tier, foreign, len(self.text), self.text)


_Valued = tuple[Vector, _Candidate]
_Columns = Mapping[str, Vector]


class DimNamer:
    """Names for the vectors of one model. `runs` are the values of all names: the base first, then the probes;
    `counts` are names that only say how often something is repeated.
    """

    def __init__(
        self, runs: Sequence[Mapping[str, int]], forms: Sequence[Form], counts: Collection[str] = frozenset()
    ) -> None:
        self.runs = tuple(dict(run) for run in runs)
        self.counts = frozenset(counts)
        self.forms = tuple({form.text: form for form in (*OPERATOR_FORMS, *forms)}.values())
        fixed = {n: v for n, v in (self.runs[0] if self.runs else {}).items() if v > 1 and not self._is_varied(n)}
        self._fixed = frozenset(value for name, value in fixed.items() if name not in counts)
        self._counts = frozenset(value for name, value in fixed.items() if name in counts)
        self.names = tuple(name for name in self.runs[0] if self._is_varied(name)) if self.runs else ()
        self._further = _further_points(self.runs, self.names)
        self._tables: dict[tuple[tuple[int, ...], bool], dict[Vector, list[_Candidate]]] = {}
        self._answers: dict[tuple[Vector, frozenset[str]], str | None] = {}

    def name(self, sizes: Vector, local: Collection[str] = ()) -> str | None:
        """The expression that is proved for these sizes, None where only the number is known.

        A size is None in the runs where it was not seen. `local` are the names that stand near: among equal
        candidates, they win.
        """
        key = (sizes, frozenset(local))
        if key not in self._answers:
            found = self._search(sizes, key[1])
            self._answers[key] = found and simplified(found)
        return self._answers[key]

    def _is_varied(self, name: str) -> bool:
        """At least two probes give it values of their own, which are not all doublings of the base."""
        base = self.runs[0][name]
        values = {run[name] for run in self.runs[1:] if name in run} - {base}
        return len(values) >= MINIMUM_PROBES and not all(_is_doubling(base, value) for value in values)

    def _search(self, sizes: Vector, local: frozenset[str]) -> str | None:
        seen = tuple(number for number, size in enumerate(sizes) if size is not None)
        values = tuple(size for size in sizes if size is not None)
        if not seen or seen[0] != 0 or len(values) <= MINIMUM_PROBES or len(set(values)) == 1:
            return None
        if len(set(values)) <= MINIMUM_PROBES:  # two values fit too much by chance
            found = [c for c in self._table(seen, False).get(values, ()) if c.tier == 0]
            return found[0].text if found and self._varied_in(found[0].names, seen) else None
        if self._may_switch(values, seen):
            return None
        for deep in (False, True):
            found = [c for c in self._table(seen, deep).get(values, ()) if self._varied_in(c.names, seen)]
            if found:
                best = min(found, key=lambda candidate: candidate.rank(local))
                rivals = [other for other in found if best.tier or not other.misfit]  # a name itself beats a misfit
                return best.text if all(best.agrees(other) for other in rivals) else None
        return None

    def _may_stand(self, form: Form) -> bool:
        """A literal of an operator's form may be a name that was never varied: `n_embd//12` for `n_embd//n_head`.
        An exponent may only be one that is equal.
        """
        exponents = {int(number) for number in re.findall(r"\*\*(\d+)", form.text)}
        numbers = {int(number) for number in re.findall(r"(?<![\w.])(?<!\*\*)\d+", form.text)}
        doubtful = exponents & (self._counts | self._fixed) or any(map(self._may_be_name, numbers))
        return form.from_source or not doubtful

    def _may_be_name(self, number: int) -> bool:
        return number in self._counts or any(math.gcd(number, value) > 1 for value in self._fixed)

    def _varied_in(self, names: Iterable[str], seen: Sequence[int]) -> bool:
        return all(len({self.runs[number][name] for number in seen}) > MINIMUM_PROBES for name in names)

    def _may_switch(self, values: Sequence[int], seen: Sequence[int]) -> bool:
        """A size that is one name here and another there (`max(a, b)`) is fitted by expressions of both by chance."""
        alone = any(all(self.runs[n][name] == v for n, v in zip(seen, values, strict=True)) for name in self.names)
        always = all(v in self.runs[n].values() for n, v in zip(seen, values, strict=True))
        return always and not alone

    def _table(self, seen: tuple[int, ...], deep: bool) -> dict[Vector, list[_Candidate]]:
        """Candidates by their values in the runs seen; the deep ones are many and looked at last."""
        if (seen, deep) not in self._tables:
            table: dict[Vector, list[_Candidate]] = {}
            points = [*(self.runs[number] for number in seen), *self._further]
            names = {name: tuple(point[name] for point in points) for name in self.names}
            candidates = self._deep(names) if deep else self._shallow(names)
            for values, candidate in itertools.islice(candidates, MAXIMUM_CANDIDATES):
                sizes, further = values[: len(seen)], values[len(seen) :]
                if None not in sizes:
                    table.setdefault(sizes, []).append(replace(candidate, further=further))
            self._tables[seen, deep] = table
        return self._tables[seen, deep]

    def _shallow(self, names: _Columns) -> Iterator[_Valued]:
        yield from ((values, _Candidate(name, frozenset((name,)), 0)) for name, values in names.items())
        yield from self._filled(names, [form for form in self.forms if form.holes < MAXIMUM_HOLES])

    def _deep(self, names: _Columns) -> Iterator[_Valued]:
        first = dict(
            self._filled(names, [form for form in self.forms if form.from_source and form.holes < MAXIMUM_HOLES])
        )
        for values, candidate in self._filled(names, [form for form in self.forms if form.holes == MAXIMUM_HOLES]):
            if candidate.tier == 1:
                first.setdefault(values, candidate)
            yield values, candidate
        yield from self._nested(first)

    def _filled(self, names: _Columns, forms: Iterable[Form]) -> Iterator[_Valued]:
        for form in filter(self._may_stand, forms):
            for chosen in itertools.permutations(names, form.holes):
                values = _compute(form, [names[name] for name in chosen])
                if values is not None:
                    text = _fill(form.text, chosen)
                    misfit = any(
                        leaf != name and leaf in names for leaf, name in zip(form.leaves, chosen, strict=False)
                    )
                    yield values, _Candidate(text, frozenset(chosen), 1 if form.from_source else 2, misfit=misfit)

    def _nested(self, first: Mapping[Vector, _Candidate]) -> Iterator[_Valued]:
        """The source's single-hole forms over what its other forms gave: `num_patches + 1`."""
        for form in self.forms:
            if form.holes == 1 and form.from_source:
                for inner, candidate in first.items():
                    values = _compute(form, [inner])
                    if values is not None:
                        yield values, _Candidate(_fill(form.text, [_atom(candidate.text)]), candidate.names, 3)


def _is_doubling(base: int, value: int) -> bool:
    ratio, rest = divmod(max(base, value), max(1, min(base, value)))
    return rest == 0 and ratio & (ratio - 1) == 0


def _further_points(runs: Sequence[Mapping[str, int]], names: Sequence[str]) -> tuple[dict[str, int], ...]:
    """Values that keep what all runs have in common (divisors, names that divide others, equal names), and no more."""
    columns = {name: tuple(run[name] for run in runs) for name in names}
    commons = {name: math.gcd(*column) for name, column in columns.items()}
    ascending = sorted(names, key=lambda name: columns[name])
    points: list[dict[str, int]] = []
    for turn in range(FURTHER):
        drawn: dict[str, int] = {}
        equal: dict[tuple[int, ...], int] = {}
        for rank, name in enumerate(ascending):
            column = columns[name]
            dividing = [drawn[d] for d in drawn if all(n % v == 0 for n, v in zip(column, columns[d], strict=True))]
            prime = _FURTHER_PRIMES[(turn * 5 + rank) % len(_FURTHER_PRIMES)]
            drawn[name] = equal.setdefault(column, math.lcm(commons[name], *dividing) * prime)
        points.append(drawn)
    return tuple(points)


def _compute(form: Form, columns: Sequence[Vector]) -> Vector | None:
    """Values of a form at every point, None at those where it is no size; None where it is a positive one nowhere."""
    values = tuple(_size_of(form, row) for row in zip(*columns, strict=True))
    return values if any(values) else None


def _size_of(form: Form, row: Sequence[int | None]) -> int | None:
    if None in row:
        return None
    try:
        value = form.compute(cast("Sequence[int]", row))
    except ArithmeticError:
        return None
    return value if type(value) is int and value >= 0 else None


def _fill(form: str, parts: Sequence[str]) -> str:
    return re.sub(r"_(\d)", lambda match: parts[int(match.group(1))], form)
