"""Training against inference: the aspects of the template, then the lines of forward that differ."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, table
from analyzer.document.compared_calls import underived, why_no_lines_differ
from analyzer.document.context import Context
from analyzer.document.inline import code, join, ref, statement
from analyzer.document.program_builds import is_other_model
from analyzer.document.wording import REASON_FILES
from analyzer.records.document import Block, Chapter, Line, Plain, SourceRef
from analyzer.records.source import Span
from analyzer.records.techniques import LineDifference, ModeDifference
from analyzer.records.tensors import ShapeRow, Trace

MOST_LINES = 40
OF_THE_MODEL = ("input", "output")


def build(context: Context) -> Chapter:
    words, findings = context.words, context.analysis.findings
    rows = [_row(context, item) for item in findings.mode_differences if _is_of_programs(context, item)]
    blocks: tuple[Block, ...] = context.drawing("training_versus_inference")
    both = bool(context.training and context.inference)
    missing = note(words, "gap", "modes.not_compared" if both else "modes.none")
    blocks += table(words, "modes", "aspect training inference", rows) or (missing,)
    blocks += (heading(words, "modes.lines", "mode-lines"),)
    differences = findings.line_differences or _between_traces(context)
    lines = [_line(context, item) for item in differences[:MOST_LINES]]
    found = table(words, "mode_lines", "code training inference where", lines)
    blocks += (*found, *underived(context)) if found else why_no_lines_differ(context)
    return Chapter("modes", words.line("modes.title"), blocks)


def _is_of_programs(context: Context, item: ModeDifference) -> bool:
    """What the shown model takes and gives is no difference of programs of which one builds another model."""
    other = context.training is not None and is_other_model(context, context.training)
    return not (other and item.aspect in OF_THE_MODEL)


def _between_traces(context: Context) -> tuple[LineDifference, ...]:
    """Lines that only one of the two traces ran, or ran with other shapes."""
    training, inference = context.trace_of("training"), context.trace_of("inference", "prefill")
    if training is None or inference is None:
        return ()
    left, right = _shapes_by_line(training), _shapes_by_line(inference)
    found = []
    for place in sorted({**left, **right}):
        here, there = left.get(place), right.get(place)
        if (here and here[1]) != (there and there[1]):
            row = here or there
            assert row is not None  # the place stems from one of them
            found.append(LineDifference(row[0].where, row[0].code, here and here[1], there and there[1]))
    return tuple(found)


def _shapes_by_line(trace: Trace) -> dict[tuple[str, int], tuple[ShapeRow, str]]:
    """First row of each line with the shapes of its targets; headers, whose arguments differ anyway, are left out."""
    found: dict[tuple[str, int], tuple[ShapeRow, str]] = {}
    for row in trace.rows:
        if not row.code.lstrip().startswith(("def ", "async def ")):
            text = "; ".join(
                f"{target.name} {', '.join(map(str, target.tensors))}" for target in row.targets if target.tensors
            )
            found.setdefault((row.where.path, row.where.first_line), (row, text))
    return found


def _row(context: Context, item: ModeDifference) -> tuple[Line, ...]:
    words = context.words
    aspect = words.line(f"modes.{item.aspect}") if words.has(f"modes.{item.aspect}") else words.reason(item.aspect)
    return (
        aspect,
        _side(context, item.training_text, item.training),
        _side(context, item.inference_text, item.inference),
    )


def _side(context: Context, text: str, spans: tuple[Span, ...]) -> Line:
    """A wording id as its sentence, anything else as a quotation; the places behind it."""
    words = context.words
    known = next(
        (
            f"{file}.{text}"
            for file in ("modes", *REASON_FILES)
            if text.replace("_", "").isalnum() and words.has(f"{file}.{text}")
        ),
        None,
    )
    parts = [_part_name(context, name.strip()) for name in text.split(",")]
    if all(parts):
        said = words.listed([part for part in parts if part])
    else:
        said = words.line(known) if known else code(text, 120)
    places = join([(SourceRef(span),) for span in spans[:2]])
    return (*said, Plain(" ("), *places, Plain(")")) if spans else said


def _part_name(context: Context, name: str) -> Line | None:
    """What a technique or a feature of a pipeline is called, if the id is one."""
    if name in context.sheets:
        return (Plain(context.technique_name(name)),)
    key = f"features.{name}"
    return context.words.line(key) if name.isidentifier() and context.words.has(key) else None


def _line(context: Context, item: LineDifference) -> tuple[Line, ...]:
    absent = context.words.line("modes.not_run")
    training = code(item.training) if item.training is not None else absent
    inference = code(item.inference) if item.inference is not None else absent
    return (statement(item.code), training, inference, ref(item.where))
