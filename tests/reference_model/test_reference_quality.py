"""The quality report finds each issue by its rule, and the subset holds what has none, unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reference_model.__main__ import main
from reference_model.errors import UserError
from reference_model.quality import ISSUES, Rules, judge_text, read_records, summarize

GOOD = "A sentence of several different words, long enough for every rule that there is."
LINES: list[tuple[bytes, str]] = [
    (json.dumps({"text": GOOD}).encode(), ""),
    (json.dumps({"text": GOOD.upper().replace(" ", "  ")}).encode(), "duplicate"),
    (b'{"text": ', "malformed"),
    (b'{"title": "x"}', "malformed"),
    (b'{"text": "caf\xe9 au lait, every morning"}', "encoding_error"),
    ('{"text": "what was \N{REPLACEMENT CHARACTER} here once"}'.encode(), "encoding_error"),
    (b'{"text": "half a pair: \\ud83d"}', "encoding_error"),
    (b'{"text": "  "}', "empty"),
    (b"", "empty"),
    (b'{"text": "too few"}', "too_short"),
    (json.dumps({"text": "ha " * 20}).encode(), "repetitive"),
    (json.dumps({"text": "the same five words again " * 9}).encode(), "repetitive"),
    (json.dumps({"conversations": [{"role": "user", "content": GOOD + " Is it?"}]}).encode(), ""),
]


def write(path: Path) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line, _ in LINES))
    return path


def test_each_issue_is_found_where_it_is(tmp_path: Path) -> None:
    records = list(read_records(write(tmp_path / "a.jsonl"), Rules()))
    assert [(record.line, record.issue) for record in records] == [
        (number, issue) for number, (_, issue) in enumerate(LINES, 1)
    ]


def test_the_report_adds_up(tmp_path: Path) -> None:
    report = summarize(list(read_records(write(tmp_path / "a.jsonl"), Rules())))
    assert report.records == len(LINES) == report.kept + sum(report.issues.values())
    assert report.issues == {issue: sum(found == issue for _, found in LINES) for issue in ISSUES}
    assert report.length["longest"] == len("the same five words again " * 9)
    assert report.length["shortest"] == len("too few")


def test_paragraphs_are_the_records_of_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{GOOD}\nA second line.\n\n\n{GOOD}\n\nshort")
    records = list(read_records(path, Rules()))
    assert [(record.line, record.issue) for record in records] == [(1, ""), (5, ""), (7, "too_short")]


@pytest.mark.parametrize("words", [3, 30])
def test_ordinary_text_is_not_called_repetitive(words: int) -> None:
    assert judge_text(" ".join(f"word{number % 17}" for number in range(words)), Rules()) == ""


def test_the_command_prints_draws_and_filters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, subset = write(tmp_path / "a.jsonl"), tmp_path / "good.jsonl"
    command = ["data", "quality", str(source), "--out", str(tmp_path / "report"), "--filtered", str(subset)]
    assert main(command) == 0
    assert "repetitive" in capsys.readouterr().out
    assert json.loads((tmp_path / "report" / "report.json").read_text())["kept"] == 2
    assert (tmp_path / "report" / "lengths.svg").read_text().startswith("<?xml")
    assert subset.read_bytes() == LINES[0][0] + b"\n" + LINES[-1][0] + b"\n"
    assert all(not record.issue for record in read_records(subset, Rules()))


def test_an_empty_or_absent_corpus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(UserError, match="no record"):
        summarize(list(read_records(tmp_path / "a.jsonl", Rules())))
    with pytest.raises(UserError, match="cannot be read"):
        list(read_records(tmp_path / "absent.jsonl", Rules()))
