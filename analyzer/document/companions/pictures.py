"""The two documents of pictures: every drawing of the report, and those that follow the tensors."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, slug
from analyzer.document.chapters import shapes
from analyzer.document.companions.sketch import chain
from analyzer.document.context import Context
from analyzer.document.inline import number, shapes_text
from analyzer.records.document import Block, Chapter, DiagramRef, Document, Heading, Plain, Preformatted


def overview_document(context: Context) -> Document:
    """Each drawing in all its forms."""
    words = context.words
    blocks: list[Block] = []
    for diagram in context.drawings:
        title = (Plain(words.pick(diagram.title)),)
        blocks.append(Heading(3, title, f"diagram-{slug(diagram.id)}"))
        blocks.append(DiagramRef(diagram, title, ("ascii", "mermaid", "figure")))
    found = tuple(blocks) or (note(words, "gap", "pictures.none"),)
    chapter = Chapter("diagrams", words.line("pictures.all", count=number(len(context.drawings))), found)
    return Document(
        "docs/diagrams/overview", words.language, words.line("pictures.title", name=context.name), (chapter,)
    )


def shapes_document(context: Context) -> Document:
    """The path of the shapes as a chain, then every table of shapes."""
    words = context.words
    trace = context.trace
    path: tuple[Block, ...] = ()
    if trace:
        steps = [
            (f"{name} {shapes_text(specs)}", f"{row.code.splitlines()[0][:60]}   {row.where}")
            for row, name, specs in shapes.changes(trace)
        ]
        path = (heading(words, "pictures.path", "path"), Preformatted(chain(steps))) if steps else ()
    chapters = [Chapter("tensor_shapes", words.line("shapes.title"), shapes.build(context).blocks)]
    if path:
        chapters.insert(0, Chapter("changes", words.line("shapes.path"), path))
    return Document(
        "docs/diagrams/tensor_shapes",
        words.language,
        words.line("pictures.shapes_title", name=context.name),
        tuple(chapters),
    )
