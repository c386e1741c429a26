"""All files of a report by relative path, from the analysis and the documents made of it."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram
from analyzer.records.document import Block, Details, DiagramRef, Document, Language, Report
from analyzer.render.cited import cited_sources
from analyzer.render.csv import render_tables
from analyzer.render.html import render_html
from analyzer.render.index_files import companion_index, report_index
from analyzer.render.json import facts_text
from analyzer.render.links import links_for
from analyzer.render.markdown import render_markdown
from analyzer.render.matplotlib_script import render_diagrams_json, render_script
from analyzer.render.sizes_panel import sizes_panel

ARTICLE = "article"
INDEX = "README"


def render_report(analysis: Analysis, report: Report, *, languages: tuple[Language, ...]) -> dict[str, str | bytes]:
    """The files; documents in other languages than those named are left out."""
    documents = tuple(document for document in report.documents if document.language in languages)
    files: dict[str, str | bytes] = {}
    for document in documents:
        files |= _document(analysis, document, documents)
    files |= _indexes(analysis, documents)
    files |= _tables(documents)
    files |= {file.path: file.text for file in report.files}
    files["diagrams.json"] = render_diagrams_json(all_diagrams(report.diagrams, documents))
    files["generate_diagrams.py"] = render_script()
    files["facts.json"] = facts_text(analysis)
    files |= cited_sources(analysis, report)
    if f"{INDEX}.md" not in files:
        files[f"{INDEX}.md"] = _report_index(analysis, documents, files)
    return files


def _document(analysis: Analysis, document: Document, documents: tuple[Document, ...]) -> dict[str, str]:
    place = f"{document.path}.{document.language}"
    if document.path == INDEX:
        return {f"{INDEX}.md": render_markdown(document, links_for(analysis, f"{INDEX}.md"))}
    rendered = {f"{place}.md": render_markdown(document, links_for(analysis, f"{place}.md"))}
    if document.path == ARTICLE:
        pages = {one.language: f"{ARTICLE}.{one.language}" for one in documents if one.path == ARTICLE}
        renamed = {f"{page}.md": f"{page}.html" for page in pages.values()}
        other = next((f"{page}.html" for language, page in pages.items() if language != document.language), None)
        links = links_for(analysis, f"{place}.html", renamed)
        rendered[f"{place}.html"] = render_html(document, links, other, sizes_panel(analysis.shapes.models))
    return rendered


def _indexes(analysis: Analysis, documents: tuple[Document, ...]) -> dict[str, str]:
    paths = dict.fromkeys(document.path for document in documents if "/" in document.path)
    return {
        f"{path}.md": companion_index(
            [document for document in documents if document.path == path], links_for(analysis, f"{path}.md")
        )
        for path in paths
    }


def _tables(documents: tuple[Document, ...]) -> dict[str, str]:
    """Of the article in one language: the figures are the same in both."""
    article = next((one for one in sorted(documents, key=lambda one: one.language) if one.path == ARTICLE), None)
    return {f"tables/{name}.csv": text for name, text in render_tables(article).items()} if article else {}


def _report_index(analysis: Analysis, documents: tuple[Document, ...], files: dict[str, str | bytes]) -> str:
    others = [name for name in ("facts.json", "diagrams.json", "generate_diagrams.py") if name in files]
    return report_index(documents, links_for(analysis, f"{INDEX}.md"), others)


def all_diagrams(diagrams: tuple[Diagram, ...], documents: tuple[Document, ...]) -> tuple[Diagram, ...]:
    """Those of the report and those that only a document shows, each id once."""
    found = {diagram.id: diagram for diagram in diagrams}
    for document in documents:
        blocks = (*document.lead, *(block for chapter in document.chapters for block in chapter.blocks))
        for reference in _references(blocks):
            if "figure" in reference.forms:
                found.setdefault(reference.diagram.id, reference.diagram)
    return tuple(found.values())


def _references(blocks: tuple[Block, ...]) -> Iterator[DiagramRef]:
    for block in blocks:
        if isinstance(block, DiagramRef):
            yield block
        elif isinstance(block, Details):
            yield from _references(block.blocks)
