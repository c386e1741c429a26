"""Each rule of the report lint finds what it is for, and nothing in a report without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report_lint.__main__ import lint
from benchmarks.report_lint.finding import WrittenReport

GOOD_TABLE = """| Name | Count |
|:---|---:|
| c | `no_default` |

| Name | Count |
|:---|---:|
| a | 1,200 |
| b \\| c | 34 |
| **Sum** | 1,234 |

| Line | Code |
|:---|:---|
| [m.py:1](sources/m.py#L1-L2) | `a` |
"""
GOOD = f"""---
generator: "deepdive"
---

# T

<a id="one"></a>

## One

Some words with [a link](#one) and [lines](sources/m.py#L1-L2).

{GOOD_TABLE}
"""
PAGE = '<html><body><h1 id="a">x</h1><a href="#a">y</a><math><mi>z</mi></math></body></html>'
CHINESE = GOOD.replace("Some words with", "一些文字：").replace("Sum", "合计")


def report(path: Path, english: str = GOOD, chinese: str = CHINESE, page: str = PAGE) -> WrittenReport:
    (path / "sources").mkdir()
    (path / "sources" / "m.py").write_text("a\nb")
    (path / "article.en.md").write_text(english, encoding="utf-8")
    (path / "article.zh.md").write_text(chinese, encoding="utf-8")
    (path / "article.en.html").write_text(page, encoding="utf-8")
    return WrittenReport(path)


def rules(found: WrittenReport, repository: Path | None = None) -> set[str]:
    return {item.rule for item in lint(found, repository)}


def test_a_good_report_has_no_findings(tmp_path: Path) -> None:
    assert rules(report(tmp_path)) == set()


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("| a | 1,200 |", "| a | 1,200 | 3 |", "ragged_table"),
        ("| a | 1,200 |", "| a | 1,201 |", "wrong_sum"),
        ("(#one)", "(#two)", "broken_link"),
        ("L1-L2", "L1-L3", "broken_link"),
        ("sources/m.py", "sources/n.py", "broken_link"),
        ("| `a` |", "| `x, b` |", "quote_not_there"),
        ("Some words", "The rule not_derived", "raw_identifier"),
        ("| Name | Count |", "| Name | Reason |", "raw_identifier"),
        ("## One", "## One\n\n## Two", "empty_section"),
        ("Some words", "Words 中文内容", "chinese_in_english"),
        ("Some words", f"{'long ' * 40}\n\n" * 4 + "Some words", "repeated_paragraph"),
        ("Some words", "- a list\n\nSome words", "languages_differ"),
        (
            "Some words",
            "Neither recognised nor named anywhere in the 3 code files: a, z.\n\nSome words",
            "denied_and_told",
        ),
    ],
)
def test_a_fault_of_the_english_text_is_found(tmp_path: Path, before: str, after: str, rule: str) -> None:
    assert before in GOOD
    assert rule in rules(report(tmp_path, english=GOOD.replace(before, after)))


def test_what_is_absent_and_in_no_row_is_no_fault(tmp_path: Path) -> None:
    sentence = "Neither recognised nor named anywhere in the 3 code files: y, z.\n\nSome words"
    assert "denied_and_told" not in rules(report(tmp_path, english=GOOD.replace("Some words", sentence)))


def test_english_sentences_in_chinese_prose_are_found_and_quoted_ones_are_not(tmp_path: Path) -> None:
    for number, (text, found) in enumerate(
        (("this was not yet translated", True), ("“this was not yet translated”", False))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert ("untranslated" in rules(report(folder, chinese=CHINESE.replace("一些文字", text)))) is found


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("</h1>", "", "page_not_closed"),
        ("<h1", '<img src="http://elsewhere/x.png"><h1', "page_loads"),
        ('href="#a"', 'href="#b"', "broken_link"),
        ("<mi>z</mi>", "<mi>\\alpha</mi>", "leaked_macro"),
        ("<a href", '<p id="a"></p><a href', "id_twice"),
    ],
)
def test_a_fault_of_the_page_is_found(tmp_path: Path, before: str, after: str, rule: str) -> None:
    assert before in PAGE
    assert rule in rules(report(tmp_path, page=PAGE.replace(before, after)))


def test_a_link_to_a_remote_is_held_against_the_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "m.py").write_text("a\nb")
    link = "https://host/owner/name/blob/0123abc/m.py#L{}"
    (tmp_path / "out").mkdir()
    (tmp_path / "far").mkdir()
    assert (
        rules(report(tmp_path / "out", GOOD.replace("#one)", "#one)" + f" [m]({link.format(2)})")), repository) == set()
    )
    far = report(tmp_path / "far", GOOD.replace("#one)", "#one)" + f" [m]({link.format(3)})"))
    assert rules(far, repository) == {"broken_link"}


@pytest.mark.parametrize(("left", "found"), [(0.0, True), (20.0, False)])
def test_boxes_upon_each_other_are_found(tmp_path: Path, left: float, found: bool) -> None:
    box = {"label": "a", "x": 0.0, "y": 0.0, "width": 20.0, "height": 10.0}
    diagram = {"id": "d", "boxes": [box, {**box, "x": left, "y": 5.0}]}
    (tmp_path / "figures").mkdir()
    for suffix in ("svg", "jpg"):
        (tmp_path / "figures" / f"d.{suffix}").touch()
    (tmp_path / "diagrams.json").write_text(json.dumps({"diagrams": [diagram]}))
    assert ("boxes_overlap" in rules(report(tmp_path))) is found
