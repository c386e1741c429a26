"""The wheel holds everything that a report needs: an editable install would hide what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "analyzer", "report_templates", "reference_model")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from a copy of the tree, so that no build output of ours leaks into it."""
    tree = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "runs"))
        else:
            shutil.copy(source, tree / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tree / "dist"), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    return next((tree / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment whose only deepdive is the wheel; the dependencies are links to the installed ones."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "deepdive" not in entry.name.lower():
            os.symlink(entry, site / entry.name)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    return home


def test_installed_wheel_analyses_the_bundled_model(environment: Path, tmp_path: Path) -> None:
    command = [str(environment / "bin" / "python"), "-I", "-m", "analyzer", "analyze", "-o", str(tmp_path / "report")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=550, check=False)
    assert done.returncode == 0, done.stderr
    written = {path.relative_to(tmp_path / "report").as_posix() for path in (tmp_path / "report").rglob("*")}
    assert {"README.md", "article.en.md", "article.zh.md", "article.en.html", "facts.json"} <= written
    assert str(ROOT) not in (tmp_path / "report" / "facts.json").read_text(encoding="utf-8")


def test_version_comes_from_the_wheel(environment: Path) -> None:
    code = "import analyzer, sys; print(analyzer.__file__)"
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(environment))
