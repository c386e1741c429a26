"""What happens to attention scores between product and softmax: masks, caps, biases; and norms of queries and keys."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.attention import (
    PRODUCTS,
    Core,
    attention_cores,
    is_on,
    is_projection,
    leads_to,
    match_of,
)
from analyzer.techniques.predicates.basics import (
    below,
    is_minus_infinity,
    is_parameter,
    norm_kind,
    peeled,
    walk_definitions,
)
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, is_shape_only, walk


def has_causal_mask(program: Program, reading: Reading) -> Iterator[Match]:
    """Later positions are hidden: `is_causal`, or a triangle in the mask of the scores."""
    for core in attention_cores(reading):
        if core.fused:
            triangle = core.root.keyword("attn_mask")
            if is_on(core.root.keyword("is_causal")):
                yield match_of(core, "is_causal", ("m", _option(core.root, "is_causal")))
            elif triangle is not None and _has_triangle(triangle):
                yield match_of(core, "triangle", ("m", triangle))
        elif core.scores is not None:
            yield from _triangular_scores(core, core.scores)


def _option(call: Term, name: str) -> Term | None:
    """A named argument as the call writes it: `is_causal=True`."""
    given = call.node.keywords if isinstance(call.node, ast.Call) else []
    node = next((keyword for keyword in given if keyword.arg == name), None)
    return Term("option", path=call.path, node=node) if node is not None else call.keyword(name)


def _triangular_scores(core: Core, scores: Term) -> Iterator[Match]:
    for term in below(scores, lambda t: t.head in PRODUCTS):
        masks: tuple[Term, ...] = ()
        if term.head in ("masked_fill", "where"):
            masks = (term.args[1] if term.head == "masked_fill" else term.args[0],)
        elif term.head == "add":
            masks = tuple(part for part in term.args if not leads_to(part, core.product))
        elif term.head == "stored" and len(term.args) == 3:
            masks = (term.args[2],)
        for mask in masks:
            if _has_triangle(mask):
                yield Match(term, (("m", mask),), (term, *([core.softmax] if core.softmax else [])), "triangle")
                return


def _has_triangle(mask: Term) -> bool:
    return any(_is_triangle(term) for term in walk_definitions(mask))


def _is_triangle(term: Term) -> bool:
    if term.head in ("tril", "triu"):
        return True
    return term.head == "compare" and term.label in ("Gt", "Lt", "GtE", "LtE") and _compares_positions(term)


def _compares_positions(term: Term) -> bool:
    """`j > i` of two position ranges laid across each other."""
    return len(term.args) == 2 and all(
        any(one.head == "arange" for one in peeled(arg, SHAPE_HEADS | {"index"})) for arg in term.args
    )


def has_infinite_triangle(program: Program, reading: Reading) -> Iterator[Match]:
    """A triangle of minus infinity is made, to be added to scores elsewhere."""
    for term in reading.walked:
        if term.head == "triu" and term.args and _is_filled_with_minus_infinity(term.args[0]):
            yield Match(term, (("m", term),), (term,), "infinite_triangle")


def _is_filled_with_minus_infinity(term: Term) -> bool:
    values = [v for k, v in term.keywords if k == "fill_value"] + list(term.args[1:])
    return term.head in ("full", "full_like", "fill", "mul") and any(
        is_minus_infinity(one) for one in (*values, *term.args)
    )


def has_normalised_queries(program: Program, reading: Reading) -> Iterator[Match]:
    """Queries and keys pass a norm between their projection and their product."""
    for core in attention_cores(reading):
        query, key = _norm_of(program, core.query), _norm_of(program, core.key)
        if query is not None and key is not None:
            match = match_of(core, "norm_of_queries_and_keys", ("q", core.query), ("k", core.key))
            yield Match(match.root, match.holes, (*match.evidence, query, key), match.form)


def _norm_of(program: Program, value: Term) -> Term | None:
    """A norm per vector; statistics over the batch, as behind a convolution, are none."""
    for term in below(value, lambda t: is_projection(t) or is_shape_only(t)):
        kind = "unit" if term.head == "normalize" else norm_kind(program, term)
        if kind is not None and kind != "batch_norm":
            return term
    return None


def has_capped_scores(program: Program, reading: Reading) -> Iterator[Match]:
    """The scores pass `c * tanh(s / c)` before the softmax."""
    for core in attention_cores(reading):
        for term in below(core.scores, lambda t: t.head in PRODUCTS) if core.scores is not None else ():
            if term.head == "tanh" and term.args and term.args[0].head == "div":
                yield Match(term, (("c", term.args[0].args[1]),), (term, core.root), "tanh_of_scores")


def has_position_bias(program: Program, reading: Reading) -> Iterator[Match]:
    """A learned table indexed by relative position is added to the scores."""
    for core in attention_cores(reading):
        addends = _addends(core)
        for addend in addends:
            table = next((t for t in walk(addend) if _is_indexed_table(t)), None)
            if table is not None:
                yield Match(core.softmax or core.root, (("b", addend),), (table, core.root), "indexed_table")


def _addends(core: Core) -> list[Term]:
    if core.scores is None:
        mask = core.root.keyword("attn_mask")
        return [mask] if mask is not None else []
    found = []
    for term in below(core.scores, lambda t: t.head in PRODUCTS):
        if term.head == "add":
            found += [part for part in term.args if not leads_to(part, core.product)]
    return found


def _is_indexed_table(term: Term) -> bool:
    """A parameter or embedding looked up at an index that is itself a stored tensor, not input tokens."""
    if term.head == "index" and is_parameter(term.args[0]):
        return any(one.head == "attr" for one in walk(term.args[1]))
    return term.head == "embedding" and not any(one.head == "param" for one in walk(*term.args[:1]))
