"""One small repository per idiom under `tests/cases/configuration/`: everything its configuration is, line by line.

The expected listings beside them were checked against the sources by reading.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.structure import derive_structure
from analyzer.index import open_repository

from .configuration_listing import listing

CASES = Path(__file__).parent.parent / "cases" / "configuration"


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_every_value_has_its_line_and_its_consumers(name: str, golden: Callable[[str, str], None]) -> None:
    index = open_repository(str(CASES / name))
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    golden(f"../cases/configuration/{name}.txt", listing(found))
