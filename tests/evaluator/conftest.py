"""A repository made of strings, and an interpreter on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.evaluator import Budget, Interpreter
from analyzer.index import open_repository

Make = Callable[..., Interpreter]


@pytest.fixture
def repository(tmp_path: Path) -> Make:
    """`repository({"model.py": "x = 1"})` is an interpreter on that repository."""

    def make(files: dict[str, str] | str, budget: Budget | None = None, **options: Any) -> Interpreter:
        named = {"model.py": files} if isinstance(files, str) else files
        for path, text in named.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return Interpreter(open_repository(str(tmp_path)), budget=budget, **options)

    return make
