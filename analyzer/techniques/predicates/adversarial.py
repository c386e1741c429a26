"""What trains a generator against a discriminator: margins of scores, crossed means, gradients kept small."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import peeled
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, same, walk

_PICKED = SHAPE_HEADS | {"index", "item", "mul", "cat", "tuple"}


def is_gradient_penalty(program: Program, reading: Reading) -> Iterator[Match]:
    """The square of a gradient by the input, or of its norm, in a graph that is kept; a sum of several gradients is an
    equation, not a penalty.
    """
    for term in reading.walked:
        if term.head not in ("pow", "square") or (term.head == "pow" and number(term.args[1]) != 2):
            continue
        gradient = _penalised(term.args[0])
        if gradient is not None:
            given = gradient.keyword("inputs") or (gradient.args[1] if len(gradient.args) > 1 else None)
            yield Match(term, (("x", given),) if given is not None else (), (term, gradient), "squared_gradient")


def _penalised(base: Term) -> Term | None:
    """The gradient of `g`, `norm(g)` or `norm(g) - target`."""
    if base.head == "add":
        norms = [part for part in base.args if part.head == "norm"]
        return _gradient(norms[0].args[0]) if len(norms) == 1 and len(base.args) == 2 else None
    return _gradient(base.args[0] if base.head == "norm" else base)


def _gradient(value: Term) -> Term | None:
    for one in _picked(value):
        if one.head == "call" and one.label == "torch.autograd.grad":
            kept = one.keyword("create_graph")
            return one if kept is not None and kept.payload is not False else None
    return None


def _picked(value: Term) -> Iterator[Term]:
    """What remains of a value that was reshaped, scaled or joined."""
    for one in peeled(value, _PICKED - {"mul", "cat", "tuple"}):
        if one.head in ("mul", "cat", "tuple"):
            for part in one.args:
                yield from _picked(part)
        else:
            yield one


def is_hinge_loss(program: Program, reading: Reading) -> Iterator[Match]:
    """`relu(1 - a)` and `relu(1 + b)` in one function."""
    margins = [(term, *found) for term in reading.walked if (found := _margin(term)) is not None]
    above = next(((term, score) for term, score, negative in margins if not negative), None)
    below = next(((term, score) for term, score, negative in margins if negative), None)
    if above is not None and below is not None:
        holes = (("a", above[1]), ("b", below[1]))
        yield Match(above[0], holes, (above[0], below[0]), "two_margins")


def _margin(term: Term) -> tuple[Term, bool] | None:
    """The score of `relu(1 ± score)` and whether it is subtracted."""
    inner = term.args[0] if term.head == "relu" and term.args else None
    if inner is None or inner.head != "add" or len(inner.args) != 2:
        return None
    scores = [part for part in inner.args if number(part) != 1]
    if len(scores) != 1:
        return None
    return (scores[0].args[0], True) if scores[0].head == "neg" else (scores[0], False)


def is_relativistic(program: Program, reading: Reading) -> Iterator[Match]:
    """`a - mean(b)` and `b - mean(a)` in one function."""
    found = [(term, score, other) for term in reading.walked for score, other in _against_mean(term)]
    for at, (term, score, other) in enumerate(found):
        for second, left, right in found[at + 1 :]:
            if same(score, right) and same(other, left) and not same(score, other):
                yield Match(term, (("a", score), ("b", other)), (term, second), "crossed_means")
                return


def _against_mean(term: Term) -> Iterator[tuple[Term, Term]]:
    """Score and averaged score of `a - mean(b)` or `mean(b) - a`, a margin added or not."""
    for one in alternatives(term):
        parts = [part for part in one.args if number(part) is None] if one.head == "add" else []
        for score, mean in (parts, parts[::-1]) if len(parts) == 2 else ():
            inner = mean.args[0] if mean.head == "neg" else mean
            opposed = (mean.head == "neg") != (score.head == "neg")
            if inner.head == "mean" and inner.args and opposed:
                yield (score.args[0] if score.head == "neg" else score), inner.args[0]


def is_differentiable_augmentation(program: Program, reading: Reading) -> Iterator[Match]:
    """A random number per sample that shifts the images or scales them about their mean."""
    for term in reading.walked:
        if term.head != "add" or not reading.parameters:
            continue
        image = _shifted(term) or _stretched(term)
        if image is not None:
            yield Match(term, (("x", image),), (term,), "per_sample_change")


def _shifted(term: Term) -> Term | None:
    """`x + (rand(len(x), 1, 1, 1) - c)`."""
    image = next((part for part in term.args if part.head == "param"), None)
    drawn = any(image is not None and _is_per_sample(part, image) for part in term.args)
    centred = any((number(part) or 0) < 0 for part in term.args)
    return image if drawn and centred else None


def _stretched(term: Term) -> Term | None:
    """`(x - m) * rand(len(x), 1, 1, 1) + m` with a mean `m` of `x`."""
    for product in term.args:
        mean = next((part for part in term.args if part is not product), None)
        if product.head == "mul" and mean is not None and mean.head == "mean" and mean.args:
            image = mean.args[0]
            if any(_is_per_sample(one, image) for part in product.args for one in _factors(part)):
                return image
    return None


def _factors(part: Term) -> Iterator[Term]:
    yield part
    yield from part.args if part.head in ("add", "mul") else ()


def _is_per_sample(term: Term, image: Term) -> bool:
    """`rand(image.size(0), 1, 1, 1)`."""
    drawn = [one for one in (term, *term.args) if one.head == "rand" and len(one.args) >= 3]
    return any(
        all(number(size) == 1 for size in one.args[1:]) and any(same(part, image) for part in walk(one.args[0]))
        for one in drawn
    )
