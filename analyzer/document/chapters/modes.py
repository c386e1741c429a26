"""Training against inference: the aspects of the template, then the lines of forward that differ."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, table
from analyzer.document.context import Context
from analyzer.document.inline import code, join, ref
from analyzer.records.document import Block, Chapter, Line, Plain, SourceRef
from analyzer.records.source import Span
from analyzer.records.techniques import LineDifference, ModeDifference

MOST_LINES = 40


def build(context: Context) -> Chapter:
    words, findings = context.words, context.analysis.findings
    rows = [_row(context, item) for item in findings.mode_differences]
    blocks: tuple[Block, ...] = context.drawing("training_versus_inference")
    blocks += table(words, "modes", "aspect training inference", rows) or (note(words, "gap", "modes.none"),)
    blocks += (heading(words, "modes.lines", "mode-lines"),)
    lines = [_line(context, item) for item in findings.line_differences[:MOST_LINES]]
    blocks += table(words, "mode_lines", "code training inference where", lines) or (
        note(words, "info", _why_no_lines(context)),
    )
    return Chapter("modes", words.line("modes.title"), blocks)


def _why_no_lines(context: Context) -> str:
    both = context.trace_of("training") and context.trace_of("inference", "prefill", "decode")
    return "modes.same_lines" if both else "modes.one_trace"


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
            for file in ("modes", "findings", "reasons")
            if text.replace("_", "").isalnum() and words.has(f"{file}.{text}")
        ),
        None,
    )
    said = words.line(known) if known else code(text, 120)
    places = join([(SourceRef(span),) for span in spans[:2]])
    return (*said, Plain(" ("), *places, Plain(")")) if spans else said


def _line(context: Context, item: LineDifference) -> tuple[Line, ...]:
    absent = context.words.line("modes.not_run")
    training = code(item.training) if item.training is not None else absent
    inference = code(item.inference) if item.inference is not None else absent
    return (code(item.code), training, inference, ref(item.where))
