"""What a test runner collects, and that nothing in it configures the repository."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.structure import derive_structure
from analyzer.facts.testing import is_test_file

CHECK = "def test_one():\n    assert True\n"
FILES = [
    ({"test_net.py": CHECK}, "test_net.py", True),
    ({"net_test.py": "class TestNet:\n    pass\n"}, "net_test.py", True),
    ({"test_net.py": "def evaluate(): pass\nevaluate()\n"}, "test_net.py", False),
    ({"test.py": CHECK}, "test.py", False),
    ({"tests/test_net.py": CHECK, "tests/made.py": "X = 1\n"}, "tests/made.py", True),
    ({"tests/run.py": "X = 1\n"}, "tests/run.py", False),
    ({"lib/tests/unit/test_net.py": CHECK, "lib/net.py": "X = 1\n"}, "lib/net.py", False),
    ({"checks.py": "import unittest\nclass Net(unittest.TestCase):\n    pass\n"}, "checks.py", True),
]


@pytest.mark.parametrize(("sources", "path", "expected"), FILES)
def test_tests_are_told_by_what_they_hold_and_by_what_lies_beside_them(repository, sources, path, expected):
    assert is_test_file(repository(sources), path) is expected


SETTINGS = """
from dataclasses import dataclass

@dataclass
class Settings:
    width: int = 32
    depth: int = 2

def build(settings):
    settings.depth = 3
    return [settings.width // settings.depth]
"""
USED = """
from settings import Settings, build
WIDTH = 5
NAMES = ("a", "b")
RATE = 0.5

def test_build():
    half = WIDTH // 2
    settings = Settings(width=1)
    settings.depth = 7
    build(settings)
"""


@pytest.mark.parametrize(("name", "counts"), [("tests/test_settings.py", False), ("use.py", True)])
def test_what_a_test_gives_overrides_nothing(repository, name, counts):
    index = repository({"settings.py": SETTINGS, name: USED})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    steps = {step.where.path for table in found.tables for value in table.values for step in value.overrides}
    assert (name in steps) is counts
    assert "settings.py" in steps
    assert any(quantity.where.path == name for quantity in found.derived) is counts
    assert all(table.where.path != name or counts for table in found.tables)
