"""What all tests share: a repository written from a dictionary of sources."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from textwrap import dedent

import pytest

from analyzer.evaluator.worker import WorkerLimits, WorkerOutcome
from analyzer.index import SourceIndex, open_repository


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[Mapping[str, str]], SourceIndex]:
    """Write the sources into a fresh directory and index it."""

    def write(sources: Mapping[str, str]) -> SourceIndex:
        for name, text in sources.items():
            path = tmp_path / "repo" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return open_repository(str(tmp_path / "repo"))

    return write


@pytest.fixture
def evaluated_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bodies of workers run in this process, on what a worker would be sent: torch is not loaded anew.

    For tests of what is derived; those of processes and limits do without.
    """
    monkeypatch.setattr("analyzer.shapes.derivation.run_worker", run_here)
    monkeypatch.setattr("analyzer.shapes.reference.run_worker", run_here)


def run_here(task: str, payload: object, limits: WorkerLimits | None = None) -> WorkerOutcome:
    return _run_here(task, json.dumps(payload))


@lru_cache(maxsize=8)
def _run_here(task: str, payload: str) -> WorkerOutcome:
    module, _, function = task.partition(":")
    results = getattr(importlib.import_module(module), function)(json.loads(payload))
    return WorkerOutcome(tuple(json.loads(json.dumps(result)) for result in results), ())


GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="write what the tests produce as the new golden files")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the committed file of that name; `--bless` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--bless"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; look at it, then pytest --bless"

    return compare
