"""Writing: all or nothing, never over a stranger's directory."""

from __future__ import annotations

import os

import pytest

from analyzer.records.errors import UserError
from analyzer.render import check_target, write_report
from analyzer.render import write as writer

FACTS = '{\n "schema": "deepdive/facts/1"\n}\n'


def names(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_a_report_is_written_with_its_folders(tmp_path):
    write_report({"facts.json": FACTS, "docs/a/b.md": "x", "sources/raw.py": b"\xff"}, tmp_path / "new" / "out")
    assert names(tmp_path / "new" / "out") == ["docs/a/b.md", "facts.json", "sources/raw.py"]
    assert (tmp_path / "new" / "out" / "sources" / "raw.py").read_bytes() == b"\xff"


def test_an_earlier_report_is_replaced_whole(tmp_path):
    write_report({"facts.json": FACTS, "old.md": "x"}, tmp_path / "out")
    write_report({"facts.json": FACTS, "new.md": "x"}, tmp_path / "out")
    assert names(tmp_path) == ["out/facts.json", "out/new.md"]


def test_a_directory_that_is_no_report_is_refused_and_untouched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.md").write_text("x")
    with pytest.raises(UserError, match="is no report"):
        write_report({"facts.json": FACTS}, tmp_path / "mine")
    assert names(tmp_path) == ["mine/thesis.md"]


@pytest.mark.parametrize("content", ['{"schema": "other/1"}', "", "[]"])
def test_a_foreign_facts_file_makes_no_report(tmp_path, content):
    (tmp_path / "facts.json").write_text(content)
    with pytest.raises(UserError):
        check_target(tmp_path)


def test_an_empty_directory_may_become_a_report(tmp_path):
    (tmp_path / "out").mkdir()
    write_report({"facts.json": FACTS}, tmp_path / "out")
    assert names(tmp_path) == ["out/facts.json"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(UserError, match="not a directory"):
        write_report({"facts.json": FACTS}, tmp_path / "out")


def test_a_link_is_never_written_through(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError):
        write_report({"facts.json": FACTS}, tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_place_is_refused(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(UserError, match="cannot write"):
        check_target(tmp_path / "locked" / "out")


def test_an_interrupted_run_leaves_the_old_report_whole(tmp_path, monkeypatch):
    write_report({"facts.json": FACTS, "old.md": "x"}, tmp_path / "out")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "_replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report({"facts.json": FACTS, "new.md": "x"}, tmp_path / "out")
    assert names(tmp_path) == ["out/facts.json", "out/old.md"]


def test_a_run_killed_between_its_renames_is_mended_by_the_next(tmp_path):
    write_report({"facts.json": FACTS, "old.md": "x"}, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / ".out.previous")
    with pytest.raises(ValueError, match="outside the report"):
        write_report({"../x": ""}, tmp_path / "out")
    assert names(tmp_path) == ["out/facts.json", "out/old.md"]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_no_file_lands_outside_the_report(tmp_path, name):
    with pytest.raises(ValueError, match="outside the report"):
        write_report({"facts.json": FACTS, name: "x"}, tmp_path / "out")
    assert names(tmp_path) == []


def test_names_that_differ_in_case_only_are_refused(tmp_path):
    with pytest.raises(ValueError, match="case is folded"):
        write_report({"A.md": "x", "a.md": "y"}, tmp_path / "out")


def test_a_drawing_script_that_fails_stops_the_report(tmp_path):
    files = {
        "facts.json": FACTS,
        "diagrams.json": '{"diagrams": [1]}',
        "generate_diagrams.py": "raise SystemExit('no')",
    }
    with pytest.raises(writer.DrawingFailed, match="no"):
        write_report(files, tmp_path / "out")
    assert names(tmp_path) == []
