"""Markdown: golden article, and laws that re-parse what was rendered."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer.records.document import Chapter, Code, Document, Line, Link, Math, Paragraph, Plain, Strong, Table
from analyzer.render.links import links_for
from analyzer.render.markdown import render_markdown
from analyzer.render.markdown_escape import code_span, emphasised, escape, escape_line_start, in_cell
from analyzer.render.text import one_line
from tests.render import sample

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\u2028\u2029\x85"), max_size=40)


def tokens(markdown: str) -> list[Token]:
    return PARSER.parse(markdown)


def plain_text(markdown: str) -> str:
    """Text of the first block as a reader sees it."""
    inline = next(token for token in tokens(markdown) if token.type == "inline")
    assert all(child.type in ("text", "softbreak", "code_inline") for child in inline.children or []), markdown
    return "".join(child.content for child in inline.children or [])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_block_renders_as_the_golden_article(language, golden):
    document = sample.document(language)
    text = render_markdown(document, links_for(sample.analysis(), f"article.{language}.md"))
    golden(f"render/article.{language}.md", text)


@given(TEXT)
def test_escaped_text_reads_back_as_itself(text):
    flat = one_line(text)
    if flat:
        assert plain_text(escape_line_start(escape(flat))) == flat


@given(TEXT)
def test_a_code_span_reads_back_as_its_text(text):
    flat = one_line(text)
    if flat:
        inline = next(token for token in tokens("x " + code_span(flat)) if token.type == "inline")
        codes = [child for child in inline.children or [] if child.type == "code_inline"]
        assert [code.content for code in codes] == [flat]


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_a_table_row_has_as_many_cells_as_its_header(cells):
    header = "| " + " | ".join("h" for _ in cells) + " |\n|" + "---|" * len(cells)
    row = "| " + " | ".join(in_cell(escape(text)) + in_cell(code_span(text)) for text in cells) + " |"
    opened = [token.type for token in tokens(f"{header}\n{row}\n")]
    assert opened.count("td_open") == len(cells)
    assert opened.count("tr_open") == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("结论", "**结论**"), ("结论：", "<strong>结论：</strong>"), ("(x)", "<strong>(x)</strong>"), ("a b", "**a b**")],
)
def test_stars_are_used_only_where_markdown_reads_them(text, expected):
    assert emphasised(text, text, "**", "strong") == expected


def document(*blocks) -> Document:
    return Document("article", "en", (Plain("T"),), (Chapter("c", (Plain("C"),), blocks),))


def rendered(*blocks) -> str:
    return render_markdown(document(*blocks), links_for(sample.analysis(), "article.en.md"))


def test_math_inside_a_table_is_shown_as_code():
    cell: Line = (Math(r"\sqrt{d}"),)
    text = rendered(Table("t", ((Plain("a"),),), ((cell,),)))
    assert r"| `\sqrt{d}` |" in text
    assert "$`" not in text


def test_a_table_whose_rows_do_not_fit_its_header_is_refused():
    with pytest.raises(ValueError, match="not every row has 1 cells"):
        rendered(Table("t", ((Plain("a"),),), (((Plain("b"),), (Plain("c"),)),)))


def test_an_unknown_block_type_is_refused():
    class Strange:
        pass

    with pytest.raises(TypeError, match="cannot render Strange"):
        rendered(Strange())


def test_control_characters_and_direction_overrides_are_taken_away():
    text = rendered(Paragraph((Plain("a\x1b[31mb\u202ec"), Code("d\x07e"), Strong("f\u2066g"))))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    assert "bc" in text


def test_a_link_cannot_end_early():
    text = rendered(Paragraph((Link("a](b", "docs/x (1).md"),)))
    inline = [token for token in tokens(text) if token.type == "inline"][-1]
    link = next(child for child in inline.children or [] if child.type == "link_open")
    assert link.attrGet("href") == "docs/x%20%281%29.md"


def test_the_article_parses_without_raw_html_from_the_repository():
    text = render_markdown(sample.document(), links_for(sample.analysis(), "article.en.md"))
    allowed = re.compile(r"</?(?:a|details|summary|strong|em|code|br)\b[^>]*>")
    for token in tokens(text):
        blocks = [token, *(token.children or [])]
        for part in blocks:
            if part.type in ("html_block", "html_inline"):
                assert "<" not in allowed.sub("", part.content), part.content
