"""Convolutional blocks: depthwise, bottleneck, inverted residual, squeeze-and-excitation, dropped paths."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import ACTIVATIONS, CONV_HEADS, NORM_HEADS, POOLS, peeled
from analyzer.techniques.predicates.blocks import is_residual, residual_sums
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, same, walk

_BETWEEN = NORM_HEADS | ACTIVATIONS | SHAPE_HEADS | {"dropout", "identity", "stored"}
CONVOLUTIONS = frozenset({"torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d"})

__all__ = ["is_depthwise", "is_residual"]


def is_depthwise(program: Program, reading: Reading) -> Iterator[Match]:
    """A convolution with as many groups as input channels."""
    for term in reading.walked:
        if term.head == "call" and term.label in CONVOLUTIONS and _is_depthwise(term):
            groups = term.keyword("groups")
            kernel = term.keyword("kernel_size")
            holes = [("g", groups), ("k", kernel)]
            yield Match(term, tuple((n, t) for n, t in holes if t is not None), (term,), "groups_equal_channels")


def _is_depthwise(made: Term) -> bool:
    groups, channels = made.keyword("groups"), made.keyword("in_channels")
    if groups is None or channels is None or number(groups) == 1:
        return False
    return same(groups, channels)


def _is_pointwise(conv: Term) -> bool:
    return number(conv.keyword("kernel_size")) == 1


def _chain(program: Program, term: Term) -> list[tuple[Term, bool]]:
    """Convolutions from the last to the first along the longest path, each with whether an activation follows it."""
    return max((_path(program, one) for one in alternatives(term)), key=len)


def _path(program: Program, term: Term) -> list[tuple[Term, bool]]:
    found: list[tuple[Term, bool]] = []
    here, active = term, False
    while True:
        if here.head == "choice":
            rest = _chain(program, here)
            return found + [(conv, acts or (active and conv is rest[0][0])) for conv, acts in rest]
        if here.head in CONV_HEADS and here.args:
            found.append((here, active))
            here, active = here.args[0], False
        elif here.head in _BETWEEN and here.args:
            active = active or here.head in ACTIVATIONS
            here = here.args[0]
        elif here.head == "invoke" and len(here.args) == 1 and _is_gate_class(program, here.label):
            here = here.args[0]
        elif here.head == "mul" and (gated := _gated_input(here)) is not None:
            here = gated
        else:
            return found


def _is_gate_class(program: Program, label: str) -> bool:
    """A class of the repository that is a squeeze-and-excitation gate."""
    reading = program.forward(label) if ":" in label else None
    return reading is not None and any(True for _ in is_squeeze_excitation(program, reading))


def _gated_input(product: Term) -> Term | None:
    """`x` of `x * gate(x)`: the larger path goes on through the gated value."""
    for gate, value in (product.args[:2], product.args[1::-1]):
        if _is_squeezed_gate(gate, value):
            return value
    return None


def _branches(program: Program, reading: Reading) -> Iterator[Term]:
    """What residual sums add, and what forwards return."""
    for sum_, _, branch in residual_sums(program, reading):
        yield branch
        yield from (part for part in sum_.args if part is not branch)
    if reading.name == "forward":
        for returned in reading.returns:
            for one in peeled(returned, ACTIVATIONS):
                yield from one.args if one.head == "add" else (one,)


def is_bottleneck(program: Program, reading: Reading) -> Iterator[Match]:
    """A residual branch 1×1 – 3×3 – 1×1, the middle one dense or grouped but not depthwise."""
    seen: set[int] = set()
    for branch in _branches(program, reading):
        for one in alternatives(branch):
            chain = _chain(program, one)
            if len(chain) == 3 and one.digest not in seen and _is_narrow(chain) and _is_in_sum(reading, one):
                seen.add(one.digest)
                last, middle, first = (conv for conv, _ in chain)
                holes = (("m", middle.keyword("out_channels") or middle),)
                yield Match(one, holes, (first, middle, last), "narrow_middle")


def _is_narrow(chain: list[tuple[Term, bool]]) -> bool:
    (last, _), (middle, _), (first, _) = chain
    size = number(middle.keyword("kernel_size"))
    return (
        _is_pointwise(last) and _is_pointwise(first) and size is not None and size > 1
        and not any(made is not None and _is_depthwise(made) for made in (middle.definition,))
    )  # fmt: skip


def _is_in_sum(reading: Reading, branch: Term) -> bool:
    return any(term.head == "add" and any(_holds(arg, branch) for arg in term.args) for term in reading.walked)


def _holds(arg: Term, branch: Term) -> bool:
    return any(same(one, branch) for one in alternatives(arg))


def is_inverted_residual(program: Program, reading: Reading) -> Iterator[Match]:
    """1×1 expansion, depthwise, 1×1 projection without activation, added to the input where sizes allow."""
    seen: set[int] = set()
    for branch in _branches(program, reading):
        for one in alternatives(branch):
            chain = _chain(program, one)
            if len(chain) == 3 and one.digest not in seen and _is_inverted(chain) and _is_in_sum(reading, one):
                seen.add(one.digest)
                last, middle, first = (conv for conv, _ in chain)
                holes = (("h", first.keyword("out_channels") or first), ("k", middle.keyword("kernel_size") or middle))
                yield Match(one, holes, (first, middle, last), "linear_projection")


def _is_inverted(chain: list[tuple[Term, bool]]) -> bool:
    (last, active), (middle, _), (first, _) = chain
    made = middle.definition
    return _is_pointwise(last) and not active and _is_pointwise(first) and made is not None and _is_depthwise(made)


def is_squeeze_excitation(program: Program, reading: Reading) -> Iterator[Match]:
    """`x * sigmoid(f(pool(x)))` with two maps in `f`."""
    for term in reading.walked:
        if term.head != "mul" or len(term.args) != 2:
            continue
        for gate, value in (term.args, term.args[::-1]):
            if _is_squeezed_gate(gate, value):
                yield Match(term, (("x", value), ("s", gate)), (term, gate), "gate_of_pooled_input")
                break


def _is_squeezed_gate(gate: Term, value: Term) -> bool:
    for one in peeled(gate, SHAPE_HEADS):
        if one.head not in ("sigmoid", "hardswish"):
            continue
        maps = 0
        here = one.args[0]
        while here.args and here.head in CONV_HEADS | ACTIVATIONS | SHAPE_HEADS | NORM_HEADS | {"linear"}:
            maps += here.head in CONV_HEADS or here.head == "linear"
            here = here.args[0]
        if maps >= 2 and here.head in POOLS and any(same(p, value) for p in peeled(here.args[0], SHAPE_HEADS)):
            return True
    return False


def is_returned_gate(program: Program, reading: Reading) -> Iterator[Match]:
    """A module that returns `sigmoid(f(pool(x)))` with two convolutions in `f`: whoever calls it multiplies."""
    gates = [one for term in reading.returns for one in alternatives(term)] if reading.name == "forward" else []
    for gate in gates:
        for one in peeled(gate, SHAPE_HEADS):
            pooled = _below_maps(one.args[0]) if one.head == "sigmoid" else None
            if pooled is not None:
                note = ("gate_applied_elsewhere", ())
                yield Match(one, (("x", pooled.args[-1]), ("s", one)), (one, pooled), "returned_gate", (note,))


def _below_maps(term: Term) -> Term | None:
    """What two or more convolutions read, where it is one vector per image."""
    maps = 0
    while term.args and term.head in CONV_HEADS | ACTIVATIONS | SHAPE_HEADS | NORM_HEADS:
        maps += term.head in CONV_HEADS
        term = term.args[0]
    weighted = term.head == "matmul" and any(one.head == "softmax" for arg in term.args for one in walk(arg))
    return term if maps >= FEWEST_MAPS and (weighted or term.head in ("global_pool", "einops_reduce", "mean")) else None


FEWEST_MAPS = 2


def has_dropped_path(program: Program, reading: Reading) -> Iterator[Match]:
    """A whole sample's branch is dropped: a Bernoulli mask of one value per sample, the rest rescaled."""
    for term in reading.walked:
        mask = _sample_mask(term)
        if mask is None or term.head != "mul":
            continue
        rest = [part for part in term.args if not any(one is mask for one in walk(part))]
        holes = (("x", rest[0]),) if rest else ()
        yield Match(term, holes, (term, mask), "mask_per_sample")


def _sample_mask(product: Term) -> Term | None:
    if product.head != "mul":
        return None
    for part in product.args:
        for one in peeled(part, SHAPE_HEADS | {"div"}):
            if one.head in ("floor", "bernoulli") and _is_one_per_sample(one):
                return one
    return None


def _is_one_per_sample(mask: Term) -> bool:
    """The random tensor has sizes `(batch, 1, 1, …)`."""
    for term in walk(mask):
        if term.head in ("rand", "zeros", "method"):
            sizes = term.args[-1].args if term.args and term.args[-1].head == "tuple" else term.args
            if any(number(size) == 1 for size in sizes) and not all(number(size) == 1 for size in sizes):
                return True
            if any(one.head == "mul" and any(number(a) == 1 for a in _in_tuples(one)) for one in walk(term)):
                return True
    return False


def _in_tuples(product: Term) -> list[Term]:
    """The elements of `(1,) * n`."""
    return [element for part in product.args if held(part).head == "tuple" for element in held(part).args]
