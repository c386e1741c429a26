"""Named predicates that the sheets call: each looks at one function and yields its matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates import (
    adversarial,
    attention,
    attention_heads,
    attention_scores,
    attention_spans,
    blocks,
    convolutions,
    decoding,
    drafting,
    feed_forward,
    guidance,
    learned_factors,
    masking,
    matching,
    norms,
    positions,
    recurrences,
    rounding,
    stems,
    training,
)
from analyzer.techniques.program import Program, Reading

Predicate = Callable[[Program, Reading], Iterator[Match]]


def _public(*modules: ModuleType) -> dict[str, Predicate]:
    """Every `is_` and `has_` function that takes a program and a function, by name."""
    found: dict[str, Predicate] = {}
    for module in modules:
        for name, value in sorted(vars(module).items()):
            takes = getattr(value, "__annotations__", {})
            if name.startswith(("is_", "has_")) and takes.get("reading") == "Reading" and "Match" in takes["return"]:
                found[name] = value
    return found


PREDICATES = _public(
    adversarial, attention, attention_heads, attention_scores, attention_spans, blocks, convolutions, decoding,
    drafting, feed_forward, guidance, learned_factors, masking, matching, norms, positions, recurrences, rounding,
    stems, training,
)  # fmt: skip
