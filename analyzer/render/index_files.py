"""The small files that lead to the others: README.md of the report, and `<name>.md` for each companion."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.records.document import Document, Language, Line, Math, SourceRef
from analyzer.render.links import Links
from analyzer.render.markdown_escape import escape
from analyzer.render.text import one_line

NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def companion_index(documents: Iterable[Document], links: Links) -> str:
    """Title and link of one document in each of its languages."""
    lines = [
        f"- {NAMES[document.language]}: [{escape(title_text(document.title))}]"
        f"({links.to(f'{document.path}.{document.language}.md')})"
        for document in documents
    ]
    titles = " · ".join(escape(title_text(document.title)) for document in documents)
    return f"# {titles}\n\n" + "\n".join(lines) + "\n"


def report_index(documents: tuple[Document, ...], links: Links, others: Iterable[str]) -> str:
    """All documents in all languages, then what lies beside them."""
    languages = sorted({document.language for document in documents}, reverse=True)
    by_path: dict[str, dict[Language, Document]] = {}
    for document in documents:
        by_path.setdefault(document.path, {})[document.language] = document
    titles = [escape(title_text(document.title)) for document in by_path.get("article", {}).values()]
    lines = [f"# {' · '.join(titles)}" if titles else "# deepdive", ""]
    lines += ["| " + " | ".join(NAMES[language] for language in languages) + " |", "|" + " :--- |" * len(languages)]
    for versions in by_path.values():
        cells = [_cell(versions.get(language), links) for language in languages]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *(f"- [`{name}`]({links.inside(name)})" for name in others)]
    return "\n".join(lines) + "\n"


def _cell(document: Document | None, links: Links) -> str:
    if document is None:
        return ""
    title = escape(title_text(document.title)).replace("|", "\\|")
    link = f"[{title}]({links.to(f'{document.path}.{document.language}.md')})"
    if document.path != "article":
        return link
    return f"**{link}** · [HTML]({links.inside(f'article.{document.language}.html')})"


def title_text(title: Line) -> str:
    parts = []
    for part in title:
        if isinstance(part, SourceRef):
            parts.append(part.text or str(part.span))
        else:
            parts.append(part.latex if isinstance(part, Math) else part.text)
    return one_line("".join(parts))
