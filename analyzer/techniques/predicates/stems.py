"""How an input becomes what the blocks read: convolutions before a sequence, segments beside tokens, empty labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.techniques.algebra import INVERSE
from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import ACTIVATIONS, CONV_HEADS, NORM_HEADS, peeled, text_argument
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, same, walk

_BETWEEN = ACTIVATIONS | NORM_HEADS | {"dropout", "identity", "pool"}
_SWAPPED = frozenset({"mT", "permute", "transpose"})
FEWEST_CONVOLUTIONS = 2


def has_convolutional_stem(program: Program, reading: Reading) -> Iterator[Match]:
    """Two or more convolutions, one of them with a stride, whose result is laid out as a sequence."""
    seen: set[int] = set()
    for term in reading.walked:
        if term.head not in _SWAPPED and not _is_made_sequence(term):
            continue
        for one in peeled(term, SHAPE_HEADS | _SWAPPED):
            chain = _convolutions(one)
            if len(chain) >= FEWEST_CONVOLUTIONS and any(map(_has_stride, chain)) and chain[0].digest not in seen:
                seen.add(chain[0].digest)
                holes = tuple(
                    (hole, made) for hole, conv in (("a", chain[-1]), ("b", chain[0])) if (made := _size(conv))
                )
                yield Match(term, holes, (term, *chain), "convolutions_to_sequence")


def _is_made_sequence(term: Term) -> bool:
    text = text_argument(term, "pattern") if term.head == "rearrange" else None
    return text is not None and "(" in text.partition("->")[2]


def _convolutions(term: Term) -> list[Term]:
    """Convolutions one behind the other, the last first, that begin at an argument of the function."""
    found: list[Term] = []
    here = term
    while here.args and here.head in CONV_HEADS | _BETWEEN:
        if here.head in CONV_HEADS:
            found.append(here)
        here = here.args[0]
    return found if here.head in ("param", "unsqueeze") else []


def _has_stride(conv: Term) -> bool:
    stride = conv.keyword("stride")
    return stride is not None and any(number(one) not in (None, 1.0) for one in (stride, *stride.args))


def _size(conv: Term) -> Term | None:
    return conv.keyword("kernel_size")


def has_segment_embedding(program: Program, reading: Reading) -> Iterator[Match]:
    """The sum of an embedding of tokens, one of a range, and one of another argument of the same form."""
    for term in reading.walked:
        parts = [part for part in term.args if part.head == "embedding" and part.args] if term.head == "add" else []
        positions = [part for part in parts if _has_range(part.args[0])]
        looked_up = [part for part in parts if part not in positions]
        if len(positions) != 1 or len(looked_up) < 2:
            continue
        for token in looked_up:
            segment = next((one for one in looked_up if one is not token and _goes_with(one, token)), None)
            if segment is not None:
                holes = tuple(
                    (hole, _table(part)) for hole, part in zip("EPS", (token, *positions, segment), strict=True)
                )
                yield Match(term, holes, (term,), "three_embeddings")
                break


def _has_range(index: Term) -> bool:
    return any(one.head == "arange" for one in walk(index))


def _goes_with(segment: Term, token: Term) -> bool:
    """Another argument than the tokens, which stands for zeros of their form where it is not given."""
    tokens = token.args[0]
    options = list(alternatives(segment.args[0]))
    zeros = any(one.head == "zeros" and any(same(part, tokens) for part in walk(one)) for one in options)
    return zeros and any(one.head == "param" and not same(one, tokens) for one in options)


def _table(part: Term) -> Term:
    """The embedding as the code names it."""
    func = getattr(part.node, "func", None)
    return Term("layer", label=part.label, path=part.path, node=func) if func is not None else part


def has_label_dropout(program: Program, reading: Reading) -> Iterator[Match]:
    """`where(rand(n) < p, empty, labels)`: labels of an embedding that are replaced by one value now and then."""
    for term in reading.walked:
        if term.head != "where" or len(term.args) != 3 or not _is_looked_up(program, reading, term):
            continue
        drawn = next((one for one in alternatives(term.args[0]) if _is_drawn(one)), None)
        if drawn is not None:
            holes = (("y", term.args[2]), ("n", term.args[1]), ("p", drawn.args[1]))
            yield Match(term, holes, (term, drawn), "replaced_label")


def _is_drawn(condition: Term) -> bool:
    return condition.head == "compare" and condition.label == "Lt" and condition.args[0].head == "rand"


def _is_looked_up(program: Program, reading: Reading, value: Term) -> bool:
    """An embedding of the value in this function, or the function only returns it and a method beside it embeds it."""
    readings = [reading, *(one for one in program.readings if one.owner and one.owner == reading.owner)]
    embedded = (term for one in readings for term in one.walked if term.head == "embedding" and term.args)
    return any(same(one, value) for term in embedded for one in walk(term.args[0]))


def is_yarn(program: Program, reading: Reading) -> Iterator[Match]:
    """Frequencies times `1 - ramp + ramp / factor`, the ramp being a range clamped between nought and one."""
    for term in reading.walked:
        if term.head not in ("mul", "div"):
            continue
        for part in term.args:
            found = _mixed_by_ramp(part)
            if found is not None:
                ramp, factor = found
                frequencies = next((one for one in term.args if one is not part), part)
                if term.head == "div":
                    frequencies = replace(frequencies, payload=INVERSE)
                holes = (("w", frequencies), ("s", factor), ("r", ramp))
                yield Match(term, holes, (term, part), "ramped_frequencies")
                break


def _mixed_by_ramp(mixed: Term) -> tuple[Term, Term] | None:
    if mixed.head != "add" or not any(number(part) == 1 for part in mixed.args):
        return None
    for part in mixed.args:
        ramp = part.args[0] if part.head == "neg" else None
        if ramp is None or not _is_ramp(ramp):
            continue
        for scaled in mixed.args:
            if scaled.head == "div" and same(scaled.args[0], ramp):
                return ramp, scaled.args[1]
    return None


def _is_ramp(term: Term) -> bool:
    bounds = {number(term.keyword("min")), number(term.keyword("max"))}
    return term.head == "clamp" and bounds == {0.0, 1.0} and any(one.head == "arange" for one in walk(held(term)))


def has_scaled_initialisation(program: Program, reading: Reading) -> Iterator[Match]:
    """A normal distribution whose deviation is divided by the root of twice a number."""
    for label in ("torch.nn.init.normal_", "torch.nn.init.trunc_normal_"):
        for term in reading.called.get(label, ()):
            deviation = term.keyword("std") or (term.args[2] if len(term.args) > 2 else None)
            depth = _depth(deviation) if deviation is not None else None
            if deviation is not None and depth is not None:
                plain = next((part for part in deviation.args if number(part)), deviation)
                yield Match(term, (("s", plain), ("n", depth)), (term,), "divided_by_root_of_twice")


def _depth(deviation: Term) -> Term | None:
    return next((found for one in walk(deviation) if (found := _twice(one)) is not None), None)


def _twice(root: Term) -> Term | None:
    """`n` of `1 / sqrt(2 * n)` or `(2 * n) ** -0.5`."""
    inner = root.args[0] if root.head in ("rsqrt", "sqrt") and root.args else None
    if root.head == "pow" and number(root.args[1]) == -0.5:
        inner = root.args[0]
    if inner is None or inner.head != "mul" or not any(number(part) == 2 for part in inner.args):
        return None
    return next((part for part in inner.args if number(part) is None), None)
