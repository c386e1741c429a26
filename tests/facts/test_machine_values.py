"""A value that a function takes from the machine is no value of the source, however deep the question stands."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.records.evidence import Known, Unknown

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


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_what_asks_for_a_device_on_its_way_stays_open(repository, expression, expected):
    found = Interpreter(repository({"run.py": SOURCE})).value_of("run.py", expression)
    if expected is None:
        assert isinstance(found, Unknown)
        assert (found.reason, found.arguments) == ("depends_on_machine", (("call", "torch.cuda.is_available"),))
    else:
        assert isinstance(found, Known)
        assert found.value == expected
