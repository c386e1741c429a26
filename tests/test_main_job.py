"""The main job from end to end: the committed sample, bad input. That it regenerates is shown in `packaging/`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzer.analyze import AnalyzeOptions, analyze, render
from analyzer.cli import main
from analyzer.render import write_report

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "out" / "reference_model"

MODEL = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width: int = 8, classes: int = 10):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, width), nn.ReLU())
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        h = self.body(x)
        return self.head(h)


if __name__ == "__main__":
    print(Net()(torch.randn(2, 4)).shape)
"""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def deepdive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """The command in this process, started in `tmp_path`: what it prints and the code it leaves with."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["deepdive", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return Done(int(left.value.code or 0), printed.out, printed.err)

    return run


def contents(directory: Path) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def test_sample_report_holds_no_path_of_a_machine() -> None:
    for path, data in contents(SAMPLE).items():
        assert str(ROOT).encode() not in data, path


def test_sample_report_agrees_with_the_source(deepdive: Callable[..., Done]) -> None:
    done = deepdive("check", str(SAMPLE))
    assert done.returncode == 0, done.stdout
    assert " 0 stale" in done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a small repository `repo` and its report `report`, written once for all tests here."""
    home = tmp_path_factory.mktemp("written")
    (home / "repo").mkdir()
    (home / "repo" / "net.py").write_text(MODEL, encoding="utf-8")
    analysis = analyze(AnalyzeOptions(str(home / "repo"), languages=("en",)))
    write_report(render(analysis, AnalyzeOptions(languages=("en",))), home / "report")
    return home


@pytest.fixture
def workplace(written: Path, tmp_path: Path) -> Path:
    """A copy of the small repository and its report to work on."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_changed_line_of_the_source_makes_its_facts_stale(workplace: Path, deepdive: Callable[..., Done]) -> None:
    assert deepdive("check", "report", "--repo", "repo").returncode == 0
    changed = MODEL.replace("width: int = 8", "width: int = 9")
    (workplace / "repo" / "net.py").write_text(changed, encoding="utf-8")
    done = deepdive("check", "report", "--repo", "repo")
    assert done.returncode == 1
    assert "net.py:" in done.stdout


def _no_pytorch(repo: Path) -> None:
    (repo / "hello.py").write_text("print('hello')\n", encoding="utf-8")


def _broken_python(repo: Path) -> None:
    (repo / "broken.py").write_text("def f(:\n", encoding="utf-8")


def _oversize_file(repo: Path) -> None:
    _no_pytorch(repo)
    with (repo / "big.txt").open("wb") as file:
        file.truncate(200 * 1024 * 1024)


def _cyclic_link(repo: Path) -> None:
    _no_pytorch(repo)
    (repo / "loop").symlink_to(repo)
    (repo / "self").symlink_to(repo / "self")


def _yaml_bomb(repo: Path) -> None:
    _no_pytorch(repo)
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
    (repo / "bomb.yaml").write_text("\n".join(levels) + "\n", encoding="utf-8")


@pytest.mark.usefixtures("evaluated_here")
@pytest.mark.parametrize(
    ("prepare", "named"),
    [
        (_no_pytorch, ""),
        (_broken_python, "broken.py"),
        (_oversize_file, "big.txt"),
        (_cyclic_link, ""),
        (_yaml_bomb, "bomb.yaml"),
    ],
)
def test_repository_in_trouble_still_gets_its_report_with_the_gap_stated(
    tmp_path: Path, deepdive: Callable[..., Done], prepare: Callable[[Path], None], named: str
) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    prepare(repo)
    done = deepdive("analyze", "repo", "-o", "report", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    facts = json.loads((tmp_path / "report" / "facts.json").read_text(encoding="utf-8"))
    assert named in json.dumps(facts["gaps"])
    assert (tmp_path / "report" / "article.en.md").stat().st_size > 500


@pytest.mark.usefixtures("evaluated_here")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--build", "Net(("), 2),
        (("--build", "NoSuchName(1)"), 2),
        (("--model", "absent.py"), 2),
        (("--model", "net.py:Absent"), 2),
    ],
)
def test_wrong_build_or_model_is_refused_and_the_old_report_stays_whole(
    workplace: Path, deepdive: Callable[..., Done], arguments: tuple[str, ...], code: int
) -> None:
    before = contents(workplace / "report")
    model = () if "--model" in arguments else ("--model", "net.py:Net")
    done = deepdive("analyze", "repo", "-o", "report", "--lang", "en", *model, *arguments)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1
    assert contents(workplace / "report") == before


def test_failing_build_is_a_stated_gap_and_fails_a_strict_run(workplace: Path, deepdive: Callable[..., Done]) -> None:
    arguments = ("--model", "net.py:Net", "--build", "Net(width=-1)", "--lang", "en", "--strict")
    done = deepdive("analyze", "repo", "-o", "report", *arguments)
    assert done.returncode == 1, done.stderr
    facts = json.loads((workplace / "report" / "facts.json").read_text(encoding="utf-8"))
    assert [gap for gap in facts["gaps"] if "net.py" in gap["where"]]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_output_is_refused(tmp_path: Path, deepdive: Callable[..., Done]) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    done = deepdive("analyze", "-o", str(locked / "report"))
    assert done.returncode == 2


def test_output_below_a_file_is_refused(tmp_path: Path, deepdive: Callable[..., Done]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = deepdive("analyze", "-o", "file/report")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
