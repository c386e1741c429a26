"""Call sites of a model's forward say which of its arguments are integers."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.shapes.call_sites import integer_draw
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

MODEL = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.first = nn.Linear(width, width)
    def forward(self, x, t):
        return self.first(x) + t[:, None] / 2
REGISTRY = {"net": Net}
"""
TRAIN = """
import torch
from model import {imported}
def main(process, x):
    model = {made}
    model.train()
    t = {drawn}
    loss = {call}
"""


@pytest.mark.parametrize(
    ("drawn", "call", "line"),
    [
        ("torch.randint(0, 100, (x.shape[0],))", "model(x, t)", 6),
        ("torch.randint(0, 100, (x.shape[0],))", "process.losses(model, x, t)", 6),
        ("torch.zeros(4, dtype=torch.long)", "model(x, t=t)", 6),
        ("torch.rand(4)", "model(x, t)", None),
        ("torch.randint(0, 9, (4,), dtype=torch.float32)", "model(x, t)", None),
        ("torch.randint(0, 9, (4,))", "model(t, x)", None),
        ("torch.randint(0, 9, (4,))", "process.losses(x, t)", None),
    ],
)
@pytest.mark.parametrize(("imported", "made"), [("Net", "Net()"), ("REGISTRY", "REGISTRY['net']()")])
def test_a_variable_that_is_drawn_as_integers_and_given_to_the_model_is_found(
    repository, imported, made, drawn, call, line
):
    train = TRAIN.format(imported=imported, made=made, drawn=drawn, call=call)
    found = integer_draw(repository({"model.py": MODEL, "train.py": train}), "model.py", "t", 1)
    assert (found and found.first_line) == line


def test_the_input_is_an_integer_and_says_where_it_is_drawn(repository):
    train = TRAIN.format(imported="Net", made="Net()", drawn="torch.randint(0, 9, (4,))", call="model(x, t)")
    index = repository({"model.py": MODEL, "train.py": train})
    owner = index.symbols.definition("model.py:Net")
    where = index.span("model.py", owner.node)
    build = BuildPlan("model.py", "Net()", "defaults", where)
    request = ModelRequest("Net", owner.qualified_name, where, (build,), True, effort="brief")
    given = derive_model(Interpreter(index), request).traces[0].inputs[1]
    assert (str(given.value), given.value.dtype, given.reason) == ("[B]", "int64", "drawn_at_call_site")
    assert str(given.where).startswith("train.py:6")
