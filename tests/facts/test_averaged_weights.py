"""Inference takes averaged weights where it reads the key under which training saves the copy that it averages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
TRAIN = """
import torch
from copy import deepcopy
from torch import nn
from accelerate import Accelerator

accelerator = Accelerator()
net = nn.Linear(4, 4)
slow = COPY
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net, optimizer = accelerator.prepare(net, optimizer)
for step in range(3):
    net(torch.randn(2, 4)).mean().backward()
    optimizer.step()
    for a, b in zip(slow.parameters(), net.parameters()):
        a.data.mul_(0.99).add_(b.data, alpha=1 - 0.99)
torch.save({"net": net.state_dict(), "slow": slow.state_dict()}, "net.pt")
"""
SAMPLE = """
import torch
from torch import nn

net = nn.Linear(4, 4)
state = torch.load("net.pt")
if "KEY" in state:
    state = state["KEY"]
net.load_state_dict(state)
net.eval()
print(net(torch.randn(2, 4)))
"""


@pytest.mark.parametrize(
    ("copied", "key", "conditions"),
    [("deepcopy(net)", "slow", ["'slow' in state"]), ("deepcopy(net)", "net", []), ("nn.Linear(4, 4)", "slow", [])],
)
def test_the_key_of_the_averaged_copy_is_told(repository: Write, copied: str, key: str, conditions: list[str]) -> None:
    found = derive(repository({"train.py": TRAIN.replace("COPY", copied), "sample.py": SAMPLE.replace("KEY", key)}))
    features = [f for p in found.inference for f in p.features if f.id == "exponential_moving_average"]
    assert [f.condition for f in features] == conditions
    assert "launched_parallelism" in {f.id for f in found.training[0].features}
