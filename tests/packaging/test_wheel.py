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


def contents(directory: Path) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


@pytest.mark.xdist_group("sample")
def test_installed_wheel_regenerates_the_sample_byte_for_byte_under_another_hash_seed(
    environment: Path, tmp_path: Path
) -> None:
    """Elsewhere, as someone else, from the wheel alone: the report is the committed one."""
    home = tmp_path / "home of someone"
    home.mkdir()
    command = [str(environment / "bin" / "python"), "-s", "-m", "analyzer", "analyze", "-o", "report"]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables |= {"PYTHONHASHSEED": "4711", "HOME": str(home), "USER": "someone"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=variables, timeout=550, check=False
    )
    assert done.returncode == 0, done.stderr
    anew, committed = contents(tmp_path / "report"), contents(ROOT / "out" / "reference_model")
    assert sorted(anew) == sorted(committed)
    assert [path for path in anew if anew[path] != committed[path]] == []


def test_version_comes_from_the_wheel(environment: Path) -> None:
    code = "import analyzer, sys; print(analyzer.__file__)"
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(environment))
