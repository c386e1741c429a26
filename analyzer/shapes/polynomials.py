"""Sums of products of named sizes, and how they are written as Python: `n_layer*(12*n_embd**2 + 13*n_embd)`.

What is no sum or product of names (`n_embd//n_head`) is an atom: it is never taken apart, only counted.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

Monomial = tuple[tuple[str, int], ...]
"""Atoms with their exponents, in the order of their texts."""


@dataclass(frozen=True)
class Polynomial:
    """Whole coefficients by monomial."""

    terms: tuple[tuple[Monomial, int], ...] = ()

    @classmethod
    def number(cls, value: int) -> Polynomial:
        return cls((((), value),)) if value else cls()

    @classmethod
    def atom(cls, text: str) -> Polynomial:
        return cls(((((text, 1),), 1),))

    @classmethod
    def total(cls, parts: Iterable[Polynomial]) -> Polynomial:
        """The sum, with equal monomials added up."""
        summed: Counter[Monomial] = Counter()
        for part in parts:
            for monomial, coefficient in part.terms:
                summed[monomial] += coefficient
        return cls(tuple(sorted((item for item in summed.items() if item[1]), key=lambda item: item[0])))

    def __mul__(self, other: Polynomial) -> Polynomial:
        return Polynomial.total(
            Polynomial(((_joined(left, right), first * second),))
            for left, first in self.terms
            for right, second in other.terms
        )

    @cached_property
    def atoms(self) -> frozenset[str]:
        return frozenset(atom for monomial, _ in self.terms for atom, _ in monomial)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names that stand in some atom."""
        found = re.findall(r"[A-Za-z_]\w*", " ".join(self.atoms))
        return frozenset(found) - {"int"}

    def text(self, outer: Collection[str] = ()) -> str:
        """As Python; what all terms share of `outer` (repetitions, sizes of inputs) stands before a bracket."""
        return _written(dict(self.terms), tuple(outer))


def parse_polynomial(expression: str, exact: Collection[tuple[str, str]] = ()) -> Polynomial:
    """The polynomial that an expression over names is; `exact` are pairs of names of which the second divides the
    first, so that `b*(a//b)` is `a`.
    """
    return exact_products(_polynomial(ast.parse(expression, mode="eval").body), exact)


def _polynomial(node: ast.expr) -> Polynomial:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Polynomial.number(node.value)
    if isinstance(node, ast.BinOp):
        left, right = node.left, node.right
        if isinstance(node.op, ast.Add):
            return Polynomial.total((_polynomial(left), _polynomial(right)))
        if isinstance(node.op, ast.Sub):
            return Polynomial.total((_polynomial(left), Polynomial.number(-1) * _polynomial(right)))
        if isinstance(node.op, ast.Mult):
            return _polynomial(left) * _polynomial(right)
        if isinstance(node.op, ast.Pow) and isinstance(right, ast.Constant) and right.value in range(1, 5):
            return _power(_polynomial(left), int(right.value))  # type: ignore[arg-type]
    return Polynomial.atom(_atom_text(node))


def _power(base: Polynomial, exponent: int) -> Polynomial:
    result = Polynomial.number(1)
    for _ in range(exponent):
        result = result * base
    return result


def _atom_text(node: ast.expr) -> str:
    text = ast.unparse(node).replace(" // ", "//").replace(" * ", "*").replace(" / ", "/")
    return text if isinstance(node, (ast.Name, ast.Call)) else f"({text})"


def exact_products(polynomial: Polynomial, exact: Collection[tuple[str, str]]) -> Polynomial:
    """`n_head*(n_embd//n_head)` as `n_embd`, where the source demands that the division leaves nothing."""
    for whole, divisor in sorted(exact):
        quotient = f"({whole}//{divisor})"
        if quotient in polynomial.atoms:
            polynomial = Polynomial.total(
                Polynomial(((_cancelled(monomial, whole, divisor, quotient), coefficient),))
                for monomial, coefficient in polynomial.terms
            )
    return polynomial


def _cancelled(monomial: Monomial, whole: str, divisor: str, quotient: str) -> Monomial:
    powers = dict(monomial)
    common = min(powers.get(divisor, 0), powers.get(quotient, 0))
    for atom in (divisor, quotient):
        powers[atom] = powers.get(atom, 0) - common
    powers[whole] = powers.get(whole, 0) + common
    return tuple(sorted((atom, power) for atom, power in powers.items() if power))


def _joined(left: Monomial, right: Monomial) -> Monomial:
    powers = Counter(dict(left))
    powers.update(dict(right))
    return tuple(sorted(powers.items()))


def _written(terms: Mapping[Monomial, int], outer: tuple[str, ...]) -> str:
    """Factors that all terms share first, then a bracket for each repeated part, then the rest."""
    if not terms:
        return "0"
    common = _common_monomial(terms, outer) if len(terms) > 1 else ()
    if common:
        rest = {_divided(monomial, common): coefficient for monomial, coefficient in terms.items()}
        return f"{_product(common, 1)}*({_written(rest, outer)})"
    parts: list[str] = []
    left = dict(terms)
    for name in outer:
        inner = {m: c for m, c in left.items() if name in dict(m)}
        if len(inner) > 1:
            parts.append(_written(inner, outer))
            left = {m: c for m, c in left.items() if m not in inner}
    parts += [_product(m, c) for m, c in sorted(left.items(), key=_display_order)]
    return " + ".join(parts).replace("+ -", "- ")


def _common_monomial(terms: Mapping[Monomial, int], outer: tuple[str, ...]) -> Monomial:
    powers = [dict(monomial) for monomial in terms]
    shared = {atom: min(power.get(atom, 0) for power in powers) for atom in outer}
    return tuple(sorted((atom, power) for atom, power in shared.items() if power))


def _divided(monomial: Monomial, by: Monomial) -> Monomial:
    powers = dict(monomial)
    for atom, power in by:
        powers[atom] -= power
    return tuple(sorted((atom, power) for atom, power in powers.items() if power))


def _display_order(term: tuple[Monomial, int]) -> tuple[int, list[str], int]:
    """Higher degrees first, a plain number last."""
    monomial, coefficient = term
    return (-sum(power for _, power in monomial), [atom for atom, _ in _ordered(monomial)], coefficient)


def _ordered(monomial: Monomial) -> list[tuple[str, int]]:
    """Sizes of the input (`B`, `T`) before the names of the configuration."""
    return sorted(monomial, key=lambda item: (len(item[0]) > 1, item[0].startswith("("), item[0]))


def _product(monomial: Monomial, coefficient: int) -> str:
    factors = [atom if power == 1 else f"{atom}**{power}" for atom, power in _ordered(monomial)]
    if coefficient != 1 or not factors:
        factors.insert(0, str(coefficient))
    return "*".join(factors)
