"""A document as one offline HTML page: everything inline, nothing fetched, all of it readable without scripts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined
from jinja2.loaders import FunctionLoader
from markupsafe import Markup, escape

from analyzer.records.document import (
    Block,
    BulletList,
    Chapter,
    Code,
    Details,
    DiagramRef,
    Document,
    Emphasis,
    Formula,
    Heading,
    Inline,
    Line,
    Link,
    Math,
    Note,
    Paragraph,
    Plain,
    Preformatted,
    Snippet,
    SourceRef,
    Strong,
    Table,
)
from analyzer.render.ascii import render_ascii
from analyzer.render.dispatch import method_for
from analyzer.render.highlight import highlighted_lines
from analyzer.render.line_breaks import breakable
from analyzer.render.links import Links
from analyzer.render.mathml import to_mathml
from analyzer.render.sizes_panel import ANCHOR, SizesPanel, place_of
from analyzer.render.snippet import numbered_lines
from analyzer.render.svg import render_svg
from analyzer.render.text import clean
from analyzer.render.wording import word, words

SIZES_SCRIPTS = ("formula.js", "sizes.js")
NUMBERED = 2
"""Headings down to this level and one below stand in the table of contents."""


def render_html(document: Document, links: Links, other: str | None, sizes: SizesPanel | None = None) -> str:
    """`other` is the page in the other language, if there is one; `sizes` is computed anew in the page."""
    page = _Html(document, links, sizes)
    body = page.body()
    text: str = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            language=document.language,
            title=_text_of(document.title),
            description=_first_paragraph(document),
            words=words(document.language),
            other=None if other is None else links.to(other),
            contents=page.contents,
            body=body,
            style=Markup(_template("page.css")),
            script=Markup("".join(_template(name) for name in (*(SIZES_SCRIPTS if sizes else ()), "page.js"))),
        )
    )
    return text


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


@cache
def _template(name: str) -> str:
    return resources.files("report_templates").joinpath(f"html/{name}").read_text("utf-8")


def _first_paragraph(document: Document) -> str:
    blocks = (*document.lead, *(block for chapter in document.chapters for block in chapter.blocks))
    first = next((block for block in blocks if isinstance(block, Paragraph)), None)
    return _text_of(first.text)[:300] if first else _text_of(document.title)


def _text_of(line: Line) -> str:
    return " ".join("".join(_part_text(part) for part in line).split())


def _part_text(part: Inline) -> str:
    if isinstance(part, SourceRef):
        return part.text or str(part.span)
    return part.latex if isinstance(part, Math) else clean(part.text)


class _Html:
    """One method per type. `contents` gathers (level, anchor, text) of the headings as they are rendered."""

    def __init__(self, document: Document, links: Links, sizes: SizesPanel | None) -> None:
        self.source = document
        self.sizes = sizes
        self.language = document.language
        self.links = links
        self.contents: list[tuple[int, str, Markup]] = []
        self.snippets = 0

    def body(self) -> Markup:
        title = Markup("<h1>{}</h1>").format(self.line(self.source.title))
        lead = self.blocks(self.source.lead)
        chapters = Markup("\n").join(self.chapter(chapter) for chapter in self.source.chapters)
        return Markup('<header class="lead">{}{}</header>\n{}').format(title, lead, chapters)

    def chapter(self, chapter: Chapter) -> Markup:
        heading = self._heading(2, self.line(chapter.title), chapter.id)
        return Markup("<section>{}{}{}</section>").format(heading, self.blocks(chapter.blocks), self._sizes(chapter))

    def _sizes(self, chapter: Chapter) -> Markup:
        if self.sizes is None or chapter.id != place_of(self.source):
            return Markup("")
        title = self._heading(3, Markup(escape(word("sizes_title", self.language))), ANCHOR)
        return title + self.sizes.markup(self.language)

    def blocks(self, blocks: tuple[Block, ...]) -> Markup:
        return Markup("\n").join(self.block(block) for block in blocks)

    def block(self, block: Block) -> Markup:
        text: Markup = method_for(self, block)(block)
        return text

    def line(self, line: Line) -> Markup:
        return Markup("").join(method_for(self, part)(part) for part in line)

    # inline

    def plain(self, part: Plain) -> Markup:
        return escape(clean(part.text))

    def code(self, part: Code) -> Markup:
        return Markup("<code>{}</code>").format(clean(part.text))

    def strong(self, part: Strong) -> Markup:
        return Markup("<strong>{}</strong>").format(clean(part.text))

    def emphasis(self, part: Emphasis) -> Markup:
        return Markup("<em>{}</em>").format(clean(part.text))

    def math(self, part: Math) -> Markup:
        return to_mathml(part.latex, display=False)

    def source_ref(self, part: SourceRef) -> Markup:
        return self._reference(part, escape)

    def _reference(self, part: SourceRef, shown: Callable[[str], Markup]) -> Markup:
        return Markup('<a class="source" href="{}">{}</a>').format(
            self.links.to_source(part.span), shown(clean(part.text or str(part.span)))
        )

    def link(self, part: Link) -> Markup:
        return Markup('<a href="{}">{}</a>').format(self.links.to(clean(part.target)), clean(part.text))

    # blocks

    def heading(self, block: Heading) -> Markup:
        return self._heading(max(2, min(block.level, 6)), self.line(block.text), block.anchor)

    def _heading(self, level: int, text: Markup, anchor: str) -> Markup:
        if level <= NUMBERED + 1:
            self.contents.append((level, anchor, Markup(text.striptags())))
        return Markup('<h{0} id="{1}">{2} <a class="anchor" href="#{1}" aria-label="{3}">#</a></h{0}>').format(
            level, anchor, text, word("section_link", self.language)
        )

    def paragraph(self, block: Paragraph) -> Markup:
        return Markup("<p>{}</p>").format(self.line(block.text))

    def bullet_list(self, block: BulletList) -> Markup:
        items = Markup("").join(Markup("<li>{}</li>").format(self.line(item)) for item in block.items)
        return Markup("<{0}>{1}</{0}>").format("ol" if block.ordered else "ul", items)

    def table(self, block: Table) -> Markup:
        sides = block.alignment or ("left",) * len(block.header)
        if any(len(row) != len(block.header) for row in (sides, *block.rows)):
            raise ValueError(f"table {block.id}: not every row has {len(block.header)} cells")
        head = self._cells(block.header, sides, "th")
        rows = Markup("\n").join(Markup("<tr>{}</tr>").format(self._cells(row, sides, "td")) for row in block.rows)
        caption = Markup("<caption>{}</caption>").format(self.line(block.caption)) if block.caption else ""
        return Markup(
            '<div class="wide" tabindex="0" role="region" aria-label="{}"><table{}>{}<thead><tr>{}</tr></thead>'
            "<tbody>{}</tbody></table></div>"
        ).format(block.id, Markup(' class="totalled"') if block.total else "", caption, head, rows)

    def _cells(self, cells: tuple[Line, ...], sides: tuple[str, ...], tag: str) -> Markup:
        scope = Markup(' scope="col"') if tag == "th" else ""
        return Markup("").join(
            Markup("<{0}{1}{2}>{3}</{0}>").format(
                tag, scope, "" if side == "left" else Markup(' class="{}"').format(side), self._cell(cell)
            )
            for cell, side in zip(cells, sides, strict=True)
        )

    def _cell(self, cell: Line) -> Markup:
        """Code and places may be broken where their parts meet, so that no column is wider than it must be."""
        return Markup("").join(
            Markup("<code>{}</code>").format(breakable(clean(part.text)))
            if isinstance(part, Code)
            else self._reference(part, breakable)
            if isinstance(part, SourceRef)
            else self.line((part,))
            for part in cell
        )

    def snippet(self, block: Snippet) -> Markup:
        lines = list(numbered_lines(block))
        colours = highlighted_lines("\n".join(code for _, code, _ in lines), block.language)
        rows = Markup("").join(
            _snippet_row(number, colour, note) for (number, _, note), colour in zip(lines, colours, strict=True)
        )
        bar = Markup('<figcaption><a class="source" href="{}">{}</a></figcaption>').format(
            self.links.to_source(block.span), str(block.span)
        )
        return Markup(
            '<figure class="snippet">{}<div class="wide" tabindex="0" role="region" aria-label="{}">'
            '<pre class="code">{}</pre></div></figure>'
        ).format(bar, str(block.span), rows)

    def preformatted(self, block: Preformatted) -> Markup:
        return Markup('<div class="wide" tabindex="0"><pre class="plain">{}</pre></div>').format(clean(block.text))

    def formula(self, block: Formula) -> Markup:
        parts = [Markup('<div class="wide formula" tabindex="0">{}</div>').format(to_mathml(block.latex, display=True))]
        if block.symbols:
            bound = Markup("").join(
                Markup("<dt>{}</dt><dd>{}</dd>").format(self.math(symbol), self.line(meaning))
                for symbol, meaning in block.symbols
            )
            parts.append(
                Markup('<div class="where"><p>{}</p><dl>{}</dl></div>').format(word("where", self.language), bound)
            )
        if block.where:
            refs = Markup(" · ").join(self.source_ref(SourceRef(span)) for span in block.where)
            parts.append(Markup('<p class="refs">{}</p>').format(refs))
        return Markup("").join(parts)

    def diagram_ref(self, block: DiagramRef) -> Markup:
        caption = self.line(block.caption)
        if block.forms == ("ascii",):
            drawing = Markup('<pre class="plain">{}</pre>').format(render_ascii(block.diagram))
        else:
            title = block.diagram.title
            drawing = render_svg(block.diagram, title.zh if self.language == "zh" else title.en)
        return Markup(
            '<figure class="diagram"><div class="wide" tabindex="0">{}</div><figcaption>{}</figcaption></figure>'
        ).format(drawing, caption)

    def note(self, block: Note) -> Markup:
        return Markup('<aside class="note {}"><p><strong>{}</strong> {}</p></aside>').format(
            block.kind, word(f"note_{block.kind}", self.language), self.line(block.text)
        )

    def details(self, block: Details) -> Markup:
        return Markup("<details><summary>{}</summary>{}</details>").format(
            self.line(block.summary), self.blocks(block.blocks)
        )


def _snippet_row(number: int, code: Markup, note: str) -> Markup:
    """The shape stands in the margin and, where the margin is folded away, in the tooltip of the line."""
    title = Markup(' title="{}"').format(note) if note else ""
    margin = Markup('<span class="margin">{}</span>').format(note) if note else ""
    return Markup('<span class="row"{}><span class="no">{}</span><span class="src">{}\n</span>{}</span>').format(
        title, number, code, margin
    )
