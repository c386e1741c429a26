"""`deepdive doctor`: what this machine has, found by looking, not assumed."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Literal

State = Literal["ok", "missing", "optional"]

REQUIRED = ("torch", "numpy", "einops", "torchinfo", "libcst", "jinja2", "markdown", "matplotlib", "latex2mathml")
REQUIRED_TOO = ("pygments", "pathspec", "ruamel.yaml", "rich", "typer")
OPTIONAL_PROGRAMS = (("git", "analysing a repository by URL, naming the commit"),)


@dataclass(frozen=True)
class Examination:
    """One thing looked at: what was found, and what it is needed for."""

    name: str
    state: State
    found: str
    purpose: str


def examine() -> tuple[Examination, ...]:
    """Look at Python, packages, memory, disk, accelerators and optional programs."""
    return (
        _python(),
        *(_package(name) for name in REQUIRED + REQUIRED_TOO),
        _private_torch(),
        _memory(),
        _disk(),
        _accelerator(),
        *(_program(name, purpose) for name, purpose in OPTIONAL_PROGRAMS),
    )


def print_examination(results: tuple[Examination, ...], as_json: bool) -> None:
    """Print one line per result, or all as JSON."""
    if as_json:
        print(json.dumps({"schema": "deepdive/doctor/1", "results": [asdict(r) for r in results]}, indent=2))
        return
    for result in results:
        print(f"{result.state:9} {result.name:16} {result.found:40} {result.purpose}".rstrip())


def _python() -> Examination:
    good = sys.version_info >= (3, 10)
    return Examination("python", "ok" if good else "missing", platform.python_version(), "3.10 or newer")


def _package(name: str) -> Examination:
    try:
        return Examination(name, "ok", metadata.version(name), "")
    except metadata.PackageNotFoundError:
        return Examination(name, "missing", "not installed", "pip install -c constraints.txt deepdive")


def _private_torch() -> Examination:
    """The evaluator rests on private parts of torch: try them, do not trust the version number."""
    from analyzer.evaluator.examination import examine_fake_tensors

    failure = examine_fake_tensors()
    return Examination(
        "fake tensors", "missing" if failure else "ok", (failure or "work")[:60], "the evaluator's symbolic shapes"
    )


def _memory() -> Examination:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return Examination("memory", "optional", "cannot be read on this system", "about 1 GiB for large models")
    enough = total >= 2 * 1024**3
    return Examination(
        "memory", "ok" if enough else "optional", f"{total / 1024**3:.1f} GiB", "about 1 GiB for large models"
    )


def _disk() -> Examination:
    free = shutil.disk_usage(".").free
    return Examination("disk", "ok" if free > 100 * 1024**2 else "optional", f"{free / 1024**3:.1f} GiB free here", "")


def _accelerator() -> Examination:
    from analyzer.evaluator.examination import accelerator

    found = accelerator()
    return Examination(
        "accelerator", "ok" if found else "optional", found or "none: the CPU serves", "training the reference model"
    )


def _program(name: str, purpose: str) -> Examination:
    place = shutil.which(name)
    return Examination(name, "ok" if place else "optional", "found" if place else "not found", purpose)
