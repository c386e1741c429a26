"""Attention: its core found by data flow (a product of a softmax over a product), then heads, masks, norms of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from analyzer.techniques.algebra import INVERSE, SQUARED
from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match, Notes
from analyzer.techniques.predicates.basics import (
    CONV_HEADS,
    below,
    is_parameter,
    norm_kind,
    peeled,
    text_argument,
)
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, contains, number, same, walk

PRODUCTS = frozenset({"matmul", "einsum"})
_SCORE_STEPS = frozenset({"masked_fill", "stored", "div", "neg", "dropout", "tanh", "clamp", "index"}) | SHAPE_HEADS
_UNMOVED = frozenset({"view", "reshape", "flatten", "unflatten", "item", "chunk", "split", "index", "mul", "stored"})
"""Steps that leave the order of the axes as it was."""
_WEIGHT_STEPS = frozenset({"dropout", "stored", "masked_fill", "index"}) | SHAPE_HEADS


@dataclass(frozen=True)
class Core:
    """One attention computation. `scores` is what the softmax sees, None where a fused kernel hides it."""

    root: Term
    query: Term
    key: Term
    value: Term
    scores: Term | None = None
    softmax: Term | None = None
    product: Term | None = None

    @property
    def fused(self) -> bool:
        return self.scores is None


@lru_cache(maxsize=8192)
def attention_cores(reading: Reading) -> tuple[Core, ...]:
    """Every attention in a function, each once."""
    found = [core for term in reading.walked if (core := _core(term)) is not None]
    return tuple({core.root.digest: core for core in found}.values())


def _core(term: Term) -> Core | None:
    if term.head == "sdpa" and len(term.args) == 3:
        return Core(term, *term.args)
    if term.head not in PRODUCTS or len(term.args) != 2:
        return None
    for side, other in ((0, 1), (1, 0)):
        for weights in peeled(term.args[side], _WEIGHT_STEPS):
            product = _score_product(weights.args[0]) if weights.head == "softmax" and weights.args else None
            if product is not None and not any(is_parameter(one) for one in alternatives(term.args[other])):
                query, key = product.args
                return Core(term, query, key, term.args[other], weights.args[0], weights, product)
    return None


def _score_product(scores: Term) -> Term | None:
    """The product of queries and keys below masks, scale, bias and cap."""
    stack, seen = [scores], set()
    while stack:
        here = stack.pop(0)
        if id(here) in seen:
            continue
        seen.add(id(here))
        if here.head in PRODUCTS and len(here.args) == 2:
            return None if any(is_parameter(arg) for arg in here.args) else here
        if here.head in ("choice", "add", "mul", "sub"):
            stack.extend(here.args)
        elif here.head == "where":
            stack.extend(here.args[1:])
        elif here.head in _SCORE_STEPS and here.args:
            stack.append(here.args[0])
    return None


def is_projection(term: Term) -> bool:
    """Where the derivation of queries, keys and values begins: a linear map or convolution of the input."""
    return term.head == "linear" or term.head in CONV_HEADS or (term.head == "invoke" and bool(term.label))


def head_count(program: Program, value: Term) -> Term | None:
    """The number of heads that a query, key or value is split into, as the code writes it."""
    return next((count for _, count in split_into_heads(program, value)), None)


def split_into_heads(program: Program, value: Term) -> Iterator[tuple[Term, Term]]:
    """The operation that splits, and the number of heads."""
    for term in below(value, lambda t: is_projection(t) and norm_kind(program, t) is None):
        if term.head in ("view", "reshape", "unflatten") and (count := _viewed_heads(term)) is not None:
            yield term, count
        if term.head == "rearrange" and (count := _rearranged_heads(term)) is not None:
            yield term, count


def _viewed_heads(term: Term) -> Term | None:
    sizes = term.args[1:]
    if len(sizes) == 1 and sizes[0].head == "tuple":
        sizes = sizes[0].args
    if len(sizes) == 1 and (split := _appended_sizes(sizes[0])) is not None:
        return split[-2]
    if term.head == "unflatten":
        given = term.keyword("sizes")
        sizes = given.args if given is not None and given.head == "tuple" else ()
        return sizes[0] if len(sizes) == 2 else None
    spread = any(size.head in ("star", "add") for size in sizes)
    if len(sizes) < (3 if spread else 4):
        return None
    return sizes[-3] if len(sizes) >= 4 and _has_channels_first(term.args[0]) else sizes[-2]


def _has_channels_first(value: Term) -> bool:
    """A convolution's result, no axis moved since: places stand last, behind heads and width."""
    return any(one.head in CONV_HEADS for one in peeled(value, _UNMOVED))


def _appended_sizes(sizes: Term) -> tuple[Term, ...] | None:
    """The two sizes at the end of `x.size()[:-1] + (heads, width)`, spread or not."""
    joined = sizes.args[0] if sizes.head == "star" else sizes
    if joined.head != "add":
        return None
    last = next((part.args for part in joined.args if part.head == "tuple"), ())
    return last if len(last) == 2 else None


def _rearranged_heads(term: Term) -> Term | None:
    """`b n (h d) -> b h n d`: the first name of a group that stands alone behind the arrow."""
    text = text_argument(term, "pattern")
    if text is None or "->" not in text:
        return None
    left, right = text.split("->")
    alone = re.sub(r"\([^)]*\)", " ", right).split()
    for group in re.findall(r"\(([^)]*)\)", left):
        names = group.split()
        given = [name for name in names if name in alone and term.keyword(name) is not None]
        if len(names) >= 2 and len(given) == 1:
            return term.keyword(given[0])
    return None


def match_of(core: Core, form: str, *holes: tuple[str, Term | None]) -> Match:
    filled = tuple((name, term) for name, term in holes if term is not None)
    evidence = tuple(t for t in (core.product, core.softmax) if t is not None)
    return Match(core.root, filled, evidence, form)


def operands_of(core: Core) -> tuple[tuple[str, Term], ...]:
    """Queries, keys and values as the formula means them: the keys before they are laid across, without the scale."""
    if core.fused:
        return (("q", core.query), ("k", core.key), ("v", core.value))
    return (("q", _unscaled(core.query)), ("k", _unscaled(_upright(core.key))), ("v", core.value))


def _upright(key: Term) -> Term:
    """The keys whose last two axes the product swaps."""
    swapped = key.head == "transpose" and {number(key.keyword("dim0")), number(key.keyword("dim1"))} == {2, 3}
    return key.args[0] if (key.head == "mT" or swapped) and key.args else key


def _unscaled(operand: Term) -> Term:
    scale = _scaled(operand) if operand.head == "mul" else None
    rest = [part for part in operand.args if part is not scale]
    return rest[0] if scale is not None and len(rest) == 1 else operand


def is_attention(program: Program, reading: Reading) -> Iterator[Match]:
    """Softmax of a scaled product of two activations, times a third."""
    for core in attention_cores(reading):
        scale = score_scale(core)
        match = match_of(core, "fused" if core.fused else "written", *operands_of(core), ("scale", scale))
        yield replace(match, notes=_scale_note(program, core, scale))


def is_fused_attention(program: Program, reading: Reading) -> Iterator[Match]:
    """The library's fused attention call."""
    for core in attention_cores(reading):
        if core.fused:
            match = match_of(core, "fused_function", *operands_of(core))
            notes = (("fused_kernel_is_chosen_by_torch", ()), *_scale_note(program, core, score_scale(core)))
            yield replace(match, notes=notes)


def score_scale(core: Core) -> Term | None:
    """The factor on the scores as written: `1/sqrt(d)` beside the product or on the queries."""
    if core.scores is None:
        return core.root.keyword("scale")
    cap = {id(t.args[0]) for t in walk(core.scores) if t.head == "tanh" and t.args}
    for term in below(core.scores, lambda t: t.head in PRODUCTS):
        if id(term) in cap or any(part.head == "tanh" for part in term.args):
            continue
        if term.head == "div":
            return replace(term.args[1], payload=INVERSE)
        if term.head == "mul":
            factors = [p for p in term.args if not leads_to(p, core.product)]
            if len(factors) == 1:
                return factors[0]
    query, key = _scaled(core.query), _scaled(core.key)
    if query is not None and key is not None:
        return replace(query, payload=SQUARED) if same(query, key) else None
    return query or key


def _scaled(operand: Term) -> Term | None:
    """The scalar that queries or keys are multiplied by."""
    for one in peeled(operand, SHAPE_HEADS | {"index", "mT"}):
        if one.head == "mul" and len(one.args) == 2:
            scalars = [p for p in one.args if held(p).head in ("rsqrt", "pow", "const") or number(p) is not None]
            if len(scalars) == 1:
                return scalars[0]
    return None


def _scale_note(program: Program, core: Core, scale: Term | None) -> Notes:
    """What the code says of the scale where it names none: the library's default, or none at all."""
    if scale is not None:
        return ()
    if core.fused:
        return (("scale_is_library_default", ()),)
    return (
        () if any(_is_scaling(program, part) for part in (core.scores, core.query, core.key)) else (("no_scale", ()),)
    )


def _is_scaling(program: Program, part: Term | None) -> bool:
    """Anything between the projections and the softmax that might scale."""
    steps = below(part, is_projection) if part is not None else ()
    return any(term.head in ("mul", "div", "rsqrt", "neg", "param", "apply", "invoke", "call") for term in steps)


def leads_to(term: Term, product: Term | None) -> bool:
    return product is not None and contains(term, product)


def is_on(term: Term | None) -> bool:
    """An option that is not certainly off."""
    if term is None:
        return False
    options = [held(one) for one in alternatives(term)]
    return any(not (one.head == "const" and one.payload in (False, None)) for one in options)


def has_two_sources(program: Program, reading: Reading) -> Iterator[Match]:
    """Keys come from another sequence than queries."""
    for core in attention_cores(reading):
        queries, keys = _sources(program, core.query), _sources(program, core.key)
        foreign = [
            key for key in keys
            if queries and _is_input(key) and not any(contains(key, q) or contains(q, key) for q in queries)
        ]  # fmt: skip
        if foreign:
            yield match_of(core, "two_sources", *operands_of(core), ("x", queries[0]), ("c", foreign[0]))


def _sources(program: Program, value: Term) -> list[Term]:
    """What the projections of a query, key or value are applied to."""
    found = []
    for term in below(value, lambda t: is_projection(t) and norm_kind(program, t) is None):
        if term.head == "linear" and term.args:
            found += [one for one in alternatives(term.args[0])]
    return [leaf for term in found for leaf in _without_norms(program, term)]


def _without_norms(program: Program, term: Term) -> list[Term]:
    if norm_kind(program, term) is not None and term.args:
        return [leaf for one in alternatives(term.args[0]) for leaf in _without_norms(program, one)]
    return [term]


def _is_input(term: Term) -> bool:
    return any(one.head == "param" for one in peeled(term, SHAPE_HEADS))
