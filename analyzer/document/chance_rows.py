"""The decisions that a program leaves to chance, as one table: what is done, with which probability, how often anew."""

from __future__ import annotations

import re

from analyzer.document.bindings import attribute_value
from analyzer.document.blocks import heading, note, table
from analyzer.document.context import Context
from analyzer.document.inline import code, ref, value
from analyzer.records.document import Block, Line, Plain
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Chance, Pipeline

MOST_CHANCES = 24
BELOW = re.compile(r"<=?\s*(self\.\w+)\s*$")


def chances(context: Context, pipeline: Pipeline) -> tuple[Block, ...]:
    """Nothing where no draw decides."""
    words, found = context.words, pipeline.chances[:MOST_CHANCES]
    if not found:
        return ()
    rows = [_row(context, item) for item in found]
    title = heading(words, "training.chances", "chances")
    shown = table(words, "chances", "condition processing share_here share_of_all each where", rows)
    return (title, *shown, note(words, "info", "training.chances_read"))


def _row(context: Context, item: Chance) -> tuple[Line, ...]:
    words = context.words
    condition = code(item.condition, 72) if item.condition else words.line("training.chance_otherwise")
    each = words.line("training.chance_element") if item.is_elementwise else code(item.loop, 48)
    shown = words.line("training.chance_drawn") if item.is_elementwise else condition
    return (
        shown,
        code(item.code, 80),
        _percent(context, _share(context, item, item.share)),
        _percent(context, _share(context, item, item.overall)),
        each,
        ref(item.where),
    )


def _share(context: Context, item: Chance, found: Known[float] | Unknown) -> Known[float] | Unknown:
    """Of a mask that is drawn below an attribute, what the built model's modules hold in it."""
    compared = BELOW.search(item.code) if item.is_elementwise and isinstance(found, Unknown) else None
    held = attribute_value(context, compared.group(1), item.where) if compared is not None else None
    return Known(float(held), (item.where,), "evaluated") if isinstance(held, (int, float)) else found


def _percent(context: Context, found: Known[float] | Unknown) -> Line:
    return (Plain(f"{100 * found.value:.4g} %"),) if isinstance(found, Known) else value(context.words, found)
