"""The options that an inference program reads, with what they are by default: the program's own and its decoding's."""

from __future__ import annotations

from analyzer.document.blocks import heading, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, number, ref, refs, value
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.document import Block
from analyzer.records.processes import Pipeline
from analyzer.records.source import Span

FEWEST, MOST = 2, 36
COMMAND_LINES = frozenset({"argparse", "click", "typer", "fire", "absl"})
OF_DECODING = frozenset({"sample", "postprocess", "tokenize", "output", "decode", "prefill"})


def settings(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Options in the order of their tables; those beyond the first ones stand in the configuration's chapter."""
    words, found = context.words, _read_by(context, main)
    rows = [
        (
            code(item.name),
            code(owner.name),
            value(words, item.effective if item.effective is not None else item.value),
            refs(_near(item, main), 2),
            ref(item.where),
        )
        for owner, item in found[:MOST]
    ]
    if len(rows) < FEWEST:
        return ()
    shown = table(words, "inference_settings", "name option_table value used_at where", rows)
    rest = (paragraph(words, "inference.settings_more", count=number(len(found) - MOST)),) if len(found) > MOST else ()
    return (heading(words, "inference.settings", "inference-settings"), *shown, *rest)


def _read_by(context: Context, main: Pipeline) -> list[tuple[ConfigTable, ConfigValue]]:
    """Of methods of the model what they themselves read; of programs what their files and those that decode read."""
    within_model = main.entry.path in context.model_files
    decoding = {stage.where.path for stage in main.stages if stage.kind in OF_DECODING} - set(context.model_files)
    files = {main.entry.path, *decoding}
    tables = sorted(context.analysis.facts.configuration.tables, key=lambda owner: _distance(owner, main))
    return [
        (owner, item)
        for owner in tables
        for item in owner.values
        if any(_is_in(span, main.entry) if within_model else span.path in files for span in item.used_at)
    ]


def _distance(owner: ConfigTable, main: Pipeline) -> tuple[bool, bool, bool]:
    """What the program's user enters comes first, constants of its files last."""
    is_entered = owner.format in COMMAND_LINES and owner.where.path == main.entry.path
    return (
        not is_entered,
        owner.format == "constants" and owner.where.path != main.entry.path,
        owner.format == "constants",
    )


def _near(item: ConfigValue, main: Pipeline) -> tuple[Span, ...]:
    """Where it is read, the program's own files first."""
    return tuple(sorted(item.used_at, key=lambda span: span.path != main.entry.path))


def _is_in(span: Span, outer: Span) -> bool:
    return span.path == outer.path and outer.first_line <= span.first_line <= outer.last_line
