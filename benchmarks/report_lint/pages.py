"""Pages: closed elements, nothing from elsewhere, links inside the page that land, formulas without leaked macros."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote

from benchmarks.report_lint.finding import Finding, WrittenReport

LARGEST = 2_000_000
MACRO = re.compile(r"\\[A-Za-z]{2,}")
VOID = frozenset({
    "meta", "link", "br", "wbr", "input", "img", "hr", "path", "rect", "polyline", "line", "circle", "polygon",
    "mspace",
})  # fmt: skip


class Page(HTMLParser):
    """Ids, links and sources of a page, and the elements that were not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []
        self.mathematics: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" and "href" in values else []
        self.sources += [values[key] for key in ("src", "srcset", "poster", "action") if key in values]
        self.sources += [values["href"]] if tag == "link" and "href" in values else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "math" in self.open:
            self.mathematics.append(data)


def page_findings(report: WrittenReport) -> Iterator[Finding]:
    for name, html in report.pages.items():
        page = Page(html)
        for rule, text in _problems(page, html):
            yield Finding(rule, name, 0, text)


def _problems(page: Page, html: str) -> Iterator[tuple[str, str]]:
    yield from _structure(page)
    for text in page.mathematics:
        if MACRO.search(text):
            yield "leaked_macro", text[:60]
    if 'class="latex"' in html:
        yield "formula_not_converted", "a formula is shown as its source"
    if len(html.encode()) > LARGEST:
        yield "page_too_large", f"{len(html.encode()):,} bytes"


def _structure(page: Page) -> Iterator[tuple[str, str]]:
    """Elements, ids and links."""
    if page.unbalanced or page.open:
        yield "page_not_closed", str([*page.unbalanced, *page.open][:4])
    for source in page.sources:
        if not source.startswith(("data:", "#")):
            yield "page_loads", source[:80]
    twice = {name for name in page.ids if page.ids.count(name) > 1} if len(set(page.ids)) < len(page.ids) else set()
    for name in sorted(twice):
        yield "id_twice", name
    known = set(page.ids)
    for link in dict.fromkeys(page.links):
        if link.startswith("#") and unquote(link[1:]) not in known:
            yield "broken_link", link
