"""Training: accumulation, moving averages, warm-up, cosine schedules, masked inputs, contrastive and guided terms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from analyzer.techniques.patterns import Match, fits, parse_pattern
from analyzer.techniques.predicates.basics import has_head, peeled
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, same, walk


def has_accumulated_gradients(program: Program, reading: Reading) -> Iterator[Match]:
    """The loss is divided by the number of micro-steps before each backward pass."""
    for step in reading.steps:
        for term in walk(step.term):
            if term.head != "backward" or not term.args or not step.loops:
                continue
            for loss in _scaled_losses(term.args[0]):
                divisor = _divisor(loss)
                if divisor is not None and _counts_micro_steps(reading, divisor):
                    yield Match(term, (("n", divisor), ("loss", loss.args[0])), (term, loss), "loss_divided")


def _scaled_losses(value: Term) -> Iterator[Term]:
    """The loss, with a gradient scaler's `scale(...)` taken off."""
    for one in alternatives(value):
        if one.head == "method" and one.label == "scale" and len(one.args) == 2:
            yield from alternatives(one.args[1])
        else:
            yield one


def _divisor(loss: Term) -> Term | None:
    return loss.args[1] if loss.head == "div" and number(loss.args[1]) is None else None


def _counts_micro_steps(reading: Reading, divisor: Term) -> bool:
    """The divisor is the length of an inner loop, or the period at which the optimizer steps."""
    for step in reading.steps:
        for loop in step.loops:
            if loop.label == "builtins.range" and any(same(arg, divisor) for arg in loop.args):
                return True
        if step.term.head in ("mod", "compare") or step.conditions:
            tests = (step.term, *step.conditions)
            if any(one.head == "mod" and same(one.args[1], divisor) for test in tests for one in walk(test)):
                return True
    return False


_AVERAGES = (
    "__e__.mul_(__d__).add_(__p__, alpha=1 - __d__)",
    "__e__.mul_(__d__).add_((1 - __d__) * __p__)",
    "__d__ * __e__ + (1 - __d__) * __p__",
    "__e__ * __d__ + __p__ * (1. - __d__)",
)


def is_moving_average(program: Program, reading: Reading) -> Iterator[Match]:
    """`e = d·e + (1-d)·p` over parameters, written out or in place."""
    for term in reading.walked:
        if term.head == "lerp" and len(term.args) == 3 and all(_is_weight(arg) for arg in term.args[:2]):
            yield Match(term, (("e", term.args[0]), ("p", term.args[1])), (term,), "lerp")
        if term.head != "add":
            continue
        for source in _AVERAGES:
            holes = fits(parse_pattern(source), term)
            if holes is not None and number(holes["d"]) != 1 and _are_weights(program, reading, holes["e"], holes["p"]):
                yield Match(term, tuple(sorted(holes.items())), (term,), "weighted_sum")
                break


def is_moving_average_in_steps(program: Program, reading: Reading) -> Iterator[Match]:
    """`e.mul_(d)` and, in the next statement, `e.add_(p, alpha=…)` in a loop over parameters."""
    for first, second in pairwise(reading.steps):
        scaled, moved = first.term, second.term
        in_loop = any(_walks_parameters(loop) for loop in second.loops) and len(first.loops) == len(second.loops)
        if not in_loop or scaled.head != "mul" or moved.head != "add" or len(moved.args) != 2:
            continue
        average, taken = moved.args
        is_kept = len(scaled.args) == 2 and same(scaled.args[0], average) and average.head == "index"
        if is_kept and taken.head == "mul" and _is_weight(taken) and not _is_gradient(taken):
            value = next(part for part in taken.args if _is_weight(part))
            yield Match(moved, (("d", scaled.args[1]), ("e", average), ("p", value)), (scaled, moved), "two_steps")


def _is_gradient(term: Term) -> bool:
    return any(one.head == "attr" and one.label == "grad" for one in walk(term))


def _are_weights(program: Program, reading: Reading, one: Term, other: Term) -> bool:
    """Both run over parameters, or are handed to a rule that some loop over parameters calls by its name."""
    if _is_weight(one) and _is_weight(other):
        return True
    if not (one.head == other.head == "param"):
        return False
    return any(
        term.head == "method" and term.label == reading.name
        for caller in program.readings
        for step in caller.steps
        if any(_walks_parameters(loop) for loop in step.loops)
        for term in walk(step.term)
    )


def _is_weight(term: Term) -> bool:
    """An element of a loop over parameters or of a dictionary of them."""
    return any(_walks_parameters(one) for one in walk(term))


def _walks_parameters(term: Term) -> bool:
    return any(one.head == "method" and one.label in _PARAMETER_METHODS for one in walk(term))


_PARAMETER_METHODS = frozenset({"parameters", "named_parameters", "state_dict", "buffers"})


def is_warm_up(program: Program, reading: Reading) -> Iterator[Match]:
    """Below a number of steps the rate is proportional to the step."""
    for step in reading.steps:
        if step.kind not in ("return", "value") or not step.conditions:
            continue
        test = step.conditions[-1]
        if test.head == "compare" and test.label in ("Lt", "LtE") and len(test.args) == 2:
            count, limit = test.args
            if not _is_fraction(limit) and _is_proportional(step.term, count, limit):
                holes = (("t", count), ("w", limit))
                yield Match(step.term, holes, (step.term, test), "proportional_below_limit")


def _is_fraction(limit: Term) -> bool:
    """A literal that counts no steps: `if draw < 0.15`."""
    return isinstance(limit.payload, float) and not limit.payload.is_integer()


def _is_proportional(value: Term, count: Term, limit: Term) -> bool:
    """A quotient whose numerator has the count as a factor and whose denominator is the limit."""
    for term in alternatives(value):
        if term.head == "div" and len(term.args) == 2:
            top, bottom = term.args
            factors = top.args if top.head == "mul" else (top,)
            if any(_is_plus_one(f, count) for f in factors) and any(
                same(one, limit) or same(one, _first(limit)) for one in _bottoms(bottom)
            ):
                return True
        if term.head == "mul" and any(_is_proportional(part, count, limit) for part in term.args):
            return True
    return False


def _first(limit: Term) -> Term:
    return limit.args[0] if limit.head == "add" else limit


def _bottoms(term: Term) -> Iterator[Term]:
    """The denominator, without `+ 1` and `max(1, ·)`."""
    for one in alternatives(term):
        yield one
        if one.head in ("call", "maximum") or (one.head == "add" and any(number(arg) == 1 for arg in one.args)):
            yield from one.args


def _is_plus_one(term: Term, count: Term) -> bool:
    return same(term, count) or (
        term.head == "add" and any(same(arg, count) for arg in term.args) and any(number(a) == 1 for a in term.args)
    )


_COSINES = ("1 + math.cos(math.pi * __r__)", "1 + math.cos(math.pi * __n__ / __m__)", "1 + torch.cos(torch.pi * __r__)",
            "1 + np.cos(np.pi * __r__)", "1 + np.cos(np.pi * __n__ / __m__)")  # fmt: skip


def is_cosine_schedule(program: Program, reading: Reading) -> Iterator[Match]:
    """A half-wave `1 + cos(pi·t)` that scales a rate."""
    for term in reading.walked:
        if term.head != "add":
            continue
        for source in _COSINES:
            holes = fits(parse_pattern(source), term)
            if holes is not None:
                yield Match(term, tuple(sorted(holes.items())), (term,), "half_wave")
                break


def is_contrastive(program: Program, reading: Reading) -> Iterator[Match]:
    """Cross-entropy of a similarity matrix against the diagonal."""
    for term in reading.walked:
        if term.head == "cross_entropy" and len(term.args) == 2:
            target = next(peeled(term.args[1], SHAPE_HEADS))
            product = any(one.head in ("matmul", "einsum") for one in walk(term.args[0]))
            if target.head == "arange" and product:
                yield Match(term, (("s", term.args[0]),), (term, target), "diagonal_targets")


def has_random_patch_mask(program: Program, reading: Reading) -> Iterator[Match]:
    """Random patches are chosen, replaced or left out, and the loss compares predictions with them."""
    order = next((t for t in reading.walked if _is_random_order(t)), None)
    loss = next((t for t in reading.walked if t.head in ("mse_loss", "l1_loss", "smooth_l1_loss")), None)
    if order is not None and loss is not None and any(_is_selected_by(t, order) for t in reading.walked):
        yield Match(loss, (("m", order),), (order, loss), "random_patches")


def _is_selected_by(term: Term, order: Term) -> bool:
    """Rows are taken out of a tensor by the random order itself, not by a mask of it."""
    if term.head != "gather" and (term.head != "index" or same(term.args[0], order)):
        return False
    places = [*term.args[1:], *(value for _, value in term.keywords)]
    parts = [part for place in places for part in (place.args if place.head == "tuple" else (place,))]
    return any(same(one, order) for part in parts for one in _chosen_from(part))


def _chosen_from(place: Term) -> Iterator[Term]:
    """An index and what it is a slice, element or widening of."""
    heads = SHAPE_HEADS | {"index", "item", "attr", "argsort"}
    yield place
    while place.head in heads and place.args:
        place = place.args[0]
        yield place


def _is_random_order(term: Term) -> bool:
    return term.head in ("argsort", "topk") and bool(term.args) and has_head(term.args[0], "rand")


def is_noise_schedule(program: Program, reading: Reading) -> Iterator[Match]:
    """The running product of `1 - beta`."""
    for term in reading.walked:
        if term.head == "cumprod" and term.args:
            inner = term.args[0]
            if inner.head == "add" and any(number(a) == 1 for a in inner.args):
                beta = next((a.args[0] for a in inner.args if a.head == "neg"), None)
                if beta is not None:
                    yield Match(term, (("beta", beta),), (term, inner), "running_product")


def is_mixed_input(program: Program, reading: Reading) -> Iterator[Match]:
    """`l * x + (1 - l) * x[permutation]` with a Beta-distributed weight."""
    drawn = any(
        t.label in ("numpy.random.beta", "torch.distributions.Beta", "torch.distributions.beta.Beta")
        for t in reading.walked
    )
    for term in reading.walked if drawn else ():
        holes = fits(parse_pattern("__l__ * __x__ + (1 - __l__) * __y__"), term) if term.head == "add" else None
        if holes is not None and holes["y"].head == "index" and same(holes["y"].args[0], holes["x"]):
            yield Match(term, tuple(sorted(holes.items())), (term,), "weighted_pair")


def is_written_distillation(program: Program, reading: Reading) -> Iterator[Match]:
    """KL divergence of two softened distributions, or cross-entropy of one against the other."""
    for term in reading.walked:
        if term.head == "kl_div" and len(term.args) == 2:
            student, teacher = (next(peeled(a, SHAPE_HEADS | {"detach"})) for a in term.args)
            if student.head == "log_softmax" and teacher.head in ("softmax", "log_softmax"):
                holes = [("s", student), ("t", teacher)]
                if not student.args[0].head == teacher.args[0].head == "div":
                    continue
                holes.append(("T", student.args[0].args[1]))
                yield Match(term, tuple(holes), (term, student, teacher), "softened_divergence")


def is_preference_loss(program: Program, reading: Reading) -> Iterator[Match]:
    """`-logsigmoid(beta * (difference of log-ratios))`."""
    for term in reading.walked:
        if term.head == "logsigmoid" and term.args and term.args[0].head == "mul":
            parts = term.args[0].args
            margin = next((p for p in parts if p.head == "add" and any(a.head == "neg" for a in p.args)), None)
            if margin is not None:
                beta = next(p for p in parts if p is not margin)
                yield Match(term, (("beta", beta), ("m", margin)), (term, margin), "margin_of_log_ratios")


def is_clipped_policy_loss(program: Program, reading: Reading) -> Iterator[Match]:
    """`min(r·A, clip(r, 1-e, 1+e)·A)`."""
    for term in reading.walked:
        sides = _clip_sides(term)
        if sides is not None:
            plain, clipped = sides
            ratio = next(p for p in clipped.args if p.head == "clamp").args[0]
            if any(same(p, ratio) for p in plain.args):
                yield Match(term, (("r", ratio),), (term, clipped), "clipped_ratio")


def _clip_sides(term: Term) -> tuple[Term, Term] | None:
    if term.head not in ("minimum", "maximum") or len(term.args) != 2:
        return None
    bare = [arg.args[0] if arg.head == "neg" else arg for arg in term.args]
    for plain, clipped in (bare, bare[::-1]):
        if clipped.head == plain.head == "mul" and any(p.head == "clamp" for p in clipped.args):
            return plain, clipped
    return None


def has_smoothed_labels(program: Program, reading: Reading) -> Iterator[Match]:
    """Cross-entropy with `label_smoothing` other than zero."""
    for term in reading.walked:
        if term.label in ("torch.nn.CrossEntropyLoss", "torch.nn.functional.cross_entropy"):
            share = term.keyword("label_smoothing")
            if share is not None and number(share) != 0:
                yield Match(term, (("eps", share),), (term,), "smoothing_option")
