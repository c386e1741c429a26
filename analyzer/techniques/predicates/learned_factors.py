"""Learned factors that a module of their own holds or applies: layer scale as a module, low-rank maps as parameters,
attention layers of the library between two sequences.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import is_parameter, norm_kind, parameter_data, peeled
from analyzer.techniques.predicates.blocks import residual_sums
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, contains, same, walk

ATTENTION = "torch.nn.MultiheadAttention"
KEY_PLACE = 2
"""Query and key are the first two operands of the layer's call."""


def has_layer_scale_module(program: Program, reading: Reading) -> Iterator[Match]:
    """The branch goes through a module that only multiplies by a learned vector, which starts small."""
    for sum_, stream, branch in residual_sums(program, reading):
        for one in alternatives(branch):
            owner = held(one).label if one.head == "invoke" else ""
            factor = _only_factor(program, owner) if ":" in owner else None
            if factor is not None:
                yield Match(sum_, (("gamma", factor), ("x", stream)), (sum_, one, factor), "scaling_module")
                break


def _only_factor(program: Program, owner: str) -> Term | None:
    """The parameter by which a class's forward multiplies its input, where it does nothing else."""
    forward = program.forward(owner)
    results = [one for returned in forward.returns for one in alternatives(returned)] if forward is not None else []
    factors = [_factor(one) for one in results]
    found = factors[0] if factors else None
    return found if found is not None and all(f is not None and same(f, found) for f in factors) else None


def _factor(product: Term) -> Term | None:
    if product.head != "mul" or len(product.args) != 2:
        return None
    for one, other in (product.args, product.args[::-1]):
        factor = next((p for p in peeled(one, SHAPE_HEADS | {"index"}) if is_parameter(p)), None)
        if factor is not None and other.head == "param" and _starts_small(parameter_data(factor)):
            return factor
    return None


def _starts_small(data: Term | None) -> bool:
    """`value * ones(dim)`, `full(dim, value)` or `zeros(dim)`: a gain of ones alone is that of a norm."""
    if data is None:
        return False
    if data.head == "mul":
        return len(data.args) == 2 and any(part.head == "ones" for part in data.args)
    return data.head in ("full", "fill", "zeros")


def has_low_rank_parameters(program: Program, reading: Reading) -> Iterator[Match]:
    """`x A B` with two parameters, beside a linear map of the same input; the outer one is zero at first."""
    if reading.owner is None or reading.name != "forward":
        return
    for term in reading.walked:
        if term.head != "matmul" or len(term.args) != 2 or term.args[0].head != "matmul":
            continue
        inner = term.args[0]
        up, down = _matrix(term.args[1]), _matrix(inner.args[1])
        frozen = [one for one in reading.walked if one.head == "linear" and _shares_input(one, inner)]
        if up is not None and down is not None and frozen and _is_zeroed(program, reading.owner, up):
            yield Match(term, (("a", down), ("b", up), ("r", down)), (term, inner, frozen[0]), "two_parameters")
            return


def _matrix(term: Term) -> Term | None:
    return next((one for one in peeled(term, SHAPE_HEADS | {"mT"}) if is_parameter(one)), None)


def _shares_input(linear: Term, product: Term) -> bool:
    return bool(linear.args) and contains(product, linear.args[0])


def _is_zeroed(program: Program, owner: str, matrix: Term) -> bool:
    """Made of zeros, or `nn.init.zeros_(self.b)` anywhere in the class."""
    data = parameter_data(matrix)
    if data is not None and data.head == "zeros":
        return True
    for reading in program.readings:
        if reading.owner != owner:
            continue
        for term in reading.called.get("torch.nn.init.zeros_", ()):
            if any(same(one, matrix) for one in walk(*term.args)):
                return True
    return False


def has_library_cross_attention(program: Program, reading: Reading) -> Iterator[Match]:
    """`nn.MultiheadAttention` called with keys from another input than its queries."""
    for term in reading.walked:
        if term.head != "invoke" or held(term).label != ATTENTION or len(term.args) < KEY_PLACE:
            continue
        query, key = (_input(program, operand) for operand in term.args[:KEY_PLACE])
        if query is not None and key is not None and not same(query, key):
            yield Match(term, (("x", query), ("c", key)), (term,), "library_two_sources")


def _input(program: Program, operand: Term) -> Term | None:
    """The input of the function that an operand is, norms and positions apart; None where it is anything else."""
    for one in peeled(operand, SHAPE_HEADS):
        if one.head == "param":
            return one
        if norm_kind(program, one) is not None and one.args:
            return _input(program, one.args[0])
    return None
