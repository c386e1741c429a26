"""Costs with their closed formula and the convention under which the number holds."""

from __future__ import annotations

from analyzer.document.blocks import table
from analyzer.document.context import Context
from analyzer.document.inline import byte_size, code, number, numeric, value
from analyzer.records.document import Block, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.tensors import Cost, TensorSpec

OF_ONE_CALL = ("flops", "activation_bytes")


def cost_table(context: Context, name: str, wanted: tuple[str, ...]) -> tuple[Block, ...]:
    """Rows of the costs asked for that were derived."""
    costs = context.model.costs if context.model else ()
    chosen = [(key, cost) for key, cost in costs if key in wanted]
    rows = [_row(context, key, cost) for key, cost in chosen]
    caption = counted_call(context) if any(key in OF_ONE_CALL for key, _ in chosen) else ()
    return table(context.words, name, "quantity value formula convention", rows, caption=caption)


def counted_call(context: Context) -> Line:
    """Which call the operators were counted in, as a sentence."""
    return _of_call(context, "costs.counted_call")


def counted_sizes(context: Context) -> Line:
    """The same beside a figure."""
    return _of_call(context, "costs.counted_sizes")


def _of_call(context: Context, key: str) -> Line:
    """The call with the sizes of its inputs; the shapes layer counts the operators of the inference call."""
    words, traces = context.words, context.model.traces if context.model else ()
    trace = context.trace_of("inference") or (traces[0] if traces else None)
    if trace is None:
        return ()
    tensors = [(item.name, item.value) for item in trace.inputs if isinstance(item.value, TensorSpec)]
    inputs = words.listed([code(f"{name}: {spec.dtype}{numeric(spec)}") for name, spec in tensors])
    return words.line(key, mode=words.line(f"shapes.mode_{trace.mode}"), inputs=inputs)


def _row(context: Context, key: str, cost: Cost) -> tuple[Line, ...]:
    words = context.words
    label = words.line(f"costs.{key}") if words.has(f"costs.{key}") else code(key)
    return (label, amount(context, key, cost), code(cost.formula or "", 200), words.reason(cost.convention))


def amount(context: Context, key: str, cost: Cost) -> Line:
    """The number in its unit, or why there is none."""
    if not isinstance(cost.value, Known):
        return value(context.words, cost.value)
    return (Plain(byte_size(cost.value.value) if "bytes" in key else number(cost.value.value)),)
