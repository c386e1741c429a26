"""First values of parameters: which statements give them, under which conditions, and what only looks like it."""

import pytest

from analyzer.facts.initialisation import find_initialisers

HEAD = """
import torch
import torch.nn as nn
from torch.nn import init
import torch.nn.init as I
from timm.layers import trunc_normal_

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.layer = nn.Linear(width, width)
{body}
"""


FIRST_LINE_OF_BODY = 12


def initialisers(repository, body):
    indented = "\n".join(f"        {line}" for line in body.split("\n"))
    found = find_initialisers(repository({"net.py": HEAD.format(body=indented)}))
    return tuple(item for item in found if item.where.first_line >= FIRST_LINE_OF_BODY)


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("nn.init.normal_(self.layer.weight, mean=0.0, std=0.02)", "self.layer.weight"),
        ("torch.nn.init.zeros_(self.layer.bias)", "self.layer.bias"),
        ("init.xavier_uniform_(self.layer.weight)", "self.layer.weight"),
        ("I.constant_(self.gamma, 1)", "self.gamma"),
        ("trunc_normal_(self.layer.weight, std=.02)", "self.layer.weight"),
        ("self.layer.weight.data.normal_(0, 0.02)", "self.layer.weight.data"),
        ("self.layer.weight.data[0].zero_()", "self.layer.weight.data[0]"),
        ("self.gamma.fill_(1e-5)", "self.gamma"),
    ],
)
def test_a_call_that_fills_a_parameter_is_found(repository, statement, target):
    assert [(item.target, item.code) for item in initialisers(repository, statement)] == [(target, statement)]


@pytest.mark.parametrize(
    "statement",
    [
        "mask = torch.empty(3, 3).fill_(-1e9).triu_(1)",  # a mask is no parameter
        "self.steps.zero_()",
        "x = torch.randn(3).normal_()",
        "# nn.init.zeros_(self.layer.bias)",
        "note = 'nn.init.zeros_(self.layer.bias)'",
        "self.layer.weight.normal(0, 1)",
    ],
)
def test_what_fills_no_parameter_is_not(repository, statement):
    assert initialisers(repository, f"pass\n{statement}") == ()


def test_the_tests_and_loops_around_it_are_its_conditions(repository):
    body = """for name, p in self.named_parameters():
    if name.endswith('c_proj.weight'):
        nn.init.normal_(p, std=0.01)
    elif p.dim() > 1:
        nn.init.xavier_uniform_(p)"""
    loop = "for name, p in self.named_parameters()"
    assert [item.conditions for item in initialisers(repository, body)] == [
        (loop, "name.endswith('c_proj.weight')"),
        (loop, "not (name.endswith('c_proj.weight'))", "p.dim() > 1"),
    ]


@pytest.mark.parametrize(
    ("statement", "target", "maker"),
    [
        ("self.token = nn.Parameter(torch.randn(1, 1, width))", "self.token", "torch.randn"),
        ("self.places: torch.Tensor = nn.Parameter(torch.zeros(4, width))", "self.places", "torch.zeros"),
        ("self.scale = torch.nn.Parameter(torch.ones(width).view(1, -1))", "self.scale", "torch.ones"),
        ("self.scale = torch.nn.Parameter(0.02 * torch.randn(width))", "self.scale", "?"),
        ("self.register_parameter('bias', nn.Parameter(torch.empty(width)))", "'bias'", "torch.empty"),
        ("self.mixed = nn.Parameter(torch.cat([torch.zeros(1), torch.ones(1)]))", "self.mixed", "?"),
        ("self.taken = nn.Parameter(weight)", "self.taken", "?"),
        ("self.bias = nn.Parameter(torch.zeros(width)) if width else None", "self.bias", "torch.zeros"),
    ],
)
def test_a_parameter_that_is_created_has_the_values_it_is_given(repository, statement, target, maker):
    assert [(item.target, item.maker) for item in initialisers(repository, statement)] == [(target, maker)]


@pytest.mark.parametrize(
    "statement", ["self.table = torch.randn(4, width)", "self.register_buffer('mask', torch.ones(width))"]
)
def test_a_tensor_that_is_no_parameter_is_not(repository, statement):
    assert initialisers(repository, statement) == ()
