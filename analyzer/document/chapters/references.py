"""Citations: the papers behind the techniques found, the repository itself, and where to read on."""

from __future__ import annotations

from analyzer.document.blocks import bullets, heading, note, paragraph
from analyzer.document.chapters.overview import identity
from analyzer.document.context import Context
from analyzer.document.inline import join, refs
from analyzer.document.knowledge import field_of, full_citation
from analyzer.records.document import Block, Chapter, Line, Link, Plain
from analyzer.records.source import Span
from analyzer.records.techniques import Citation


def build(context: Context) -> Chapter:
    words = context.words
    blocks: tuple[Block, ...] = (heading(words, "references.repository", "cite-repository"), _repository(context))
    sources = _technique_sources(context)
    blocks += (heading(words, "references.papers", "papers"),)
    blocks += bullets(sources) or (note(words, "info", "references.no_papers"),)
    field = field_of(context)
    own = [field.citation] if field.citation is not None else []
    cited = [*own, *(item.citation for item in field.milestones), *(item.citation for item in field.models)]
    blocks += (heading(words, "references.knowledge", "knowledge-sources"),)
    blocks += bullets(
        full_citation(item) for item in sorted(set(cited), key=lambda item: (item.year, item.label, item.title))
    )
    return Chapter("references", words.line("references.title"), blocks)


def _repository(context: Context) -> Block:
    repository = context.analysis.facts.repository
    words = context.words
    if repository.remote is None:
        return paragraph(words, "references.local", name=repository.name, identity=identity(context))
    link = Link(repository.remote, repository.remote)
    return paragraph(words, "references.this", name=repository.name, link=link, identity=identity(context))


def _technique_sources(context: Context) -> list[Line]:
    """Each paper once, with the techniques that rest on it and their lines."""
    papers: dict[str, tuple[Citation, list[str]]] = {}
    places: dict[str, tuple[Span, ...]] = {}
    for found in context.used_techniques:
        for item in context.sheets[found.sheet_id].sources:
            papers.setdefault(item.identifier, (item, []))[1].append(found.sheet_id)
            places.setdefault(item.identifier, found.where[:1])
    return [
        (
            *full_citation(item),
            Plain(" → "),
            *join(context.technique_name(name) for name in dict.fromkeys(names)),
            Plain(" ("),
            *refs(places[key]),
            Plain(")"),
        )
        for key, (item, names) in sorted(papers.items(), key=lambda row: (row[1][0].year, row[1][0].title))
    ]
