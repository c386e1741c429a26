"""Totals are those of the model as it is built: what its calls make later, and what has no known size, is no part."""

from pathlib import Path

import pytest

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.records.evidence import Known
from analyzer.records.tensors import ModelShapes
from analyzer.shapes.build_expression import check_build
from analyzer.shapes.derivation import find_model
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest


def shapes(directory: Path, text: str, *inputs: str) -> ModelShapes:
    (directory / "model.py").write_text(text, encoding="utf-8")
    index = open_repository(str(directory))
    owner = find_model(index, "model.py:Net", "Net()")
    where = index.span(owner.path, owner.node)
    check_build(index, owner.path, "Net()")
    plan = BuildPlan(owner.path, "Net()", "user", where)
    given = tuple(map(parse_input_spec, inputs))
    request = ModelRequest(owner.name, owner.qualified_name, where, (plan,), main=True, inputs=given, effort="numeric")
    return derive_model(Interpreter(index), request)


def test_a_buffer_that_a_call_registers_is_no_part_of_the_total(tmp_path):
    text = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.register_buffer("scale", torch.ones(3), persistent=False)
    def forward(self, x):
        if not hasattr(self, "mask"):
            self.register_buffer("mask", torch.ones(100), persistent=False)
        return self.layer(x) * self.scale
"""
    found = shapes(tmp_path, text, "x: float32[B=2, 3]")
    assert isinstance(found.parameters, Known)
    assert (found.parameters.value.total, found.parameters.value.buffers) == (12, 3)


@pytest.mark.parametrize(
    "what", ["self.part = nn.Parameter(torch.zeros(n))", "self.register_buffer('part', torch.zeros(n))"]
)
def test_a_part_whose_size_depends_on_data_leaves_the_total_open(what, tmp_path):
    text = f"""
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        n = torch.unique(torch.rand(30) > 0.5).numel()
        {what}
    def forward(self, x):
        return self.layer(x)
"""
    found = shapes(tmp_path, text, "x: float32[B=2, 3]")
    open_part = not isinstance(found.parameters, Known) or found.parameters.value.unknown_buffers
    assert open_part
    assert found.traces[0].output is not None


def test_a_constant_s_distinct_values_are_counted_however_many_there_are(tmp_path):
    text = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        at = torch.arange(64)
        keys = (at[:, None] - at[None, :]).abs()
        values, places = torch.unique(keys, return_inverse=True)
        self.bias = nn.Parameter(torch.zeros(2, values.numel()))
        self.register_buffer("places", places.view(64, 64))
    def forward(self, x):
        return x + self.bias[:, self.places]
"""
    found = shapes(tmp_path, text, "x: float32[B=2, 2, 64, 64]")
    assert isinstance(found.parameters, Known)
    assert (found.parameters.value.total, found.parameters.value.buffers) == (128, 4096)


def test_what_a_call_leaves_unknown_in_the_model_does_not_open_the_totals_of_the_built_one(repository):
    text = """
import torch
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 3)
        self.last_error = None
    def forward(self, x):
        x = self.first(x)
        self.last_error = bool((x > 0).all())
        return x
"""
    index = repository({"net.py": text})
    owner = index.symbols.definition("net.py:Net")
    where = index.span("net.py", owner.node)
    build = BuildPlan("net.py", "Net()", "defaults", where)
    request = ModelRequest("Net", owner.qualified_name, where, (build,), True, effort="numeric")
    model = derive_model(Interpreter(index), request)
    assert model.traces[0].output
    assert isinstance(model.parameters, Known) and model.parameters.value.total == 15
