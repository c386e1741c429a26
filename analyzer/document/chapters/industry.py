"""Industry progress: how the field developed and where models of known size stand; all of it cited, none of it ours."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, table
from analyzer.document.context import Context
from analyzer.document.facets import counts
from analyzer.document.inline import compact, number, refs
from analyzer.document.knowledge import Field, Milestone, citation, field_of
from analyzer.records.document import Block, Chapter, Line, Plain, Strong

UNPUBLISHED = 10**18
"""Sorts models without a published size to the end."""


def build(context: Context) -> Chapter:
    words, field = context.words, field_of(context)
    blocks: list[Block] = [note(words, "knowledge", "industry.outside")]
    blocks.append(heading(words, "industry.evolution", "evolution"))
    blocks += table(
        words,
        "evolution",
        "year technique mark in_this_repository source",
        [_row(context, item) for item in field.milestones],
    )
    blocks.append(heading(words, "industry.landscape", "landscape"))
    if field.models:
        blocks += table(words, "landscape", "model size openness mark source", _models(context, field))
    else:
        blocks.append(note(words, "info", "industry.no_models"))
    return Chapter("industry", words.line("industry.title"), tuple(blocks))


def _row(context: Context, item: Milestone) -> tuple[Line, ...]:
    mark = (Plain(context.words.pick(item.mark)),)
    return (
        (Plain(str(item.year)),),
        (Plain(context.words.pick(item.name)),),
        mark,
        _here(context, item),
        citation(item.citation),
    )


def _here(context: Context, item: Milestone) -> Line:
    """The lines of this repository that use what the milestone brought, or that nothing is known of them: most of
    what a field went through leaves no line by which it could be recognised.
    """
    spans = [found.where[0] for found in context.used_techniques if found.sheet_id in item.techniques and found.where]
    absent = "industry.not_recognised" if item.techniques else "industry.not_looked_for"
    return refs(spans, 2) if spans else context.words.line(absent)


def _models(context: Context, field: Field) -> list[tuple[Line, ...]]:
    """Published models by size, with the analysed one among them."""
    words, own = context.words, counts(context)
    rows: list[tuple[int, tuple[Line, ...]]] = []
    for item in field.models:
        size = (Plain(compact(item.parameters)),) if item.parameters else words.line("industry.unpublished")
        openness = words.line("industry.open" if item.open else "industry.closed")
        rows.append(
            (
                item.parameters or UNPUBLISHED,
                (
                    (Plain(words.pick(item.name)),),
                    size,
                    openness,
                    (Plain(words.pick(item.mark)),),
                    citation(item.citation),
                ),
            )
        )
    if own and context.model and context.missing is None:
        text = words.line("industry.this_mark", count=number(own.total))
        rows.append(
            (
                own.total,
                (
                    (Strong(context.name),),
                    (Plain(compact(own.total)),),
                    words.line("industry.this"),
                    text,
                    refs([context.model.where]),
                ),
            )
        )
    return [cells for _, cells in sorted(rows, key=lambda row: row[0])]
