"""Laws of the article: both languages have one structure, tables add up, no chapter is empty, every quotation holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from document_plain import document_text, line_text
from document_sample import TEXTS, empty_analysis, sample_analysis

from analyzer.document.context import Context
from analyzer.document.outline import build_article, build_report
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.document import Block, Details, Document, Formula, Heading, Snippet, SourceRef, Table
from analyzer.records.source import digest_of

ANALYSES = {"sample": sample_analysis, "empty": empty_analysis}


@pytest.fixture(params=sorted(ANALYSES))
def analysis(request: pytest.FixtureRequest) -> Analysis:
    return ANALYSES[request.param]()


def documents_of(analysis: Analysis) -> tuple[Document, ...]:
    return build_report(analysis, (), ("en", "zh")).documents


def blocks_of(document: Document) -> Iterator[Block]:
    stack = [*document.lead, *(block for chapter in document.chapters for block in chapter.blocks)][::-1]
    while stack:
        block = stack.pop()
        yield block
        if isinstance(block, Details):
            stack += block.blocks[::-1]


def skeleton(block: Block) -> tuple[object, ...]:
    """What must be equal in both languages: kinds, anchors, table sizes, quoted places."""
    if isinstance(block, Heading):
        return ("heading", block.level, block.anchor)
    if isinstance(block, Table):
        return ("table", block.id, len(block.header), len(block.rows))
    if isinstance(block, Snippet):
        return ("snippet", block.span, block.margin)
    if isinstance(block, Formula):
        return ("formula", block.latex, len(block.symbols))
    return (type(block).__name__,)


def test_both_languages_have_one_structure(analysis: Analysis) -> None:
    documents = documents_of(analysis)
    english = {item.path: item for item in documents if item.language == "en"}
    chinese = {item.path: item for item in documents if item.language == "zh"}
    assert english.keys() == chinese.keys()
    for path, document in english.items():
        assert [chapter.id for chapter in document.chapters] == [chapter.id for chapter in chinese[path].chapters]
        assert [skeleton(b) for b in blocks_of(document)] == [skeleton(b) for b in blocks_of(chinese[path])]


def test_anchors_and_table_names_are_unique_in_a_document(analysis: Analysis) -> None:
    for document in documents_of(analysis):
        blocks = list(blocks_of(document))
        anchors = [b.anchor for b in blocks if isinstance(b, Heading)] + [chapter.id for chapter in document.chapters]
        names = [b.id for b in blocks if isinstance(b, Table)]
        assert len(anchors) == len(set(anchors))
        assert len(names) == len(set(names))


def test_no_chapter_is_empty(analysis: Analysis) -> None:
    for document in documents_of(analysis):
        for chapter in document.chapters:
            said = [block for block in chapter.blocks if not isinstance(block, Heading)]
            assert said, f"{document.path}.{document.language}: {chapter.id}"


def test_every_table_is_rectangular_and_its_total_adds_up(analysis: Analysis) -> None:
    for document in documents_of(analysis):
        for table in (block for block in blocks_of(document) if isinstance(block, Table)):
            assert {len(row) for row in table.rows} == {len(table.header)}
            assert len(table.alignment) == len(table.header)
            if table.total is not None:
                column = [line_text(cell) for cell in table.header].index(table.total)
                figures = [int(line_text(row[column]).replace(",", "")) for row in table.rows]
                assert sum(figures[:-1]) == figures[-1]


def test_every_snippet_quotes_its_span_in_at_most_forty_lines() -> None:
    for document in documents_of(sample_analysis()):
        for block in blocks_of(document):
            if isinstance(block, Snippet):
                span = block.span
                lines = TEXTS[span.path].split("\n")[span.first_line - 1 : span.last_line]
                assert block.text == "\n".join(lines)
                assert digest_of(block.text) == span.sha256
                assert len(lines) <= 40


def test_no_place_and_no_english_sentence_is_left_in_chinese(analysis: Analysis) -> None:
    for document in documents_of(analysis):
        text = document_text(document)
        assert not re.search(r"\{[a-z_]+\}(?!\})", re.sub(r"`[^`]*`|\$.*|\{#[^}]*\}", "", text)), document.path
    for document in (item for item in documents_of(analysis) if item.language == "zh"):
        for block in blocks_of(document):
            if type(block).__name__ == "Paragraph":
                prose = re.sub(r"`[^`]*`|<[^>]*>|“[^”]*”", "", line_text(block.text))
                assert not re.search(r"[A-Za-z]+(?: [a-z]+){3}", prose), prose


def test_article_names_the_size_on_its_first_screen() -> None:
    article = build_article(Context(sample_analysis(), Words("en")))
    first = "\n".join(document_text(article).split("\n")[:12])
    assert "2,080" in first
    assert "tokens: int64[B, T]" in first


def test_numbers_stand_with_a_source_or_in_a_row_that_has_one() -> None:
    """Rows of fact tables that state a figure carry a link, but for totals and identities."""
    article = build_article(Context(sample_analysis(), Words("en")))
    for table in (block for block in blocks_of(article) if isinstance(block, Table) and block.id in ("losses", "gaps")):
        for row in table.rows:
            assert any(isinstance(part, SourceRef) for cell in row for part in cell) or table.id == "gaps"


def test_same_analysis_gives_the_same_report() -> None:
    assert build_report(sample_analysis(), (), ("en", "zh")) == build_report(sample_analysis(), (), ("en", "zh"))
