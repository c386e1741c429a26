"""A probe that takes one step trains nothing; every line that saves through a function is a stage."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure

SOURCE = """
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x):
        return F.mse_loss(self.line(x), x)

def probe():
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=1e-9)
    loss = net(torch.zeros(1, 4))
    loss.backward()
    opt.step()

def save(net, name):
    torch.save(net.state_dict(), name)

def main():
    {before}
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=0.5)
    for step in range(100):
        batch = torch.load("data.pt")
        loss = net(batch)
        loss.backward()
        opt.step()
        opt.zero_grad()
        if step % 10 == 0:
            save(net, "part.pt")
    save(net, "last.pt")

{run}
"""


def trained(repository, before="pass", run="main()"):
    index = repository({"go.py": SOURCE.format(before=before, run=run)})
    structure = derive_structure(index)
    value_of = Interpreter(index).value_of
    configuration = derive_configuration(index, structure, value_of)
    return derive_processes(index, structure, configuration, value_of).training


@pytest.mark.parametrize("before", ["pass", "probe()"])
def test_what_a_probe_makes_is_none_of_the_training(repository, before):
    (found,) = [pipeline for pipeline in trained(repository, before) if pipeline.entry_name == "go.py"]
    assert [(o.class_name, [v.value for _, _, v in o.arguments]) for o in found.optimizers] == [
        ("torch.optim.Adam", [0.5])
    ]
    assert [(s.kind, s.depth) for s in found.stages if s.kind in ("loss", "backward", "step")] == [
        ("loss", 1), ("backward", 1), ("step", 1),
    ]  # fmt: skip


def test_where_nothing_else_trains_the_one_step_is_the_training(repository):
    found = next(p for p in trained(repository, run="probe()") if p.entry_name == "go.py")
    assert [o.class_name for o in found.optimizers] == ["torch.optim.SGD"]
    assert [s.depth for s in found.stages if s.kind == "step"] == [0]


def test_every_line_that_saves_is_a_stage_with_its_own_place(repository):
    found = next(p for p in trained(repository) if p.entry_name == "go.py")
    assert [(s.code, s.depth, s.condition) for s in found.stages if s.kind == "checkpoint"] == [
        ('save(net, "part.pt")', 1, "step % 10 == 0"),
        ("torch.save(net.state_dict(), name)", 1, None),
        ('save(net, "last.pt")', 0, None),
    ]
