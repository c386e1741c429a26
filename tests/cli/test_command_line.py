"""The command line: exit codes, one-line errors, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def deepdive(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "analyzer", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("analyze", "--help"), ("shapes", "--help")])
def test_help_and_version_answer_without_torch(arguments: tuple[str, ...]) -> None:
    code = f"import sys; sys.argv = ['deepdive', *{arguments!r}]\nfrom analyzer.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit as leave:\n    assert not leave.code, leave.code\n"
    code += "assert 'torch' not in sys.modules and 'libcst' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("analyze", "does/not/exist"), "does/not/exist"),
        (("analyze", "--lang", "fr"), "use zh or en"),
        (("analyze", "--set", "novalue"), "NAME=VALUE"),
        (("frobnicate",), "frobnicate"),
        (("check", "."), "no report here"),
        (("shapes", "."), "holds no files to analyse"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_two(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = deepdive(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("deepdive: ") and done.stderr.count("\n") == 1
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_unknown_key_of_the_settings_suggests_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.deepdive]\noutputs = "x"\n', encoding="utf-8")
    done = deepdive("analyze", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'output'?" in done.stderr


def test_shapes_of_a_repository_without_a_model_is_wrong_input(tmp_path: Path) -> None:
    (tmp_path / "settings_only.py").write_text("limit = 3\n", encoding="utf-8")
    done = deepdive("shapes", ".", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "defines no model" in done.stderr


def test_empty_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = deepdive("analyze", "empty", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "empty" in done.stderr
    assert not (tmp_path / "out").exists()


def test_directory_that_is_no_report_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("precious", encoding="utf-8")
    done = deepdive("analyze", "-o", str(target), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert (target / "thesis.txt").read_text(encoding="utf-8") == "precious"
    assert [path.name for path in target.iterdir()] == ["thesis.txt"]
