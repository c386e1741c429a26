"""The architecture by itself: picture, modules with sums, contracts of every class, files and what they define."""

from __future__ import annotations

from analyzer.document.blocks import note, table
from analyzer.document.chapters import architecture as chapter
from analyzer.document.context import Context
from analyzer.document.inline import NOTHING, code, codes, number, ref
from analyzer.records.document import Block, Chapter, Document, Line, Plain
from analyzer.records.structure import ClassInfo, FunctionInfo

MOST_CLASSES = 120


def build(context: Context) -> Document:
    words = context.words
    chapters = (
        Chapter("overview", words.line("architecture.title"), chapter.build(context).blocks),
        Chapter("classes", words.line("architecture_document.classes"), _classes(context)),
    )
    return Document(
        "docs/architecture", words.language, words.line("architecture_document.title", name=context.name), chapters
    )


def _classes(context: Context) -> tuple[Block, ...]:
    words = context.words
    found = [item for item in context.analysis.facts.structure.classes if item.is_module]
    rows = [_class_row(item) for item in found[:MOST_CLASSES]]
    return table(words, "classes", "class source argument holds where", rows) or (
        note(words, "gap", "common.no_model_class", files=number(len(context.files))),
    )


def _class_row(item: ClassInfo) -> tuple[Line, ...]:
    parts = codes(f"{part.name}: {part.class_name}" for part in item.submodules[:8])
    return (code(item.name), codes(item.bases), _signature(item.forward), parts, ref(item.where))


def _signature(forward: FunctionInfo | None) -> Line:
    """The arguments of forward as written."""
    if forward is None:
        return NOTHING
    texts = []
    for item in forward.arguments:
        if item.name != "self":
            annotation = f": {item.annotation}" if item.annotation else ""
            texts.append(f"{item.name}{annotation}" + (f" = {item.default}" if item.default else ""))
    return code(", ".join(texts)) if texts else (Plain("()"),)
