"""Into how many heads queries, keys and values are split; the attention itself may stand in a submodule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.attention import (
    Core,
    attention_cores,
    head_count,
    is_on,
    is_projection,
    match_of,
    operands_of,
    split_into_heads,
)
from analyzer.techniques.predicates.basics import below, norm_kind
from analyzer.techniques.predicates.handed_attention import handed_cores
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import Term, alternatives, number, same

__all__ = ["has_grouped_heads", "has_one_key_head", "has_several_heads"]


def _cores(program: Program, reading: Reading) -> Iterator[Core]:
    yield from attention_cores(reading)
    yield from handed_cores(program, reading)


def has_several_heads(program: Program, reading: Reading) -> Iterator[Match]:
    """Queries and keys are split into the same number of heads."""
    for core in _cores(program, reading):
        heads, others = head_count(program, core.query), head_count(program, core.key)
        if heads is None or others is None or number(heads) == 1 or not same(heads, others):
            continue
        if not _is_repeated(program, core.key) and not has_shared_key_head(core):
            match = match_of(core, "split_heads", *operands_of(core), ("h", heads))
            split = () if _is_written_in(reading, core.root) else next(split_into_heads(program, core.query))[:1]
            yield replace(match, evidence=(*split, *match.evidence))


def _is_written_in(reading: Reading, term: Term) -> bool:
    """Whether the function itself has the line; else it is in a function that it calls."""
    lines = range(getattr(reading.node, "lineno", 1), (getattr(reading.node, "end_lineno", None) or 10**9) + 1)
    return term.path == reading.path and getattr(term.node, "lineno", 0) in lines


def has_grouped_heads(program: Program, reading: Reading) -> Iterator[Match]:
    """Keys and values have fewer heads than queries and are repeated for them."""
    for core in _cores(program, reading):
        heads, groups = head_count(program, core.query), head_count(program, core.key)
        if heads is None or groups is None or same(heads, groups) or number(groups) == 1:
            continue
        if _is_repeated(program, core.key) or is_on(core.root.keyword("enable_gqa")):
            yield match_of(core, "repeated_keys", *operands_of(core), ("h", heads), ("g", groups))


def has_one_key_head(program: Program, reading: Reading) -> Iterator[Match]:
    """All query heads share one head of keys and values."""
    for core in _cores(program, reading):
        heads = head_count(program, core.query)
        groups = head_count(program, core.key)
        single = groups is not None and number(groups) == 1 and heads is not None and number(heads) != 1
        if single or (heads is not None and groups is None and has_shared_key_head(core)):
            yield match_of(core, "single_key_head", *operands_of(core), ("h", heads))


def has_shared_key_head(core: Core) -> bool:
    """`b h i d, b j d -> b h i j`: the keys have no axis of heads."""
    text = core.product.label if core.product is not None else ""
    if "->" not in text:
        return False
    inputs, output = text.split("->")
    sides = [set(side.split() if " " in side.strip() else side.strip()) for side in inputs.split(",")]
    outer = set(output.split() if " " in output.strip() else output.strip())
    return len(sides) == 2 and len((sides[0] - sides[1]) & outer) == 2 and len((sides[1] - sides[0]) & outer) == 1


def _is_repeated(program: Program, key: Term) -> bool:
    """Heads of keys are copied: `repeat_interleave`, or a new axis expanded and folded into them."""
    for term in below(key, lambda t: is_projection(t) and norm_kind(program, t) is None):
        if term.head == "repeat_interleave":
            return True
        if term.head in ("reshape", "view", "flatten") and any(
            one.head in ("expand", "repeat") for one in peeled_once(term)
        ):
            return True
    return False


def peeled_once(term: Term) -> tuple[Term, ...]:
    return tuple(alternatives(term.args[0])) if term.args else ()
