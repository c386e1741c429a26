"""What a run writes into a dataclass is its state; what it fills in once, or states, configures it."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.configured_roles import roles_with_settings
from analyzer.facts.structure import derive_structure

SOURCE = """
from dataclasses import dataclass
import sys

@dataclass
class Fields:
    step: int = 0
    loss: float = 0.0
    best: float = 1.0
    name: str = "run"

def go(fields: Fields, losses):
    for found in losses:
        {body}
    print(fields.step, fields.loss, fields.best, fields.name)

go(Fields(), sys.stdin)
"""
BODIES = [
    ("fields.step += 1\n        fields.loss = float(found)", True),
    ("fields.loss = float(found)\n        fields.best = found.best", True),
    ("fields.loss = float(found)", False),
    ("fields.step = 5\n        fields.loss = 0.5\n        fields.best = 2.0", False),
    ("Fields(step=len(found), loss=float(found), best=float(found))", False),
    ("found.seen += 1\n        Fields(step=found.seen, loss=float(found))", True),
    ("found.seen += 1\n        Fields(step=found.seen)", False),
    ("found.seen += 1\n        Fields(step=found.other, loss=float(found))", False),
]


@pytest.mark.parametrize(("body", "is_state"), BODIES)
def test_a_class_whose_fields_a_run_keeps_writing_is_no_configuration(repository, body, is_state):
    index = repository({"go.py": SOURCE.format(body=body)})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    assert any(table.name == "Fields" for table in found.tables) is not is_state
    roles = roles_with_settings(index, derive_structure(index).roles, found)
    assert ("config" in {role.role for role in roles}) is not is_state


@pytest.mark.parametrize(("default", "is_state"), [("list", True), ("lambda: [1, 2]", False)])
def test_containers_that_begin_empty_are_filled_by_a_run(repository, default, is_state):
    fields = f"    found: list = field(default_factory={default})\n    seen: dict = field(default_factory=dict)\n"
    source = f"from dataclasses import dataclass, field\n\n@dataclass\nclass Report:\n{fields}\nprint(Report().found)\n"
    index = repository({"go.py": source})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    assert any(table.name == "Report" for table in found.tables) is not is_state
