"""HTML: escaping, offline, the same structure in both languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from analyzer.records.document import Chapter, Code, Document, Formula, Link, Math, Paragraph, Plain, Snippet
from analyzer.render.html import render_html
from analyzer.render.links import links_for
from analyzer.render.mathml import converted
from analyzer.techniques.sheets import load_sheets
from tests.render import sample


class Elements(HTMLParser):
    """Tags in order, ids, links, and whether every element was closed."""

    VOID = frozenset({"meta", "link", "br", "input", "img", "hr", "path", "rect", "polyline", "mspace", "wbr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" and "href" in values else []
        self.sources += [value for key, value in attrs if key in ("src", "srcset", "data", "poster", "action")]
        self.sources += [values["href"]] if tag == "link" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag and tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def page(language: str = "en") -> str:
    return render_html(sample.document(language), links_for(sample.analysis(), f"article.{language}.html"), None)


def page_of(*blocks) -> str:
    document = Document("article", "en", (Plain("T"),), (Chapter("c", (Plain("C"),), blocks),))
    return render_html(document, links_for(sample.analysis(), "article.en.html"), None)


def body(html: str) -> str:
    return html[html.index("<main") : html.index("</main>")]


def test_every_block_renders_as_the_golden_page(golden):
    golden("render/article.en.body.html", body(page()) + "\n")


def test_every_element_is_closed():
    assert Elements(page()).open == []


def test_ids_are_unique_and_internal_links_land():
    elements = Elements(page())
    assert len(elements.ids) == len(set(elements.ids))
    targets = {link[1:] for link in elements.links if link.startswith("#")}
    assert targets <= set(elements.ids)


def test_nothing_is_loaded_from_anywhere():
    html = page()
    assert [source for source in Elements(html).sources if not source.startswith("data:")] == []
    assert "@import" not in html
    assert re.findall(r"url\((?!['\"]?data:)", html) == []
    assert "fetch(" not in html
    assert "default-src 'none'" in html


def test_both_languages_have_the_same_elements():
    assert Elements(page("en")).tags == Elements(page("zh")).tags


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", '"><img src=x onerror=alert(1)>', "{% raw %}"]
)
def test_repository_text_is_only_ever_text(text):
    span = sample.span("net/model.py", 1)
    html = page_of(
        Paragraph((Plain(text), Code(text), Link(text, "#c"))),
        Snippet(span, text, "python", ((1, text),)),
        Formula("x", ((Math("x"), (Code(text),)),)),
    )
    elements = Elements(html)
    assert elements.tags.count("script") == 1
    assert "img" not in elements.tags
    assert "49" not in body(html)


def test_a_shape_stands_in_the_margin_and_in_the_tooltip():
    html = page()
    assert '<span class="row" title="h: [B, 4*width]">' in html
    assert '<span class="margin">h: [B, 4*width]</span>' in html


def test_a_snippet_keeps_every_line_of_the_source():
    text = 'a = """one\n\n  two"""\n\nb = 1'
    html = page_of(Snippet(sample.span("net/model.py", 3), text, "python"))
    code = re.sub(r"<[^>]+>", "", "".join(re.findall(r'<span class="src">(.*?)\n</span>(?=</span>)', html, re.S)))
    assert code.replace("&#34;", '"').replace("&quot;", '"') == text.replace("\n", "")
    assert re.findall(r'<span class="no">(\d+)</span>', html) == ["3", "4", "5", "6", "7"]


@pytest.mark.parametrize(
    "latex",
    [
        r"\operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V",
        r"\begin{aligned} a &= b \\ c &= \mathrm{head\_dim}_i \end{aligned}",
        r"\hat{\epsilon}_\theta \odot \lVert x \rVert_2 \in \mathbb{R}^{B \times T}",
        r"\begin{cases} 0 & i \geq j \\ -\infty & \text{otherwise} \end{cases}",
        r"\sum_{i=1}^{n} \log p_\theta(x_i \mid x_{<i})",
    ],
)
def test_formulas_of_the_field_become_mathml_without_leaks(latex):
    mathml = converted(latex, display=True)
    assert mathml is not None
    assert "\\" not in mathml
    Elements(mathml)


def test_every_formula_of_a_technique_becomes_mathml():
    formulas = {
        sheet.card.id: [
            sheet.card.formula,
            *(one.symbol for one in sheet.card.symbols),
            *(one.formula for one in sheet.recognitions),
        ]
        for sheet in load_sheets()
    }
    told = [(name, latex) for name, every in formulas.items() for latex in every if latex]
    assert [name for name, latex in told if converted(latex, display=True) is None] == []


@pytest.mark.parametrize("latex", [r"\unknownmacro{x}", "x_{", r"\left( x"])
def test_a_formula_that_cannot_be_converted_is_shown_whole(latex):
    assert converted(latex, display=True) is None
    assert '<code class="latex">' in page_of(Formula(latex))
