"""A document as GitHub-flavoured Markdown, one method per block and per inline type.

Formulas stand in `math` fences and, inline, between dollar and backtick; inside tables and lists, where GitHub does
not read them reliably, they are shown as code.
"""

from __future__ import annotations

import json

from markupsafe import escape as html_escape

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
from analyzer.render.links import Links
from analyzer.render.markdown_escape import (
    code_span,
    emphasised,
    escape,
    escape_line_start,
    fenced,
    in_cell,
    one_line_keeping_edges,
)
from analyzer.render.mermaid import render_mermaid
from analyzer.render.snippet import as_text
from analyzer.render.text import clean, one_line
from analyzer.render.wording import word

ALERTS = {"knowledge": "NOTE", "assumption": "IMPORTANT", "gap": "IMPORTANT", "warning": "WARNING", "info": "TIP"}
RULES = {"left": ":---", "right": "---:", "center": ":---:"}


def render_markdown(document: Document, links: Links) -> str:
    return _Markdown(document, links).document()


class _Markdown:
    def __init__(self, document: Document, links: Links) -> None:
        self.source = document
        self.language = document.language
        self.links = links

    def document(self) -> str:
        parts = [self._front_matter(), f"# {self.line(self.source.title)}"]
        parts += [self.block(block) for block in self.source.lead]
        parts += [self.chapter(chapter) for chapter in self.source.chapters]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _front_matter(self) -> str:
        """Values are JSON strings, which YAML reads as they are."""
        entries = [f"{key}: {json.dumps(clean(value), ensure_ascii=False)}" for key, value in self.source.front_matter]
        return "\n".join(["---", *entries, "---"]) if entries else ""

    def chapter(self, chapter: Chapter) -> str:
        parts = [f'<a id="{html_escape(chapter.id)}"></a>', f"## {self.line(chapter.title)}"]
        return "\n\n".join(parts + [self.block(block) for block in chapter.blocks])

    def block(self, block: Block) -> str:
        text: str = method_for(self, block)(block)
        return text

    def line(self, line: Line, *, math: bool = True) -> str:
        return "".join(self.inline(part, math=math) for part in line).strip()

    def inline(self, part: Inline, *, math: bool = True) -> str:
        if isinstance(part, Math) and not math:
            return code_span(part.latex)
        text: str = method_for(self, part)(part)
        return text

    # inline

    def plain(self, part: Plain) -> str:
        return escape(part.text)

    def code(self, part: Code) -> str:
        return code_span(part.text)

    def strong(self, part: Strong) -> str:
        return emphasised(escape(one_line(part.text)), one_line(part.text), "**", "strong")

    def emphasis(self, part: Emphasis) -> str:
        return emphasised(escape(one_line(part.text)), one_line(part.text), "*", "em")

    def math(self, part: Math) -> str:
        return f"$`{one_line(part.latex)}`$"

    def source_ref(self, part: SourceRef) -> str:
        return f"[{escape(part.text or str(part.span))}]({self.links.to_source(part.span)})"

    def link(self, part: Link) -> str:
        target = self.links.to(clean(part.target)).replace(" ", "%20").replace("(", "%28").replace(")", "%29")
        return f"[{escape(one_line(part.text))}]({target})"

    # blocks

    def heading(self, block: Heading) -> str:
        level = "#" * max(1, min(block.level, 6))
        return f'<a id="{html_escape(block.anchor)}"></a>\n\n{level} {self.line(block.text)}'

    def paragraph(self, block: Paragraph) -> str:
        return escape_line_start(self.line(block.text))

    def bullet_list(self, block: BulletList) -> str:
        marks = [f"{number}." if block.ordered else "-" for number in range(1, len(block.items) + 1)]
        items = [self.line(item, math=False) for item in block.items]
        return "\n".join(f"{mark} {escape_line_start(item)}" for mark, item in zip(marks, items, strict=True))

    def table(self, block: Table) -> str:
        columns = len(block.header)
        alignment = block.alignment or ("left",) * columns
        rows = ["|" + "|".join(RULES[side] for side in alignment) + "|"]
        rows += [self._row(row) for row in block.rows]
        if any(len(row) != columns for row in (alignment, *block.rows)):
            raise ValueError(f"table {block.id}: not every row has {columns} cells")
        caption = f"{escape_line_start(self.line(block.caption))}\n\n" if block.caption else ""
        return caption + "\n".join([self._row(block.header), *rows])

    def _row(self, cells: tuple[Line, ...]) -> str:
        return "| " + " | ".join(in_cell(self.line(cell, math=False)) for cell in cells) + " |"

    def snippet(self, block: Snippet) -> str:
        return f"{self.source_ref(SourceRef(block.span))}\n\n{fenced(as_text(block), block.language)}"

    def preformatted(self, block: Preformatted) -> str:
        return fenced(block.text, block.language or "text")

    def formula(self, block: Formula) -> str:
        parts = [fenced(block.latex.strip(), "math")]
        if block.symbols:
            colon = word("colon", self.language)
            bound = [f"{self.math(symbol)}{colon}{self.line(meaning)}" for symbol, meaning in block.symbols]
            parts.append(word("where", self.language) + "\\\n" + "\\\n".join(bound))
        if block.where:
            parts.append(" · ".join(self.source_ref(SourceRef(span)) for span in block.where))
        return "\n\n".join(parts)

    def diagram_ref(self, block: DiagramRef) -> str:
        caption = self.line(block.caption)
        parts = []
        mermaid = render_mermaid(block.diagram) if "mermaid" in block.forms else None
        if "figure" in block.forms:
            figure = self.links.inside(f"figures/{block.diagram.id}.svg")
            parts.append(f"![{escape(self._alternative(block))}]({figure})")
        if "ascii" in block.forms or ("figure" not in block.forms and mermaid is None):
            parts.append(fenced(render_ascii(block.diagram), "text"))
        if mermaid is not None:
            parts.append(self._mermaid(mermaid, folded=len(parts) > 0))
        return "\n\n".join([*parts, escape_line_start(caption)] if caption else parts)

    def _mermaid(self, mermaid: str, *, folded: bool) -> str:
        drawing = fenced(mermaid, "mermaid")
        if not folded:
            return drawing
        summary = html_escape(word("as_text", self.language))
        return f"<details><summary>{summary}</summary>\n\n{drawing}\n\n</details>"

    def _alternative(self, block: DiagramRef) -> str:
        title = block.diagram.title
        return one_line(title.zh if self.language == "zh" else title.en)

    def note(self, block: Note) -> str:
        label = word(f"note_{block.kind}", self.language)
        return f"> [!{ALERTS[block.kind]}]\n> {emphasised(label, label, '**', 'strong')} {self.line(block.text)}"

    def details(self, block: Details) -> str:
        inner = "\n\n".join(self.block(part) for part in block.blocks)
        summary = "".join(_summary_part(part) for part in block.summary)
        return f"<details><summary>{summary}</summary>\n\n{inner}\n\n</details>"


def _summary_part(part: Inline) -> str:
    """GitHub reads no Markdown inside a summary, so it is HTML; links would fold the block and are left out."""
    if isinstance(part, SourceRef):
        text = part.text or str(part.span)
    else:
        text = part.latex if isinstance(part, Math) else part.text
    escaped = str(html_escape(one_line_keeping_edges(text)))
    return f"<code>{escaped}</code>" if isinstance(part, (Code, Math)) else escaped
