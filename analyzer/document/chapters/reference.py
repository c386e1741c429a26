"""The yardstick: the bundled reference GPT beside the analysed model, at the same batch size and length."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.facets import counts
from analyzer.document.inline import byte_size, code, codes, number
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
        *context.drawing("reference_comparison"),
        heading(words, "reference.shapes", "reference-shapes"),
        *_shape_tables(context, trace),
    )
    return Chapter("reference", words.line("reference.title"), blocks)


def _rows(context: Context, trace: ReferenceTrace) -> list[tuple[Line, ...]]:
    words, parameters = context.words, counts(context)
    costs = {
        name: cost.value.value
        for name, cost in (context.model.costs if context.model else ())
        if isinstance(cost.value, Known)
    }
    rows = [
        _row(
            words.line("overview.parameters_total"),
            parameters.total if parameters else None,
            trace.parameters.total,
            number,
        )
    ]
    rows.append(_row(words.line("overview.flops"), costs.get("flops"), trace.flops_forward, number))
    rows.append(
        _row(
            words.line("overview.kv_bytes_per_token"),
            costs.get("kv_bytes_per_token"),
            trace.kv_bytes_per_token,
            byte_size,
        )
    )
    settings = [((Code(name),), (), code(text), ()) for name, text in trace.configuration]
    return [*rows, *settings]


def _row(label: Line, own: int | None, other: int, show: object) -> tuple[Line, ...]:
    printer = byte_size if show is byte_size else number
    here = (Plain(printer(own)),) if own is not None else (Plain("—"),)
    ratio = (Plain(f"{own / other:.3g}"),) if own is not None and other else (Plain("—"),)
    return (label, here, (Plain(printer(other)),), ratio)


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
