"""A model's forward that computes a loss only on demand: the term stands in the step that demands it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
TRAINER = """
import torch
import torch.nn.functional as F
from torch import nn

class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x, rebuild=False):
        z = self.layer(x)
        if not rebuild:
            return z.mean(), None
        return z.mean(), F.mse_loss(z, x)

class Wrapped(nn.Module):
    def __init__(self, judge):
        super().__init__()
        self.judge = judge

    def forward(self, x, noise=0., **kwargs):
        return self.judge(x + noise, **kwargs)

maker, judge = nn.Linear(4, 4), Judge()
wrapped = Wrapped(judge)
first = torch.optim.Adam(judge.parameters(), lr=0.1)
second = torch.optim.Adam(maker.parameters(), lr=0.1)
shared = {"noise": 0.5}
for step in range(9):
    for part in range(2):
        made, _ = wrapped(maker(torch.randn(2, 4)), **shared)
        real, term = wrapped(torch.randn(2, 4), REAL**shared)
        loss = real - made + term
        loss.backward()
    first.step()
    for part in range(2):
        made, _ = wrapped(maker(torch.randn(2, 4)), **shared)
        loss = made
        loss.backward()
    second.step()
"""


@pytest.mark.parametrize(("real", "places"), [("rebuild=True, ", [("loss", 14)]), ("", [])])
def test_a_term_on_demand_stands_in_the_step_that_demands_it(
    repository: Write, real: str, places: list[tuple[str, int]]
) -> None:
    stages = derive(repository({"train.py": TRAINER.replace("REAL", real)})).training[0].stages
    kinds = [stage.kind for stage in stages if stage.kind in ("loss", "step")]
    terms = [(s.kind, s.where.first_line) for s in stages if s.kind == "loss" and "mse_loss" in s.code]
    assert terms == places
    if places:
        assert kinds.index("loss") < kinds.index("step")
