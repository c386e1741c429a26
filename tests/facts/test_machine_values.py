"""A value that a function takes from the machine is no value of the source, however deep the question stands."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.records.evidence import Known, Unknown
from tests.facts.program_of import program_of

SOURCE = """
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

def precision(wanted):
    if wanted in {"bf16", "no"}:
        return wanted
    if not torch.cuda.is_available():
        return "no"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"

def chosen(wanted=None):
    return precision(wanted)

def size(width):
    return [width * 2, DEVICE][0]
"""
EXPRESSIONS = [("chosen()", None), ("precision(None)", None), ("chosen('bf16')", "bf16"), ("size(3)", 6)]


TRAINER = """
import torch.distributed as dist
from torch.utils.data import DataLoader

TOTAL = 256

def load(rows):
    world_size = dist.get_world_size()
    share = TOTAL // world_size
    return [DataLoader(rows, batch_size={given})]
"""
SIZES = [
    ("int(TOTAL // dist.get_world_size())", "machine_formula", "int(256 // dist.get_world_size())"),
    ("TOTAL // world_size", "machine_formula", "256 // world_size"),
    ("share", "machine_formula", "256 // world_size"),
    ("share * 2", "machine_formula", "256 // world_size * 2"),
    ("world_size", "depends_on_machine", None),
    ("rows.size // world_size", "not_derived", None),
]


@pytest.mark.parametrize(("given", "reason", "formula"), SIZES)
def test_all_but_what_the_machine_says_is_told_as_a_formula(repository, given, reason, formula):
    program = program_of(repository({"train.py": TRAINER.replace("{given}", given)}), "train.py:load")
    call = next(node for node in program.body.scope.nodes if getattr(node, "keywords", None))
    found = program.flow.values.value(call.keywords[0].value, program.body.scope)
    assert isinstance(found, Unknown)
    assert (found.reason, dict(found.arguments).get("formula")) == (reason, formula)


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_what_asks_for_a_device_on_its_way_stays_open(repository, expression, expected):
    found = Interpreter(repository({"run.py": SOURCE})).value_of("run.py", expression)
    if expected is None:
        assert isinstance(found, Unknown)
        assert (found.reason, found.arguments) == ("depends_on_machine", (("call", "torch.cuda.is_available"),))
    else:
        assert isinstance(found, Known)
        assert found.value == expected
