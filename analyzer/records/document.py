"""The document as a tree of typed blocks, one tree per language; every renderer is total over `Block`.

Inline text is a tuple of `Inline` parts, so that repository text is data and is escaped at the leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.diagrams import Diagram
from analyzer.records.source import Span

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Plain:
    """Prose of ours, or a value as text."""

    text: str


@dataclass(frozen=True)
class Code:
    """An identifier, value or expression of the source, set in a code face."""

    text: str


@dataclass(frozen=True)
class Strong:
    text: str


@dataclass(frozen=True)
class Emphasis:
    text: str


@dataclass(frozen=True)
class Math:
    """Inline formula in LaTeX."""

    latex: str


@dataclass(frozen=True)
class SourceRef:
    """A link to lines of the repository; `text` defaults to `model.py:52-76`."""

    span: Span
    text: str | None = None


@dataclass(frozen=True)
class Link:
    text: str
    target: str
    """Address, `#anchor`, or a path relative to the report's root."""


Inline = Plain | Code | Strong | Emphasis | Math | SourceRef | Link
Line = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """`anchor` is the same in both languages; level 1 is the document's title."""

    level: int
    text: Line
    anchor: str


@dataclass(frozen=True)
class Paragraph:
    text: Line


@dataclass(frozen=True)
class BulletList:
    items: tuple[Line, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Table:
    """`total` is the name of the column whose figures must add up to the last row, if there is one."""

    id: str
    header: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    alignment: tuple[Literal["left", "right", "center"], ...] = ()
    caption: Line = ()
    total: str | None = None


@dataclass(frozen=True)
class Snippet:
    """Unaltered source lines with their numbers; `margin` holds a shape comment per line number."""

    span: Span
    text: str
    language: str
    margin: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Preformatted:
    """A block of preformatted text that is not quoted from the source: a tree, a drawing."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Formula:
    """A display formula in LaTeX with the where-list that binds every symbol to code."""

    latex: str
    symbols: tuple[tuple[Math, Line], ...] = ()
    where: tuple[Span, ...] = ()


@dataclass(frozen=True)
class DiagramRef:
    """A drawing in the renderings named: Mermaid inline, the ASCII picture, the matplotlib figure."""

    diagram: Diagram
    caption: Line
    forms: tuple[Literal["ascii", "mermaid", "figure"], ...] = ("mermaid", "figure")


@dataclass(frozen=True)
class Note:
    """A marked aside: `knowledge` from outside the source with its citation, `assumption`, `gap`, `warning`."""

    kind: Literal["knowledge", "assumption", "gap", "warning", "info"]
    text: Line


@dataclass(frozen=True)
class Details:
    """Blocks folded away behind a summary line."""

    summary: Line
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | BulletList | Table | Snippet | Preformatted | Formula | DiagramRef | Note | Details


@dataclass(frozen=True)
class Chapter:
    """A chapter; `id` is the same in both languages and is its anchor."""

    id: str
    title: Line
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """One file of the report in one language. `path` is its place without language and suffix:
    `article`, `docs/call_flow`.
    """

    path: str
    language: Language
    title: Line
    chapters: tuple[Chapter, ...]
    lead: tuple[Block, ...] = ()
    front_matter: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReportFile:
    """A file that is written as it stands: an annotated listing, a CSV table."""

    path: str
    text: str


@dataclass(frozen=True)
class Report:
    """Everything that `render` writes."""

    documents: tuple[Document, ...]
    diagrams: tuple[Diagram, ...]
    files: tuple[ReportFile, ...]
