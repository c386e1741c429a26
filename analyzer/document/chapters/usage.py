"""Quick start and API, quoted from the repository's own documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.document.blocks import heading, note, paragraph
from analyzer.document.context import Context
from analyzer.document.inline import number
from analyzer.document.listing import snippet
from analyzer.records.document import Block, Chapter, Snippet
from analyzer.records.processes import CallNode, Pipeline, Usage
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


def _of(context: Context, usages: tuple[Usage, ...], purpose: str) -> list[tuple[Span, str]]:
    """The first excerpts of a purpose, each with all neighbouring lines of it and its language."""
    found: list[tuple[Span, str]] = []
    for item in usages:
        last = found[-1][0] if found else None
        if item.purpose != purpose:
            continue
        if last is not None and item.where.path == last.path and item.where.first_line == last.last_line + 1:
            found[-1] = (context.part(last, last.first_line, item.where.last_line), item.language)
        else:
            found.append((item.where, item.language))
    return found[:MOST_EACH]


def _quotes(context: Context, purposes: tuple[str, ...]) -> tuple[Block, ...]:
    """What the documents quote, told once per purpose."""
    blocks: tuple[Block, ...] = ()
    for purpose in purposes:
        places = _of(context, context.analysis.facts.processes.usages, purpose)
        shown = [
            replace(block, language=language) if isinstance(block, Snippet) else block
            for place, language in places
            for block in snippet(context, place)
        ]
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
        built = next((one.where for one in pipeline.stages if one.kind == "build"), None)
        if built is not None:
            called = _call_from_outside(context, pipeline)
            return [built, called] if called and called != built else [built]
    return []


def _call_from_outside(context: Context, pipeline: Pipeline) -> Span | None:
    """Where the program calls the model or a method of it: no line of a module's own code, which no user writes."""
    forward = [stage.where for stage in pipeline.stages if stage.kind in ("forward", "decode", "prefill")]
    name = f"{context.model.qualified_name}." if context.model else ""
    chains = [chain.root for chain in context.analysis.facts.processes.call_chains if chain.kind == pipeline.kind]
    roots = [root for root in chains if root.where.path == pipeline.entry.path]
    methods = [
        node.where
        for root in roots
        for node in _nodes(root)
        if (node.target or "").startswith(name) and _runs(node, name)
    ]
    outside = (place for place in (*forward, *methods) if not _is_in_module(context, place))
    return next(outside, None)


def _runs(node: CallNode, name: str) -> bool:
    """Whether it comes to the model's forward: a method that builds or configures the model does not."""
    return any((inner.target or "") == f"{name}forward" for inner in _nodes(node))


def _nodes(node: CallNode) -> Iterator[CallNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _is_in_module(context: Context, place: Span) -> bool:
    return any(
        item.is_module
        and item.where.path == place.path
        and item.where.first_line <= place.first_line <= item.where.last_line
        for item in context.classes.values()
    )


def _signature(context: Context) -> list[Span]:
    """The lines of the constructor up to the colon that ends its header."""
    info = context.class_at(context.model.where) if context.model else None
    init = next((item for item in info.methods if item.name == "__init__"), None) if info else None
    if init is None:
        return []
    lines = context.quote(init.where).split("\n")
    last = next((at for at, line in enumerate(lines) if line.split("#")[0].rstrip().endswith(":")), 0)
    return [context.part(init.where, init.where.first_line, init.where.first_line + last)]
