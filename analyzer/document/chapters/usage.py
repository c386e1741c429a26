"""Quick start and API, quoted from the repository's own documents."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, paragraph
from analyzer.document.context import Context
from analyzer.document.inline import number, ref
from analyzer.document.listing import snippet
from analyzer.records.document import Block, Chapter
from analyzer.records.processes import Usage

QUICK = ("install", "data", "train", "infer", "evaluate")
MOST_EACH = 2


def build(context: Context) -> Chapter:
    words = context.words
    usages = context.analysis.facts.processes.usages
    basic = [item for purpose in QUICK for item in _of(usages, purpose)]
    blocks: tuple[Block, ...] = (heading(words, "usage.quick", "quick-start"),)
    blocks += _quotes(context, basic) or (note(words, "gap", "usage.no_quick", files=number(len(context.files))),)
    blocks += (heading(words, "usage.api", "python-api"),)
    blocks += _quotes(context, _of(usages, "api")) or _from_source(context) or (note(words, "gap", "usage.no_api"),)
    return Chapter("usage", words.line("usage.title"), blocks)


def _of(usages: tuple[Usage, ...], purpose: str) -> list[Usage]:
    return [item for item in usages if item.purpose == purpose][:MOST_EACH]


def _quotes(context: Context, usages: list[Usage]) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = ()
    for item in usages:
        blocks += (
            paragraph(context.words, f"usage.purpose_{item.purpose}", where=ref(item.where)),
            *snippet(context, item.where),
        )
    return blocks


def _from_source(context: Context) -> tuple[Block, ...]:
    """Where no document shows the API: the line of the code that builds the model."""
    model = context.model
    if model is None or model.build_where is None:
        return ()
    shown = snippet(context, model.build_where, longest=20)
    return (paragraph(context.words, "usage.built_in_code", where=ref(model.build_where)), *shown) if shown else ()
