"""Blocks as bare text, to read and compare documents in tests without a renderer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from analyzer.records.document import (
    Block,
    BulletList,
    Code,
    Details,
    DiagramRef,
    Document,
    Formula,
    Heading,
    Inline,
    Line,
    Link,
    Math,
    Note,
    Paragraph,
    Preformatted,
    Snippet,
    SourceRef,
    Table,
)


def inline_text(part: Inline) -> str:
    if isinstance(part, Code):
        return f"`{part.text}`"
    if isinstance(part, Math):
        return f"${part.latex}$"
    if isinstance(part, SourceRef):
        return f"<{part.text or part.span}>"
    if isinstance(part, Link):
        return f"[{part.text}]({part.target})"
    return part.text


def line_text(line: Line) -> str:
    return "".join(inline_text(part) for part in line)


def block_text(block: Block) -> Iterator[str]:
    yield from WRITERS[type(block)](block)
    yield ""


def _table(block: Table) -> Iterator[str]:
    yield f"[{block.id}] {line_text(block.caption)}"
    for row in (block.header, *block.rows):
        yield " | ".join(line_text(cell) for cell in row)


def _snippet(block: Snippet) -> Iterator[str]:
    margin = dict(block.margin)
    for at, text in enumerate(block.text.split("\n"), block.span.first_line):
        yield f"{at:4} {text}" + (f"    # {margin[at]}" if at in margin else "")


def _formula(block: Formula) -> Iterator[str]:
    yield f"$$ {block.latex} $$"
    yield from (f"  {symbol.latex}: {line_text(text)}" for symbol, text in block.symbols)


def _details(block: Details) -> Iterator[str]:
    yield f"▸ {line_text(block.summary)}"
    yield from (text for inner in block.blocks for text in block_text(inner))


WRITERS: dict[type, Callable[..., Iterable[str]]] = {
    Heading: lambda block: [f"{'#' * block.level} {line_text(block.text)} {{#{block.anchor}}}"],
    Paragraph: lambda block: [line_text(block.text)],
    BulletList: lambda block: [f"- {line_text(item)}" for item in block.items],
    Table: _table,
    Snippet: _snippet,
    Preformatted: lambda block: [block.text],
    Formula: _formula,
    DiagramRef: lambda block: [f"<diagram {block.diagram.id}> {line_text(block.caption)}"],
    Note: lambda block: [f"> [{block.kind}] {line_text(block.text)}"],
    Details: _details,
}


def document_text(document: Document) -> str:
    lines = [f"# {line_text(document.title)}", ""]
    lines += [text for block in document.lead for text in block_text(block)]
    for chapter in document.chapters:
        lines += [f"## {line_text(chapter.title)} {{#{chapter.id}}}", ""]
        lines += [text for block in chapter.blocks for text in block_text(block)]
    return "\n".join(lines) + "\n"
