"""The standalone script: matplotlib alone, the same bytes every time, clear errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.render.matplotlib_script import render_diagrams_json, render_script
from tests.render import sample

HEAD = '{"schema": "deepdive/diagrams/1"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "generate_diagrams.py").write_text(render_script(), encoding="utf-8")
    drawings = (sample.drawing(), sample.curve(), sample.bars())
    (folder / "diagrams.json").write_text(render_diagrams_json(drawings), encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONHASHSEED": seed, "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(folder / "generate_diagrams.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


def test_reruns_write_the_same_bytes(folder):
    assert run(folder).returncode == 0
    first = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert sorted(first) == sorted(
        f"{name}.{suffix}" for name in ("net", "rate", "shares") for suffix in ("jpg", "svg")
    )
    assert run(folder, seed="1").returncode == 0
    assert {path.name: path.read_bytes() for path in (folder / "figures").iterdir()} == first


def test_list_names_every_figure(folder):
    listed = run(folder, "--list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["net", "rate", "shares"]


def test_only_draws_one_and_edited_data_changes_the_picture(folder):
    assert run(folder, "--only", "net", "--format", "png", "--dpi", "50").returncode == 0
    before = (folder / "figures" / "net.png").read_bytes()
    sheet = json.loads((folder / "diagrams.json").read_text())
    sheet["diagrams"][0]["boxes"][0]["label"] = "renamed"
    (folder / "edited").mkdir(exist_ok=True)
    (folder / "edited" / "diagrams.json").write_text(json.dumps(sheet))
    (folder / "edited" / "generate_diagrams.py").write_text(render_script())
    assert run(folder / "edited", "--only", "net", "--format", "png", "--dpi", "50").returncode == 0
    assert (folder / "edited" / "figures" / "net.png").read_bytes() != before
    assert [path.name for path in (folder / "edited" / "figures").iterdir()] == ["net.png"]


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (f"{HEAD}}}", (), "needs a list `diagrams`"),
        (f'{HEAD}, "diagrams": [{{"id": "../x"}}]}}', (), "needs a list `diagrams`"),
        (
            f'{HEAD}, "diagrams": [{{"id": "x", "kind": "flow", "width": "wide", "height": 1}}]}}',
            (),
            "'x' cannot be drawn",
        ),
        (None, (), "diagrams.json is missing"),
        ("{", (), "not valid JSON"),
        ('{"schema": "x"}', (), "no schema"),
        ('{"schema": "deepdive/diagrams/1", "diagrams": []}', ("--only", "x"), "no figure 'x'"),
        ('{"schema": "deepdive/diagrams/1", "diagrams": [{"id": "a", "kind": "flow"}]}', (), "'width' is missing"),
    ],
)
def test_errors_are_one_clear_line(tmp_path, content, arguments, message):
    (tmp_path / "generate_diagrams.py").write_text(render_script())
    if content is not None:
        (tmp_path / "diagrams.json").write_text(content)
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_dollars_in_labels_are_not_read_as_formulas(folder, tmp_path):
    sheet = json.loads((folder / "diagrams.json").read_text())
    sheet["diagrams"][0]["boxes"][0]["label"] = r"$\broken{"
    (tmp_path / "diagrams.json").write_text(json.dumps(sheet))
    (tmp_path / "generate_diagrams.py").write_text(render_script())
    assert run(tmp_path, "--only", "net", "--format", "svg").returncode == 0
