"""The whole set of files, and that it is the same every time."""

from __future__ import annotations

import csv
import io
import re

import pytest
from markdown_it import MarkdownIt

from analyzer.records.document import Report
from analyzer.render import render_report
from analyzer.render.csv import render_tables
from tests.render import sample


def files(**changes):
    return render_report(sample.analysis(**changes), sample.report(), languages=("en", "zh"))


def test_the_files_of_the_contract_are_there():
    assert set(files()) == {
        "README.md",
        "annotated/net/model.py",
        "article.en.html",
        "article.en.md",
        "article.zh.html",
        "article.zh.md",
        "diagrams.json",
        "docs/call_flow.en.md",
        "docs/call_flow.md",
        "docs/call_flow.zh.md",
        "facts.json",
        "generate_diagrams.py",
        "tables/parameters.csv",
    }


def test_one_language_leaves_the_other_out():
    only = render_report(sample.analysis(), sample.report(), languages=("zh",))
    assert "article.zh.md" in only
    assert not [name for name in only if ".en." in name]
    assert ".en.md" not in only["docs/call_flow.md"]


def test_cited_files_are_copied_verbatim_where_no_commit_shows_them():
    written = files(remote=None)
    assert written["sources/net/model.py"] == sample.MODEL.encode()
    assert "sources/train.py" not in written


def test_two_runs_give_the_same_files():
    assert files() == files()


def links_in(markdown: str) -> list[str]:
    inline = [
        part for token in MarkdownIt("commonmark").enable("table").parse(markdown) for part in token.children or []
    ]
    return [str(part.attrGet("href")) for part in inline if part.type == "link_open"]


def test_links_between_files_of_the_report_land():
    written = files(remote=None)
    for name, content in written.items():
        if not name.endswith(".md"):
            continue
        folder = name.split("/")[:-1]
        for link in links_in(content):
            target = re.split("[#?]", link)[0]
            if not target or "://" in target or target.startswith("figures/"):
                continue
            parts = list(folder)
            for part in target.split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in written, (name, target)


def test_a_table_as_csv_reads_back_and_runs_nothing():
    rows = list(csv.reader(io.StringIO(files()["tables/parameters.csv"])))
    assert rows == [["module", "count"], ["up | pipe", "288"], ["'=cmd()", "264"], ["total", "552"]]


def test_two_tables_of_one_name_are_refused():
    document = sample.document()
    chapter = document.chapters[0]
    twice = Report((document,), (), ())
    twice.documents[0].__dict__["chapters"] = (chapter, chapter)
    with pytest.raises(ValueError, match="two tables"):
        render_tables(twice.documents[0])
