"""Quick start and API, quoted from the repository's own documents."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, paragraph
from analyzer.document.context import Context
from analyzer.document.inline import number
from analyzer.document.listing import snippet
from analyzer.records.document import Block, Chapter
from analyzer.records.processes import Usage
from analyzer.records.source import Span

QUICK = ("install", "data", "train", "infer", "run", "evaluate")
MOST_EACH = 2
"""Excerpts of one purpose; commands that stand below one another are one excerpt."""


def build(context: Context) -> Chapter:
    words = context.words
    blocks: tuple[Block, ...] = (heading(words, "usage.quick", "quick-start"),)
    blocks += _quotes(context, QUICK) or (note(words, "gap", "usage.no_quick", files=number(len(context.files))),)
    blocks += (heading(words, "usage.api", "python-api"),)
    blocks += _quotes(context, ("api",)) or _from_source(context) or (note(words, "gap", "usage.no_api"),)
    return Chapter("usage", words.line("usage.title"), blocks)


def _of(context: Context, usages: tuple[Usage, ...], purpose: str) -> list[Span]:
    """The first excerpts of a purpose, each with all neighbouring lines of it."""
    found: list[Span] = []
    for item in usages:
        last = found[-1] if found else None
        if item.purpose != purpose:
            continue
        if last is not None and item.where.path == last.path and item.where.first_line == last.last_line + 1:
            found[-1] = context.part(last, last.first_line, item.where.last_line)
        else:
            found.append(item.where)
    return found[:MOST_EACH]


def _quotes(context: Context, purposes: tuple[str, ...]) -> tuple[Block, ...]:
    """What the documents quote, told once per purpose."""
    blocks: tuple[Block, ...] = ()
    for purpose in purposes:
        places = _of(context, context.analysis.facts.processes.usages, purpose)
        shown = [block for place in places for block in snippet(context, place)]
        if shown:
            blocks += (paragraph(context.words, f"usage.purpose_{purpose}"), *shown)
    return blocks


def _from_source(context: Context) -> tuple[Block, ...]:
    """Where no document shows the API: how the repository's own programs build and call the model, else what its
    constructor takes.
    """
    words, places = context.words, _calls(context)
    key = "usage.built_in_code" if places else "usage.constructor"
    places = places or _signature(context)
    shown = [block for place in places for block in snippet(context, place, longest=20)]
    return (paragraph(words, key), *shown) if shown else ()


def _calls(context: Context) -> list[Span]:
    """The first statements that build the model and call it, of a program that was seen to run it."""
    pipelines = [item for item in (context.inference, context.training) if item and context.runs_main(item)]
    for pipeline in pipelines:
        found = [next((one for one in pipeline.stages if one.kind == kind), None) for kind in ("build", "forward")]
        places = list(dict.fromkeys(stage.where for stage in found if stage))
        if found[0] is not None:
            return places
    return []


def _signature(context: Context) -> list[Span]:
    """The lines of the constructor up to the colon that ends its header."""
    info = context.class_at(context.model.where) if context.model else None
    init = next((item for item in info.methods if item.name == "__init__"), None) if info else None
    if init is None:
        return []
    lines = context.quote(init.where).split("\n")
    last = next((at for at, line in enumerate(lines) if line.split("#")[0].rstrip().endswith(":")), 0)
    return [context.part(init.where, init.where.first_line, init.where.first_line + last)]
