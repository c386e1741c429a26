"""Lint of the committed sample report: tables, links, Mermaid, formulas, offline pages, facts against their schema."""

from __future__ import annotations

import json
import os
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from analyzer.render import facts_schema
from tests.render.test_html import Elements
from tests.render.test_mermaid import complaints

REPORT = Path(__file__).parent.parent.parent / "out" / "reference_model"
PARSER = MarkdownIt("commonmark").enable(["table"])


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Markdown of the report by relative path."""
    if not (REPORT / "facts.json").is_file():
        if os.environ.get("CI"):
            pytest.fail("out/reference_model is missing: make analyze")
        pytest.skip("out/reference_model is not written yet")
    folders = ("sources/", "annotated/")
    names = {path.relative_to(REPORT).as_posix(): path for path in sorted(REPORT.rglob("*.md"))}
    return {name: path.read_text("utf-8") for name, path in names.items() if not name.startswith(folders)}


def pages() -> list[Elements]:
    return [Elements(path.read_text("utf-8")) for path in sorted(REPORT.glob("*.html"))]


def anchors(text: str) -> set[str]:
    return set(re.findall(r'<a id="([^"]+)"', text))


def test_every_table_is_well_formed(texts):
    for name, text in texts.items():
        cells, header = 0, None
        for token in PARSER.parse(text):
            if token.type == "table_open":
                header = None
            elif token.type == "tr_open":
                cells = 0
            elif token.type in ("td_open", "th_open"):
                cells += 1
            elif token.type == "tr_close":
                header = cells if header is None else header
                assert cells == header, name
            elif token.type == "inline" and token.level < 2:
                assert not re.match(r"^\|.*\|$", token.content), f"{name}: a table that no parser reads"


def test_every_link_lands(texts):
    for name, text in texts.items():
        for token in PARSER.parse(text):
            for part in token.children or []:
                link = str(part.attrGet("href") or part.attrGet("src") or "")
                if not link or "://" in link:
                    continue
                path, _, anchor = link.partition("#")
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path))) if path else name
                assert (REPORT / target).is_file(), (name, link)
                if anchor and target in texts:
                    assert unquote(anchor) in anchors(texts[target]), (name, link)


def test_every_mermaid_drawing_parses(texts):
    drawings = [one for text in texts.values() for one in re.findall(r"```mermaid\n(.*?)\n```", text, re.S)]
    assert drawings
    assert [one for one in complaints(drawings) if one] == []


def test_both_languages_have_the_same_anchors(texts):
    for name, text in texts.items():
        if name.endswith(".en.md"):
            other = texts[name.replace(".en.md", ".zh.md")]
            assert re.findall(r'<a id="([^"]+)"', text) == re.findall(r'<a id="([^"]+)"', other), name


def test_pages_are_closed_offline_and_of_one_structure(texts):
    found = pages()
    assert len(found) == 2
    assert found[0].ids == found[1].ids
    for page in found:
        assert page.open == []
        assert [source for source in page.sources if not source.startswith("data:")] == []
        targets = [link[1:] for link in page.links if link.startswith("#")]
        assert {unquote(target) for target in targets} <= set(page.ids)


def test_no_formula_falls_back_to_its_source(texts):
    assert ["latex" for path in REPORT.glob("*.html") if 'class="latex"' in path.read_text("utf-8")] == []


def test_pages_are_small(texts):
    assert max(path.stat().st_size for path in REPORT.glob("*.html")) < 2_000_000


def test_facts_satisfy_their_schema(texts):
    facts = json.loads((REPORT / "facts.json").read_text("utf-8"))
    assert [error.message for error in Draft202012Validator(facts_schema()).iter_errors(facts)] == []


def test_every_figure_is_drawn_and_every_flow_is_small(texts):
    sheet = json.loads((REPORT / "diagrams.json").read_text("utf-8"))
    for diagram in sheet["diagrams"]:
        assert (REPORT / "figures" / f"{diagram['id']}.svg").is_file()
        assert (REPORT / "figures" / f"{diagram['id']}.jpg").is_file()
        assert len(diagram.get("boxes", ())) <= 25, diagram["id"]
