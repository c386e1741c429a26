"""Norms written out or specialised, and where they stand: before or behind the residual branch, modulated."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match, fits, parse_pattern
from analyzer.techniques.predicates.basics import (
    LAYER_PATTERNS,
    RMS_PATTERNS,
    is_parameter,
    is_rms,
    norm_kind,
    peeled,
    scaled_unit_norm,
)
from analyzer.techniques.predicates.blocks import consumers, residual_sums
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, contains, number, same, walk

__all__ = ["has_modulated_norm", "has_norm_after_sum", "has_norm_before_branch", "is_written_layer_norm"]

_EPSILON_OUTSIDE = "__x__ / (torch.sqrt(__x__.pow(2).mean(-1)) + __eps__)"


def is_written_rms_norm(program: Program, reading: Reading) -> Iterator[Match]:
    """Division by the root mean square, without subtracting the mean."""
    for term in reading.walked:
        if scaled_unit_norm(term):
            unit = next(part for part in term.args if part.head == "normalize")
            yield Match(term, (("x", unit.args[0]),), (unit,), "scaled_unit_vector", (("eps_of_unit_vector", ()),))
            continue
        for source in RMS_PATTERNS:
            if term.head in ("mul", "div") and is_rms(term, source):
                yield _written(term, source)
                break


def _written(term: Term, source: str) -> Match:
    holes = fits(parse_pattern(source), term) or {}
    inner = [one for one in walk(term) if one.head in ("rsqrt", "sqrt", "mean", "pow")]
    note = "eps_outside_root" if source == _EPSILON_OUTSIDE else "eps_inside_root" if "eps" in holes else "no_eps"
    gain = next((part for part in term.args if _is_gain(part)), None) if term.head == "mul" else None
    filled = dict(holes) | ({"w": gain} if gain is not None else {})
    return Match(term, tuple(sorted(filled.items())), tuple(inner), "written", ((note, ()),))


def _is_gain(part: Term) -> bool:
    """A parameter, or one more than a parameter."""
    if part.head == "add" and len(part.args) == 2 and any(number(arg) == 1 for arg in part.args):
        return any(is_parameter(arg) for arg in part.args)
    return held(part).label.endswith("Parameter")


def is_written_layer_norm(program: Program, reading: Reading) -> Iterator[Match]:
    """The mean subtracted, divided by the standard deviation, over the last axis."""
    for term in reading.walked:
        if term.head not in ("mul", "div"):
            continue
        for source in LAYER_PATTERNS[:3]:
            holes = fits(parse_pattern(source), term)
            spread = _spread_of(term, holes["x"]) if holes is not None else None
            if holes is not None and spread is not None:
                notes = ["eps_outside_root" if "std" in source else "eps_inside_root"]
                notes += ["unbiased_spread"] if _is_unbiased(spread) else []
                filled = {**_gain_and_shift(term, holes["x"], reading), **holes}
                yield Match(term, tuple(sorted(filled.items())), (term,), "written", tuple((one, ()) for one in notes))
                break


def _spread_of(term: Term, value: Term) -> Term | None:
    """The variance or standard deviation of the same value in the divisor."""
    spreads = [one for one in walk(term) if one.head in ("var", "std") or (one.head == "mean" and _is_square(one))]
    return next((spread for spread in spreads if any(same(one, value) for one in walk(spread))), None)


def _is_unbiased(spread: Term) -> bool:
    """Divided by one less than the number of values: what torch does unless told otherwise, numpy does not."""
    told = next((given for name in ("unbiased", "correction") if (given := spread.keyword(name)) is not None), None)
    return spread.head != "mean" and not spread.label.startswith("numpy.") and (told is None or bool(told.payload))


def _gain_and_shift(normed: Term, value: Term, reading: Reading) -> dict[str, Term]:
    """What the normalised vector is multiplied by and what is added then, where the same function says so."""
    found: dict[str, Term] = {}
    factors = normed.args if normed.head == "mul" else ()
    apart = [one for one in factors if not any(same(part, value) for part in walk(one))]
    if len(apart) == 1:
        found["w"] = apart[0]
    for hole, head in (("w", "mul"), ("b", "add")):
        outer = next((t for t in reading.walked if t.head == head and any(same(a, normed) for a in t.args)), None)
        if outer is not None and len(outer.args) == 2:
            found[hole] = next(arg for arg in outer.args if not same(arg, normed))
            normed = outer
    return found


def _is_square(mean: Term) -> bool:
    return any(one.head == "pow" and number(one.args[1]) == 2 for one in alternatives(mean.args[0]))


def has_norm_before_branch(program: Program, reading: Reading) -> Iterator[Match]:
    """In `x + f(x)` the branch reads `x` only through a norm."""
    for sum_, stream, branch in residual_sums(program, reading):
        readers = consumers(program, branch, stream)
        if readers and all(norm_kind(program, one) is not None for one in readers) and not _is_batch(program, readers):
            yield Match(sum_, (("x", stream), ("f", branch)), (sum_, *readers), "norm_before_branch")


def _is_batch(program: Program, readers: list[Term]) -> bool:
    return any(norm_kind(program, one) == "batch_norm" for one in readers)


def has_norm_after_sum(program: Program, reading: Reading) -> Iterator[Match]:
    """`norm(x + f(x))`: the sum of stream and branch is normalised."""
    sums = {sum_.digest: (stream, branch) for sum_, stream, branch in residual_sums(program, reading)}
    for term in reading.walked:
        kind = norm_kind(program, term)
        if kind is None or not term.args:
            continue
        for one in alternatives(term.args[0]):
            if one.digest in sums and not _is_final(program, sums[one.digest]) and not _goes_on(reading, one, term):
                stream, branch = sums[one.digest]
                yield Match(term, (("x", stream), ("f", branch)), (term, one), "norm_after_sum")


def _goes_on(reading: Reading, sum_: Term, normed: Term) -> bool:
    """The sum itself is carried on beside its norm: the norm is then the next branch's."""
    others = [t for t in reading.walked if not same(t, normed) and t.head not in ("choice", "item", "tuple")]
    return any(same(one, sum_) for t in others for child in t.children() for one in alternatives(child))


def _is_final(program: Program, pair: tuple[Term, Term]) -> bool:
    """The branch has a norm of its own, so the norm behind the sum is that of the next branch or of the model."""
    stream, branch = pair
    readers = consumers(program, branch, stream)
    return bool(readers) and all(norm_kind(program, one) is not None for one in readers)


def has_modulated_norm(program: Program, reading: Reading) -> Iterator[Match]:
    """`norm(x) * (1 + scale) + shift` with scale and shift computed from a condition."""
    for term in reading.walked:
        if term.head != "add":
            continue
        for part in term.args:
            normed, scale = _scaled_norm(program, part)
            rest = tuple(one for one in term.args if one is not part)
            if normed is None or scale is None or not rest:
                continue
            if len(rest) == 1 and _are_from_one_condition(program, scale, rest[0], normed.args[0]):
                holes = (("x", normed.args[0]), ("gamma", scale), ("beta", rest[0]))
                yield Match(term, holes, (term, part, normed), "scale_and_shift")
                break


def _scaled_norm(program: Program, product: Term) -> tuple[Term | None, Term | None]:
    """The norm and the scale of `norm(x) * (1 + scale)` or `norm(x) * scale`."""
    if product.head != "mul":
        return None, None
    normed = next((p for p in product.args if norm_kind(program, p) is not None and p.args), None)
    others = [p for p in product.args if p is not normed]
    if normed is None or len(others) != 1:
        return None, None
    scale = others[0]
    ones = [p for p in scale.args if number(p) != 1] if scale.head == "add" else [scale]
    return (normed, ones[0]) if len(ones) == 1 else (None, None)


def _are_from_one_condition(program: Program, scale: Term, shift: Term, value: Term) -> bool:
    """Two parts of one layer's output, or two layers' outputs of one input that is not the normalised value."""
    one, two = (next(peeled(term, SHAPE_HEADS | {"index"})) for term in (scale, shift))
    if one.head == two.head == "item":
        joint = one.args[0]
        return same(joint, two.args[0]) and not same(one, two) and not contains(joint, value)
    if one.head == two.head and one.head in ("linear", "embedding", "invoke", "apply") and one.args and two.args:
        given, other = one.args[-1], two.args[-1]
        return same(given, other) and not contains(given, value) and not contains(value, given)
    return False
