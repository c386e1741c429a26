"""What all tests share: a repository written from a dictionary of sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

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
