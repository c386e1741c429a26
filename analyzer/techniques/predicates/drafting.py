"""Speculative decoding: tokens of a draft model are kept or rejected by the ratio of two models' probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import peeled
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, number, same, walk

_ASSISTED = ("assistant_model", "prompt_lookup_num_tokens")


def is_speculative(program: Program, reading: Reading) -> Iterator[Match]:
    """A uniform draw is held against `p / q`, and what is rejected is drawn anew from the positive part of `p - q`."""
    ratio = next((t for t in reading.walked if _ratio(t) is not None), None)
    residual = next((t for t in reading.walked if _is_positive_difference(t)), None)
    if ratio is not None and residual is not None:
        quotient = _ratio(ratio)
        assert quotient is not None
        holes = (("p", quotient.args[0]), ("q", quotient.args[1]))
        yield Match(ratio, holes, (ratio, residual), "ratio_test")
    for term in reading.called.get("generate", ()):
        given = next((v for name in _ASSISTED if (v := term.keyword(name)) is not None), None)
        if given is not None and given.head != "const":
            yield Match(term, (("q", given),), (term,), "assisted_generate")


def _ratio(test: Term) -> Term | None:
    """The quotient that a uniform draw is compared with."""
    if test.head != "compare" or len(test.args) != 2:
        return None
    for draw, limit in (test.args, test.args[::-1]):
        options = limit.args if limit.head == "minimum" else (limit,)
        for quotient in (one for option in options for one in peeled(option, SHAPE_HEADS | {"clamp"})):
            if quotient.head == "div" and _is_uniform(draw) and all(_is_probability(part) for part in quotient.args):
                return quotient if not same(*quotient.args) else None
    return None


def _is_probability(term: Term) -> bool:
    """Looked up in a table of probabilities, kept from nought or not."""
    found = peeled(term, SHAPE_HEADS | {"clamp", "add", "maximum"})
    return any(one.head in ("index", "gather", "item", "element", "softmax", "exp") for one in found)


def _is_uniform(term: Term) -> bool:
    return any(t.head == "rand" or t.label in ("uniform_", "random.random", "numpy.random.rand") for t in walk(term))


def _is_positive_difference(term: Term) -> bool:
    """`relu(p - q)`, `(p - q).clamp(min=0)`, `max(p - q, 0)`."""
    inner = term.args[0] if term.args else None
    if inner is None:
        return False
    kept = term.head == "relu" or (term.head == "clamp" and number(term.keyword("min")) == 0)
    kept = kept or (term.head == "maximum" and number(term.args[-1]) == 0)
    if term.head == "where" and len(term.args) == 3:
        kept, inner = any(number(arg) == 0 for arg in term.args[1:]), term.args[1]
    return kept and inner.head == "add" and len(inner.args) == 2 and any(part.head == "neg" for part in inner.args)
