"""Inputs whose form no line states are found by following what refuses them."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.shapes.demands import Demand, demands_of
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

NET = """
import torch
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {layers}
    def forward(self, {arguments}):
        {body}
"""
REASON = "demanded_by_layers"


@pytest.mark.parametrize(
    ("layers", "arguments", "body", "shown"),
    [
        (
            "self.first = nn.Conv2d(12, 4, 3)",
            "x",
            "return self.first(torch.cat([x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)], 1))",
            ["float32[2, 3, 32, 32]"],
        ),
        (
            "self.first = nn.Conv1d(3, 8, 1)",
            "points",
            "return self.first(points.permute(0, 2, 1)).amax(2)",
            ["float32[2, 16, 3]"],
        ),
        (
            "self.first = nn.Linear(60, 8)",
            "rays",
            "return self.first(torch.cat([f(rays * 2**k) for k in range(10) for f in (torch.sin, torch.cos)], dim=-1))",
            ["float32[2, 3]"],
        ),
        (
            "self.table = nn.ParameterList([nn.Parameter(torch.zeros(9, 4))])",
            "words",
            "return torch.nn.functional.embedding(words * 1, self.table[0])",
            ["int64[2]"],
        ),
        (
            "self.first = nn.Conv1d(3, 8, 1)",
            "template, source",
            "return self.first((template - source).permute(0, 2, 1) / template.shape[2])",
            ["float32[2, 16, 3]", "float32[2, 16, 3]"],
        ),
        (
            "self.first = nn.Linear(48, 8)",
            "x",
            "\n        ".join(
                ["if x.shape[2] != 3:", "    raise ValueError('points')", "return self.first(x.flatten(1))"]
            ),
            ["float32[2, 16, 3]"],
        ),
        (
            "self.user, self.item = nn.Linear(5, 4), nn.Linear(7, 4)",
            "user, item",
            "return (self.user(torch.relu(user)) * self.item(torch.relu(item))).sum(1)",
            ["float32[2, 5]", "float32[2, 7]"],
        ),
    ],
)
def test_the_form_follows_from_what_the_layers_demand(repository, layers, arguments, body, shown):
    trace = _trace(repository({"net.py": NET.format(layers=layers, arguments=arguments, body=body)}))
    assert [f"{given.value.dtype}{given.value}" for given in trace.inputs] == shown
    assert REASON in {given.reason for given in trace.inputs}
    assert trace.output


def test_a_form_that_the_code_unpacks_keeps_its_axes(repository):
    body = "b, n = x.shape; return self.first(x[0, 0, 0])"
    trace = _trace(repository({"net.py": NET.format(layers="self.first = nn.Linear(3, 3)", arguments="x", body=body)}))
    assert [len(given.value.shape) for given in trace.inputs] == [2]
    assert [given.reason for given in trace.inputs] == ["unpacked"]
    assert not trace.output


def test_what_no_form_satisfies_stays_as_it_was_refused_first(repository):
    body = "assert x.dim() > 8; return x"
    trace = _trace(repository({"net.py": NET.format(layers="self.first = nn.Linear(3, 3)", arguments="x", body=body)}))
    assert [given.reason for given in trace.inputs] == ["signature"]
    assert not trace.output


def test_an_argument_that_may_be_missing_is_given_where_the_code_cannot_do_without(repository):
    net = NET.format(layers="self.first = nn.Linear(6, 3)", arguments="x=None, other=None", body="return self.first(x)")
    trace = _trace(repository({"net.py": net}))
    assert [str(given.value) for given in trace.inputs] == ["[2, 6]"]
    assert trace.output


def test_a_container_that_lacks_a_part_says_nothing_of_its_input(repository):
    layers = "import elsewhere; self.first = nn.Sequential(elsewhere.Unknown(), nn.Linear(3, 3))"
    net = NET.format(layers=layers, arguments="x", body="return self.first(x)")
    assert not _trace(repository({"net.py": net})).output


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("mat1 and mat2 shapes cannot be multiplied (2x40 and 60x128)", Demand("size", 60, 40)),
        (
            "Given groups=1, weight of size [64, 12, 3, 3], expected input[2, 48, 16, 16] to have 12 channels, "
            "but got 48 channels instead",
            Demand("size", 12, 48),
        ),
        ("not enough values to unpack (expected 4, got 1)", Demand("axes", 4)),
        ("Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [2]", Demand("axes", 4)),
        ("input.size(-1) must be equal to input_size. Expected 64, got 32", Demand("size", 64, 32)),
    ],
)
def test_what_is_said_is_read(message, first):
    assert demands_of(message)[0] == first


def test_a_sentence_of_the_targets_own_demands_nothing():
    assert demands_of("please give me 3 images of 4 axes") == ()


def test_a_pattern_of_one_axis_gives_a_number_for_each_sample(repository):
    body = "import einops; return self.first(x) + self.embed(einops.rearrange(time, 'i -> i 1'))[..., None, None]"
    layers = "self.first, self.embed = nn.Conv2d(3, 4, 1), nn.Linear(1, 4)"
    trace = _trace(repository({"net.py": NET.format(layers=layers, arguments="x, time", body=body)}))
    assert [str(given.value) for given in trace.inputs] == ["[2, 3, 32, 32]", "[2]"]
    assert trace.output


def _trace(index):
    owner = index.symbols.definition("net.py:Net")
    where = index.span("net.py", owner.node)
    build = BuildPlan("net.py", "Net()", "defaults", where)
    request = ModelRequest("Net", owner.qualified_name, where, (build,), True, effort="numeric")
    return derive_model(Interpreter(index), request).traces[0]


@pytest.mark.parametrize(
    ("strides", "rest", "side"),
    [
        (2, "x.mean((2, 3))", 32),
        (5, "x.mean((2, 3))", 224),
        (5, "nn.functional.linear(x.flatten(1), torch.zeros(3, 4))", 32),
    ],
)
def test_an_image_has_room_where_the_model_takes_a_larger_one(repository, strides, rest, side):
    """One that a model reduces to a single place would make a one of every size behind it."""
    layers = f"self.steps = nn.Sequential(nn.Conv2d(3, 4, 1), *[nn.MaxPool2d(2) for _ in range({strides})])"
    net = NET.format(layers=layers, arguments="x", body=f"x = self.steps(x); return {rest}")
    trace = _trace(repository({"net.py": net}))
    assert [[dim.value for dim in given.value.shape] for given in trace.inputs] == [[2, 3, side, side]]
    assert trace.output
