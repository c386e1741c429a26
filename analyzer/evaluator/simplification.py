"""The shortest of the exact forms of an expression over integers: `(4*n)//2` as `2*n`, `((H - 1)//2 + 1 - 1)//2` as
`(H - 1)//4`; `(n//2)*2` stays.

Every step keeps the value for all integers at which the expression has one. What is no sum, product, power or
whole quotient (`int(n/3)`, a remainder) is taken as it is, and may only be named in full.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

MAXIMUM_EXPONENT = 4
MAXIMUM_TERMS = 24
_SPACED = re.compile(r" (\*\*|//|[*/]) ")
Product = tuple[tuple[str, int], ...]
"""Factors with their exponents, in the order in which they were first written."""


@dataclass(frozen=True)
class _Sum:
    """Whole coefficients by product of factors that are not taken apart."""

    terms: tuple[tuple[Product, int], ...] = ()

    @property
    def constant(self) -> int | None:
        """Its value where it has no factors."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None


@cache
def simplified(expression: str) -> str:
    """The same for all integers, in fewer characters where there is such a form."""
    return _written(_simplify(ast.parse(expression, mode="eval").body))


def _simplify(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return ast.UnaryOp(node.op, _simplify(node.operand))
    if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.Div):
        return node  # floating-point numbers inside: another order of operations may round elsewhere
    parts = ast.BinOp(_simplify(node.left), node.op, _simplify(node.right))
    found = _sum_of(parts)
    if found is None:
        return parts
    other = ast.parse(_text(found), mode="eval").body
    return min(parts, other, key=lambda form: len(_written(form)))


def _sum_of(node: ast.expr) -> _Sum | None:
    """The expression as a sum of products; None where that has too many terms, a divisor of zero or no integers."""
    if isinstance(node, ast.Constant):
        return _number(node.value) if type(node.value) is int else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _sum_of(node.operand)
        return None if inner is None else _multiplied(_number(-1), inner)
    if isinstance(node, ast.BinOp):
        return _combined(node)
    return _factor(node)


def _combined(node: ast.BinOp) -> _Sum | None:
    left, right = _sum_of(node.left), _sum_of(node.right)
    if left is None or right is None:
        return None
    if isinstance(node.op, (ast.Add, ast.Sub)):
        sign = 1 if isinstance(node.op, ast.Add) else -1
        return _total((*left.terms, *((product, sign * number) for product, number in right.terms)))
    if isinstance(node.op, ast.Mult):
        return _multiplied(left, right)
    if isinstance(node.op, ast.Pow) and right.constant in range(1, MAXIMUM_EXPONENT + 1):
        return _power(left, right.constant or 1)
    if isinstance(node.op, ast.FloorDiv):
        return _quotient(left, right)
    return _factor(node)


def _number(value: int) -> _Sum:
    return _Sum((((), value),)) if value else _Sum()


def _factor(node: ast.expr) -> _Sum:
    return _Sum(((((_written(node), 1),), 1),))


def _total(terms: Iterable[tuple[Product, int]]) -> _Sum | None:
    """Equal products added up; products are equal whatever the order of their factors."""
    order: dict[frozenset[tuple[str, int]], Product] = {}
    summed: Counter[frozenset[tuple[str, int]]] = Counter()
    for product, number in terms:
        key = frozenset(product)
        order.setdefault(key, product)
        summed[key] += number
    found = tuple((order[key], number) for key, number in summed.items() if number)
    return _Sum(found) if len(found) <= MAXIMUM_TERMS else None


def _multiplied(left: _Sum, right: _Sum) -> _Sum | None:
    return _total((_joined(p, q), m * n) for p, m in left.terms for q, n in right.terms)


def _joined(left: Product, right: Product) -> Product:
    powers = Counter(dict(left))
    powers.update(dict(right))
    return tuple(powers.items())


def _power(base: _Sum, exponent: int) -> _Sum | None:
    found: _Sum | None = _number(1)
    for _ in range(exponent):
        found = _multiplied(found, base) if found is not None else None
    return found


def _quotient(left: _Sum, right: _Sum) -> _Sum | None:
    """Common factors cancelled, `(a//b)//c` as `a//(b*c)`. Whole multiples of the divisor are taken out where only a
    number is left then: `(2*n - 1)//2`; rounding up (`(a + b - 1)//b`) stays as it is known.
    """
    if right.constant == 0:
        return None
    if len(right.terms) != 1:
        return _left_over(left, right)
    left, right = _cancelled(left, right)
    ((divisor, number),) = right.terms
    whole = [_divided(term, divisor, number) for term in left.terms]
    outside = [term for term in whole if term is not None]
    inside = _Sum(tuple(term for term, found in zip(left.terms, whole, strict=True) if found is None))
    if inside.constant is None or (inside.terms and right.constant is None):
        return _left_over(left, right)
    rest = _left_over(inside, right) if inside.terms else inside
    return None if rest is None else _total((*outside, *rest.terms))


def _cancelled(left: _Sum, right: _Sum) -> tuple[_Sum, _Sum]:
    """Both without the factors that all their terms share: the real quotient, and so its floor, is the same."""
    terms = (*left.terms, *right.terms)
    number = math.gcd(*(coefficient for _, coefficient in terms))
    powers = [dict(product) for product, _ in terms]
    shared = tuple((f, least) for f in powers[-1] if (least := min(power.get(f, 0) for power in powers)))

    def without(sum_: _Sum) -> _Sum:
        return _Sum(tuple((_less(p, shared), n // number) for p, n in sum_.terms))

    return without(left), without(right)


def _less(product: Product, by: Product) -> Product:
    powers = dict(product)
    for factor, power in by:
        powers[factor] -= power
    return tuple((factor, power) for factor, power in powers.items() if power)


def _divided(term: tuple[Product, int], divisor: Product, number: int) -> tuple[Product, int] | None:
    """A term that is a whole multiple of the divisor, by it."""
    product, coefficient = term
    powers = dict(product)
    if coefficient % number or any(powers.get(factor, 0) < power for factor, power in divisor):
        return None
    return _less(product, divisor), coefficient // number


def _left_over(left: _Sum, right: _Sum) -> _Sum | None:
    """The quotient of what shares nothing with its divisor, as one factor."""
    outer = right.constant
    if outer is not None and left.constant is not None:
        return _number(left.constant // outer)
    text, by = _text(left), _text(right)
    inner, divisor = (ast.parse(part, mode="eval").body for part in (text, by))
    step = _step_of(inner)
    if outer is not None and outer > 0 and step is not None and isinstance(inner, ast.BinOp):
        return _sum_of(ast.BinOp(inner.left, ast.FloorDiv(), ast.Constant(step * outer)))
    return _factor(ast.BinOp(inner, ast.FloorDiv(), divisor))


def _step_of(node: ast.expr) -> int | None:
    """The positive number by which a quotient divides."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.FloorDiv):
        return None
    step = node.right.value if isinstance(node.right, ast.Constant) else None
    return step if type(step) is int and step > 0 else None


def _text(sum_: _Sum) -> str:
    """As Python: what is added before what is taken away, plain numbers last."""
    ordered = sorted(sum_.terms, key=lambda term: (not term[0], term[1] < 0))
    text = ""
    for product, number in ordered:
        sign = ("-" if not text else " - ") if number < 0 else (" + " if text else "")
        text += sign + _product(product, abs(number))
    return text or "0"


def _product(product: Product, number: int) -> str:
    factors = [_powered(factor, power) for factor, power in product]
    if number != 1 or not factors:
        factors.insert(0, str(number))
    return product[0][0] if number == 1 and [power for _, power in product] == [1] else "*".join(factors)


def _powered(factor: str, power: int) -> str:
    atom = factor if re.fullmatch(r"\w+", factor) or _is_call(factor) else f"({factor})"
    return atom if power == 1 else f"{atom}**{power}"


def _is_call(text: str) -> bool:
    return isinstance(ast.parse(text, mode="eval").body, ast.Call)


def _written(node: ast.expr) -> str:
    """Python with brackets where a reader wants them: a quotient or remainder inside a product has some."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_bracketed(node.operand, (ast.Pow,))}"
    if not isinstance(node, ast.BinOp) or type(node.op) not in _SIGNS:
        return _SPACED.sub(r"\1", ast.unparse(node))
    sign, left, right = _SIGNS[type(node.op)]
    return f"{_bracketed(node.left, left)}{sign}{_bracketed(node.right, right)}"


_Bare = tuple[type[ast.operator], ...]
_PRODUCTS: _Bare = (ast.Mult, ast.Pow, ast.FloorDiv, ast.Mod, ast.Div)
_SUMS: _Bare = (ast.Add, ast.Sub, *_PRODUCTS)
_SIGNS: dict[type[ast.operator], tuple[str, _Bare, _Bare]] = {
    ast.Add: (" + ", _SUMS, _PRODUCTS),
    ast.Sub: (" - ", _SUMS, _PRODUCTS),
    ast.Mult: ("*", (ast.Mult, ast.Pow), (ast.Pow,)),
    ast.FloorDiv: ("//", (), ()),
    ast.Div: ("/", (), ()),
    ast.Mod: (" % ", (), ()),
    ast.Pow: ("**", (), ()),
}
"""How an operator is written, and which operations need no brackets on its left and its right."""


def _bracketed(node: ast.expr, bare: _Bare) -> str:
    """In brackets, unless it is a name, a number, a call or an operation that is clear without."""
    plain = not isinstance(node, (ast.BinOp, ast.UnaryOp)) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, bare)
    )
    return _written(node) if plain else f"({_written(node)})"
