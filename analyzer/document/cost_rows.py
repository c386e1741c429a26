"""Costs with their closed formula and the convention under which the number holds."""

from __future__ import annotations

from analyzer.document.blocks import table
from analyzer.document.context import Context
from analyzer.document.inline import byte_size, code, number, value
from analyzer.records.document import Block, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.tensors import Cost


def cost_table(context: Context, name: str, wanted: tuple[str, ...]) -> tuple[Block, ...]:
    """Rows of the costs asked for that were derived."""
    costs = context.model.costs if context.model else ()
    rows = [_row(context, key, cost) for key, cost in costs if key in wanted]
    return table(context.words, name, "quantity value formula convention", rows)


def _row(context: Context, key: str, cost: Cost) -> tuple[Line, ...]:
    words = context.words
    label = words.line(f"costs.{key}") if words.has(f"costs.{key}") else code(key)
    return (label, amount(context, key, cost), code(cost.formula or "", 200), words.reason(cost.convention))


def amount(context: Context, key: str, cost: Cost) -> Line:
    """The number in its unit, or why there is none."""
    if not isinstance(cost.value, Known):
        return value(context.words, cost.value)
    return (Plain(byte_size(cost.value.value) if "bytes" in key else number(cost.value.value)),)
