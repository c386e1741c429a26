"""The target's own code, run on `--execute`: beside each evaluated number the one that the run gave.

Says nothing where nothing was run, and adds no fact to any other chapter.
"""

from __future__ import annotations

from analyzer.document.blocks import bullets, folded, heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, number, ref
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.executions import Comparison, ExecutedCall, Execution

MOST_ROWS = 60
NET = {"no_file_writes": "executed.net_no_file_writes"}
TOTALS = ("parameters", "trainable", "buffers", "output")


def executed_blocks(context: Context) -> tuple[Block, ...]:
    words, runs = context.words, context.analysis.shapes.executions
    if not runs:
        return ()
    nets = next((run.nets for run in runs if run.nets), ())
    blocks: tuple[Block, ...] = (heading(words, "executed.title", "executed"), paragraph(words, "executed.opening"))
    if nets:
        names = words.listed([words.line(NET.get(net, f"gaps.net_{net}")) for net in nets])
        blocks += (paragraph(words, "executed.nets", names=names),)
    return (*blocks, *(block for run in runs for block in _run(context, run)))


def _run(context: Context, run: Execution) -> tuple[Block, ...]:
    words = context.words
    title = heading(words, "executed.model", f"executed-{run.class_name.lower()}", 4, name=Code(run.class_name))
    opening = paragraph(words, "executed.built", build=code(run.build_expression), where=ref(run.where))
    blocks: tuple[Block, ...] = (title, opening)
    if run.device == "meta":
        blocks += (note(words, "info", "executed.meta"),)
    if run.failure is not None:
        blocks += (note(words, "gap", "executed.ended", why=words.reason(run.failure.reason, run.failure.arguments)),)
    blocks += table(words, "executed_totals", "quantity derived executed verdict", _rows(context, run.totals))
    blocks += tuple(block for call in run.calls for block in _call(context, call))
    passed = [
        (Code(check.name), Plain(": "), *words.line(f"executed.{'passed' if check.passed else 'failed'}"),
         Plain(f" ({check.detail})"))
        for check in run.checks
    ]  # fmt: skip
    return (*blocks, *((paragraph(words, "executed.checks"), *bullets(passed)) if passed else ()))


def _call(context: Context, call: ExecutedCall) -> tuple[Block, ...]:
    words = context.words
    if call.stopped is not None and not call.inputs:
        why = words.reason(call.stopped.reason, call.stopped.arguments)
        return (note(words, "info", "executed.not_made", mode=words.line(f"shapes.mode_{call.mode}"), why=why),)
    verdicts = [comparison.verdict for comparison in call.comparisons]
    blocks: tuple[Block, ...] = (
        paragraph(
            words,
            "executed.call",
            method=Code(call.method),
            inputs=codes(call.inputs),
            mode=words.line(f"shapes.mode_{call.mode}"),
            agree=number(verdicts.count("agree")),
            differ=number(verdicts.count("differ")),
            unknown=number(verdicts.count("unknown")),
        ),
    )
    if call.stopped is not None:
        why = words.reason(call.stopped.reason, call.stopped.arguments)
        blocks += (note(words, "gap", "executed.ended", why=why),)
    columns = "module derived executed verdict"
    odd = [item for item in call.comparisons if item.verdict != "agree"]
    agreed = [item for item in call.comparisons if item.verdict == "agree"]
    blocks += table(words, f"executed_{call.mode}_open", columns, _rows(context, odd[:MOST_ROWS]))
    rows = table(words, f"executed_{call.mode}", columns, _rows(context, agreed[:MOST_ROWS]))
    return (*blocks, *folded(words, "executed.agreeing", rows, count=number(len(agreed))))


def _rows(context: Context, comparisons: tuple[Comparison, ...] | list[Comparison]) -> list[tuple[Line, ...]]:
    return [
        (_subject(context, item.subject), code(item.evaluated), code(item.executed), _verdict(context, item))
        for item in comparisons
    ]


def _subject(context: Context, subject: str) -> Line:
    if subject in TOTALS:
        return context.words.line(f"executed.{subject}")
    return code(subject) if subject else context.words.line("executed.root")


def _verdict(context: Context, item: Comparison) -> Line:
    return context.words.line("executed.open" if item.verdict == "unknown" else f"checks.{item.verdict}")
