"""The page in a real browser: no request, no error, links that land, search, themes, narrow screens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from analyzer.render import render_report
from tests.render import sample

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.xdist_group("browser")]


@dataclass
class Opened:
    """A page with everything that it said and asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def article(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    files = render_report(sample.analysis(), sample.report(), languages=("en", "zh"))
    for name in ("article.en.html", "article.zh.html"):
        (folder / name).write_text(str(files[name]), encoding="utf-8")
    return folder / "article.en.html"


@pytest.fixture
def opened(browser: Browser, article: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    context = browser.new_context(**getattr(request, "param", {}))
    found = Opened(context.new_page())
    found.page.on("console", lambda message: found.messages.append(message.text))
    found.page.on("pageerror", lambda error: found.messages.append(str(error)))
    found.page.on("request", lambda asked: found.requests.append(asked.url))
    found.page.goto(article.as_uri())
    yield found
    context.close()


def test_nothing_is_requested_and_nothing_complains(opened, article):
    opened.page.wait_for_load_state("networkidle")
    assert opened.requests == [article.as_uri()]
    assert opened.messages == []


def test_every_internal_link_lands(opened):
    missing = opened.page.evaluate(
        """() => [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
               .filter(id => id && !document.getElementById(decodeURIComponent(id)))"""
    )
    assert missing == []


def test_search_finds_a_section_and_says_when_there_is_none(opened):
    opened.page.fill("#query", "folded")
    assert "the-class" in opened.page.get_attribute("#results a", "href")
    opened.page.fill("#query", "nowhere to be found")
    assert opened.page.inner_text("#results") == "Nothing found"


def test_a_slash_goes_to_the_search(opened):
    opened.page.keyboard.press("/")
    assert opened.page.evaluate("document.activeElement.id") == "query"


def test_the_theme_changes_and_the_text_stays_legible(opened):
    before = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    opened.page.click("#theme")
    after = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after


@pytest.mark.parametrize("opened", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_a_narrow_page_does_not_scroll_sideways(opened):
    widths = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True)
def test_everything_can_be_read_without_scripts(opened):
    assert opened.page.is_visible("text=The whole net")
    assert opened.page.is_visible(".toc a >> text=Overview")
    assert opened.page.is_hidden("#query")


def test_formulas_are_set_as_formulas(opened):
    sizes = opened.page.evaluate("[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().width)")
    assert sizes
    assert min(sizes) > 5


def test_no_text_leaves_its_box_in_a_drawing(opened):
    outside = opened.page.evaluate(
        """() => [...document.querySelectorAll('.drawing .box')].filter(g => {
             const box = g.querySelector('rect').getBoundingClientRect();
             return [...g.querySelectorAll('text')].some(t => {
               const text = t.getBoundingClientRect();
               return text.left < box.left || text.right > box.right
                 || text.top < box.top - 2 || text.bottom > box.bottom + 2;
             });
           }).map(g => g.textContent)"""
    )
    assert outside == []


def test_every_control_has_a_name_and_every_image_a_description(opened):
    unnamed = opened.page.evaluate(
        """() => [...document.querySelectorAll('button, input, a, svg[role=img], [role=region]')]
               .filter(e => !e.getAttribute('aria-label'))
               .filter(e => e.matches('svg, [role=region]') || !e.textContent.trim())
               .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    assert opened.page.get_attribute("html", "lang") == "en"


def test_the_language_link_leads_to_the_other_page(opened):
    opened.page.click(".tools a")
    assert opened.page.url.endswith("article.zh.html")
    assert opened.page.get_attribute("html", "lang") == "zh-Hans"
