"""The yardstick: the bundled reference GPT beside the analysed model, at the same batch size and length."""

from __future__ import annotations

from analyzer.document.blocks import folded, heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.facets import counts, repeated_block
from analyzer.document.inline import NOTHING, byte_size, code, codes, number, numeric
from analyzer.records.document import Block, Chapter, Code, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.tensors import ModuleRecord, ReferenceTrace

MOST_ROWS = 40


def build(context: Context) -> Chapter:
    words, trace = context.words, context.analysis.shapes.reference
    if trace is None:
        return Chapter("reference", words.line("reference.title"), (note(words, "gap", "reference.none"),))
    blocks: tuple[Block, ...] = (
        paragraph(
            words,
            "reference.opening",
            preset=Code(trace.preset),
            batch=number(trace.batch),
            length=number(trace.length),
        ),
        *table(words, "yardstick", "quantity here reference ratio", _rows(context, trace)),
        note(words, "info", f"reference.convention_{_counted_call(context)}"),
        *context.drawing("reference_comparison"),
        heading(words, "reference.shapes", "reference-shapes"),
        *table(words, "side_by_side", "step here reference", _side_by_side(context, trace)),
        *_in_full(context, trace),
    )
    return Chapter("reference", words.line("reference.title"), blocks)


def _in_full(context: Context, trace: ReferenceTrace) -> tuple[Block, ...]:
    """Every shape of the reference for a reader of a language model; for others the command that prints them."""
    words = context.words
    if context.family not in ("language_model", "text_model"):
        return (paragraph(words, "reference.elsewhere", command=Code(f"deepdive trace --preset {trace.preset}")),)
    return (
        *folded(words, "reference.all_shapes", _shape_tables(context, trace)),
        *folded(words, "reference.configuration", _settings(context, trace)),
    )


def _counted_call(context: Context) -> str:
    """Whose forward pass is counted: of the call that trains, where it was traced, with all that the loss needs."""
    return "training" if "flops_training" in _costs(context) else "inference"


def _costs(context: Context) -> dict[str, int]:
    every = context.model.costs if context.model else ()
    return {name: cost.value.value for name, cost in every if isinstance(cost.value, Known)}


def _rows(context: Context, trace: ReferenceTrace) -> list[tuple[Line, ...]]:
    words, parameters, costs = context.words, counts(context), _costs(context)
    rows = [
        _row(
            words.line("overview.parameters_total"),
            parameters.total if parameters else None,
            trace.parameters.total,
            number,
        )
    ]
    every = costs.get("flops_training", costs.get("flops"))
    rows.append(_row(words.line("overview.flops"), every, trace.flops_forward, number))
    rows.append(
        _row(
            words.line("overview.kv_bytes_per_token"),
            costs.get("kv_bytes_per_token"),
            trace.kv_bytes_per_token,
            byte_size,
        )
    )
    return rows


def _settings(context: Context, trace: ReferenceTrace) -> tuple[Block, ...]:
    rows = [(code(name), code(text)) for name, text in trace.configuration]
    return table(context.words, "reference_settings", "name value", rows)


def _side_by_side(context: Context, trace: ReferenceTrace) -> list[tuple[Line, ...]]:
    """Input, what one repeated block returns, and output of both models, for the call without targets."""
    words = context.words
    own = context.trace_of("inference", "prefill")
    here = {module.path: module for module in own.modules} if own else {}
    block = repeated_block(context)
    left = [here.get(""), here.get(block.paths[0]) if block else None]
    there = {module.path: module for module in trace.inference}
    repeated = next((module for module in trace.inference if module.path.endswith(".0")), None)
    right = [there.get(""), repeated]
    rows: list[tuple[Line, ...]] = [
        (words.line("shapes.step_input"), _side(left[0], inputs=True), _side(right[0], inputs=True))
    ]
    rows.append((words.line("reference.after_block"), _side(left[1]), _side(right[1])))
    rows.append((words.line("shapes.step_output"), _side(left[0]), _side(right[0])))
    return rows


def _side(record: ModuleRecord | None, inputs: bool = False) -> Line:
    if record is None or not record.calls:
        return NOTHING
    specs = record.calls[0].inputs if inputs else record.calls[0].outputs
    symbolic, numbers = codes(str(spec) for spec in specs[:2]), codes(numeric(spec) for spec in specs[:2])
    return symbolic if symbolic == numbers else (*symbolic, Plain(" = "), *numbers)


def _row(label: Line, own: int | None, other: int, show: object) -> tuple[Line, ...]:
    printer = byte_size if show is byte_size else number
    here = (Plain(printer(own)),) if own is not None else (Plain("—"),)
    ratio = (Plain(_ratio(own / other)),) if own is not None and other else (Plain("—"),)
    return (label, here, (Plain(printer(other)),), ratio)


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _shape_tables(context: Context, trace: ReferenceTrace) -> tuple[Block, ...]:
    words = context.words
    blocks: tuple[Block, ...] = ()
    for name, records in (("training", trace.training), ("inference", trace.inference), ("decode", trace.decode)):
        rows = [_shape_row(record) for record in _first_of_repeats(records)][:MOST_ROWS]
        found = table(
            words,
            f"reference_{name}",
            "module class input_shape output_shape",
            rows,
            caption=words.line(f"reference.{name}"),
        )
        blocks += found
    return blocks


def _first_of_repeats(records: tuple[ModuleRecord, ...]) -> list[ModuleRecord]:
    """Modules that were called, without the second and later copies of a numbered block."""
    return [
        item
        for item in records
        if item.calls and not any(part.isdigit() and part != "0" for part in item.path.split("."))
    ]


def _shape_row(record: ModuleRecord) -> tuple[Line, ...]:
    call = record.calls[0]
    return (
        code(record.path or "."),
        code(record.class_name),
        codes(str(spec) for spec in call.inputs[:3]),
        codes(str(spec) for spec in call.outputs[:3]),
    )
