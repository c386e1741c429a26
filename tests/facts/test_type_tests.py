"""A call behind `isinstance` runs the tested class's method where nothing else is known of the object."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.processes import CallNode
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import torch
from torch import nn

class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(x)

    def reset(self):
        nn.init.zeros_(self.layer.weight)

class Other:
    def reset(self):
        print("other")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = Gate()

    def forward(self, x):
        return self.gate(x)

net = Net()
for part in PARTS:
    if isinstance(part, TESTED):
        part.reset()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(3):
    net(torch.randn(2, 4)).mean().backward()
    optimizer.step()
"""


def targets(node: CallNode) -> set[str]:
    return {node.target or ""}.union(*map(targets, node.children))


@pytest.mark.parametrize(
    ("parts", "tested", "reached"),
    [
        ("net.modules()", "Gate", {"train.py:Gate.reset"}),
        ("net.modules()", "(nn.Linear, Gate)", {"train.py:Gate.reset"}),
        ("net.modules()", "nn.Linear", set()),
        ("[Other()]", "Gate", {"train.py:Other.reset"}),
    ],
)
def test_a_tested_class_gives_the_method(repository: Write, parts: str, tested: str, reached: set[str]) -> None:
    index = repository({"train.py": SCRIPT.replace("PARTS", parts).replace("TESTED", tested)})
    found = targets(derive(index).call_chains[0].root)
    assert {name for name in found if name.endswith(".reset")} == reached
