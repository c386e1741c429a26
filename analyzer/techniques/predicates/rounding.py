"""Numbers stored as small integers with a scale, where code writes the rounding out."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import peeled
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, contains, walk

_LARGEST = frozenset({"amax", "aminmax"})


def is_written_quantization(program: Program, reading: Reading) -> Iterator[Match]:
    """`round(x / scale)` with a scale that comes from the largest size of `x` itself."""
    for term in reading.walked:
        rounded = _rounded(term)
        inner = next(peeled(rounded, SHAPE_HEADS | {"clamp"})) if rounded is not None else None
        if inner is None or inner.head != "div" or len(inner.args) != 2:
            continue
        value, scale = inner.args
        if _is_of_largest(scale, value):
            yield Match(term, (("x", value), ("s", scale)), (term,), "scaled_by_largest")


def _rounded(term: Term) -> Term | None:
    is_round = term.head == "method" and term.label in ("round", "round_")
    is_call = term.head == "call" and term.label in ("torch.round", "numpy.round")
    return term.args[0] if (is_round or is_call) and term.args else None


def _is_of_largest(scale: Term, value: Term) -> bool:
    """The largest absolute value stands in the scale."""
    for one in walk(scale):
        largest = (one.head == "method" and one.label in _LARGEST) or one.head in ("maximum", "reduce")
        if largest and one.args and any(part.head == "abs" and contains(part, value) for part in walk(one.args[0])):
            return True
    return False
