"""Makes anchors and table names unique in a document: classes of one name in different files would share them."""

from __future__ import annotations

from dataclasses import replace

from analyzer.records.document import Block, Details, Document, Heading, Table


def with_unique_names(document: Document) -> Document:
    """The document in which the second and later bearer of a name has a number behind it; case does not matter."""
    names = _Names({chapter.id.lower() for chapter in document.chapters})
    lead = names.unique(document.lead)
    chapters = tuple(replace(chapter, blocks=names.unique(chapter.blocks)) for chapter in document.chapters)
    return replace(document, lead=lead, chapters=chapters)


class _Names:
    """The anchors and table names met so far."""

    def __init__(self, anchors: set[str]) -> None:
        self.anchors = anchors
        self.tables: set[str] = set()

    def unique(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        return tuple(self._one(block) for block in blocks)

    def _one(self, block: Block) -> Block:
        if isinstance(block, Heading):
            return replace(block, anchor=_free(block.anchor, self.anchors, "-"))
        if isinstance(block, Table):
            return replace(block, id=_free(block.id, self.tables, "_"))
        if isinstance(block, Details):
            return replace(block, blocks=self.unique(block.blocks))
        return block


def _free(name: str, taken: set[str], joint: str) -> str:
    """The name, or the name with the first number that is free; it counts as taken from then on."""
    found, number = name, 2
    while found.lower() in taken:
        found, number = f"{name}{joint}{number}", number + 1
    taken.add(found.lower())
    return found
