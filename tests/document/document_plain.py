"""Blocks as bare text, to read and compare documents in tests without a renderer."""

from __future__ import annotations

from collections.abc import Iterator

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
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {line_text(block.text)} {{#{block.anchor}}}"
    elif isinstance(block, Paragraph):
        yield line_text(block.text)
    elif isinstance(block, BulletList):
        yield from (f"- {line_text(item)}" for item in block.items)
    elif isinstance(block, Table):
        yield f"[{block.id}] {line_text(block.caption)}"
        yield " | ".join(line_text(cell) for cell in block.header)
        yield from (" | ".join(line_text(cell) for cell in row) for row in block.rows)
    elif isinstance(block, Snippet):
        margin = dict(block.margin)
        for at, text in enumerate(block.text.split("\n"), block.span.first_line):
            yield f"{at:4} {text}" + (f"    # {margin[at]}" if at in margin else "")
    elif isinstance(block, Preformatted):
        yield block.text
    elif isinstance(block, Formula):
        yield f"$$ {block.latex} $$"
        yield from (f"  {symbol.latex}: {line_text(text)}" for symbol, text in block.symbols)
    elif isinstance(block, DiagramRef):
        yield f"<diagram {block.diagram.id}> {line_text(block.caption)}"
    elif isinstance(block, Note):
        yield f"> [{block.kind}] {line_text(block.text)}"
    elif isinstance(block, Details):
        yield f"▸ {line_text(block.summary)}"
        yield from (text for inner in block.blocks for text in block_text(inner))
    yield ""


def document_text(document: Document) -> str:
    lines = [f"# {line_text(document.title)}", ""]
    lines += [text for block in document.lead for text in block_text(block)]
    for chapter in document.chapters:
        lines += [f"## {line_text(chapter.title)} {{#{chapter.id}}}", ""]
        lines += [text for block in chapter.blocks for text in block_text(block)]
    return "\n".join(lines) + "\n"
