"""Links: the pinned commit where it shows what was read, else the copy in the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.records.source import SourceFile, Span
from analyzer.render.links import links_for
from tests.render import sample

LINES = Span("net/model.py", 10, 20)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (LINES, "net/model.py#L10-L20"),
        (Span("a b/ü.py", 3, 3), "a%20b/%C3%BC.py#L3"),
        (Span("README.md", 3, 4), "README.md?plain=1#L3-L4"),
        (Span("demo.ipynb", 3, 4, cell=2), "demo.ipynb?plain=1"),
    ],
)
def test_a_clean_work_tree_links_to_its_commit(span, expected):
    repository = sample.repository()
    links = links_for(sample.analysis(), "docs/call_flow.en.md")
    assert links.to_source(span) == f"https://github.com/someone/sample/blob/{repository.commit}/{expected}"


@pytest.mark.parametrize("changes", [{"dirty": True}, {"commit": None}, {"remote": None}])
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("article.en.md", "sources/net/model.py#L10-L20"),
        ("docs/modules/Net.en.md", "../../sources/net/model.py#L10-L20"),
    ],
)
def test_without_a_pinned_commit_links_go_into_the_report(changes, place, expected):
    assert links_for(sample.analysis(**changes), place).to_source(LINES) == expected


def test_gitlab_has_its_own_address():
    links = links_for(sample.analysis(remote="https://gitlab.com/a/b"), "article.en.md")
    assert links.to_source(LINES).startswith("https://gitlab.com/a/b/-/blob/")


def test_files_of_installed_packages_are_copied_even_beside_a_remote():
    analysis = sample.analysis()
    foreign = SourceFile("timm/layers.py", "python", 1, 1, "x", "x", package="timm")
    analysis = replace(analysis, facts=replace(analysis.facts, files=(*analysis.facts.files, foreign)))
    assert links_for(analysis, "article.en.md").to_source(Span("timm/layers.py", 1, 1)) == "sources/timm/layers.py#L1"


@pytest.mark.parametrize(
    ("place", "target", "expected"),
    [
        ("docs/a.en.md", "article.en.md#x", "../article.en.md#x"),
        ("docs/modules/N.zh.md", "docs/a.zh.md", "../a.zh.md"),
        ("article.en.md", "https://arxiv.org/abs/1706.03762", "https://arxiv.org/abs/1706.03762"),
        ("article.en.md", "#x", "#x"),
        ("article.en.md", "article.en.md#x", "#x"),
        ("article.en.html", "article.zh.md#x", "article.zh.html#x"),
    ],
)
def test_targets_are_seen_from_the_document(place, target, expected):
    links = links_for(sample.analysis(), place, {"article.zh.md": "article.zh.html"})
    assert links.to(target) == expected
