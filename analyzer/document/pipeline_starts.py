"""How a training or inference pipeline comes to run, in words: the one place that tells where programs start.

A forward is no start: it is what a user can call where no program runs the model.
"""

from __future__ import annotations

from analyzer.document.blocks import paragraph
from analyzer.document.chapters.reading_map import proofs
from analyzer.document.context import Context
from analyzer.document.inline import code, join, ref, refs
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.processes import Pipeline
from analyzer.records.structure import FunctionInfo

MOST_METHODS = 12
MOST_EXAMPLES = 4


def opening(context: Context, pipeline: Pipeline) -> tuple[Block, ...]:
    """The chapter's first sentence: where the pipeline starts, and what shows it."""
    words = context.words
    key = f"{pipeline.kind}.opening" + ("" if pipeline.start == "program" else f"_{pipeline.start}")
    told = paragraph(
        words,
        key,
        entry=Code(pipeline.entry_name),
        where=ref(pipeline.entry),
        reasons=proofs(context, pipeline.evidence),
    )
    return (told, *callables(context)) if pipeline.start == "forward" else (told,)


def callables(context: Context) -> tuple[Block, ...]:
    """What a user can call of the main model, where the repository has no program that does."""
    words, found = context.words, _public_methods(context)
    blocks: tuple[Block, ...] = ()
    if found and context.model is not None:
        names = join([_method(one) for one in found[:MOST_METHODS]])
        name = Code(context.model.class_name)
        blocks += (paragraph(words, "inference.public_methods", name=name, methods=names),)
    examples = [item.where for item in context.analysis.facts.processes.usages if item.purpose == "api"]
    if examples:
        blocks += (paragraph(words, "inference.examples", where=refs(examples, MOST_EXAMPLES)),)
    return blocks


def _method(found: FunctionInfo) -> Line:
    return (*code(f"{found.name}()"), Plain(" "), *ref(found.where))


def _public_methods(context: Context) -> list[FunctionInfo]:
    """Those that its class defines itself, beside the forward."""
    info = context.class_at(context.model.where) if context.model else None
    methods = info.methods if info else ()
    return [one for one in methods if not one.name.startswith("_") and one.name != "forward"]
