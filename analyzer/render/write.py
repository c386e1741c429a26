"""Puts a rendered report on disk: all of it or nothing, never over a directory that is not a report of ours.

The only part of the renderers that touches the disk and starts a process (the report's own drawing script).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from analyzer.records.errors import UserError

FACTS = "facts.json"
SCRIPT = "generate_diagrams.py"
SCHEMA_PREFIX = "deepdive/facts/"
DRAWING_SECONDS = 600


class DrawingFailed(RuntimeError):
    """The report's own script did not draw its figures."""


def check_target(directory: Path) -> None:
    """UserError unless a report may be written there."""
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise UserError("not a directory", str(directory), "choose another output directory with -o")
    if directory.is_dir() and any(directory.iterdir()) and not is_report(directory):
        raise UserError("the directory exists and is no report", str(directory), "choose another one with -o")
    parent = _existing_parent(directory)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError("cannot write", str(parent), "choose another output directory with -o")


def is_report(directory: Path) -> bool:
    """Whether an earlier run wrote it: its facts.json says so in its first lines."""
    try:
        with (directory / FACTS).open(encoding="utf-8") as file:
            start = file.read(200)
    except (OSError, UnicodeDecodeError):
        return False
    return f'"schema": "{SCHEMA_PREFIX}' in start


def _existing_parent(directory: Path) -> Path:
    parent = directory.absolute().parent
    while not parent.exists():
        parent = parent.parent
    return parent


def write_report(files: Mapping[str, str | bytes], directory: Path | str, *, draw: bool = True) -> None:
    """Write into a directory beside the target and rename; an interrupted run leaves the old report whole."""
    target = Path(directory).absolute()
    check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _recover(target)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".writing", dir=target.parent))
    except OSError as error:
        raise UserError(f"cannot write: {error.strerror}", str(target), "choose another with -o") from error
    try:
        _write_files(files, fresh)
        if draw and SCRIPT in files:
            _draw(fresh)
        _replace(fresh, target)
    except OSError as error:
        raise UserError(f"cannot write: {error.strerror}", str(target), "choose another with -o") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_files(files: Mapping[str, str | bytes], root: Path) -> None:
    root.chmod(0o777 & ~_umask())
    folded: dict[str, str] = {}
    for name in sorted(files):
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            raise ValueError(f"{other} and {name} are the same file where case is folded")
        path = root / _safe(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = files[name]
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ValueError(f"{name!r} would lie outside the report")
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _draw(root: Path) -> None:
    """Run the report's script as its reader would; its caches stay out of the report."""
    if not json.loads((root / "diagrams.json").read_text("utf-8"))["diagrams"]:
        return
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": cache, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-I", str(root / SCRIPT)],
            cwd=root, env=environment, capture_output=True, text=True, timeout=DRAWING_SECONDS, check=False,
        )  # fmt: skip
    if done.returncode:
        raise DrawingFailed(done.stderr.strip()[-2000:])


def _previous(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _recover(target: Path) -> None:
    """A run that was killed between its two renames left the old report beside its place."""
    previous = _previous(target)
    if previous.exists() and not target.exists():
        previous.rename(target)


def _replace(fresh: Path, target: Path) -> None:
    previous = _previous(target)
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    try:
        fresh.rename(target)
    except OSError:
        if previous.exists():
            previous.rename(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)
