"""What counts micro-steps, and what the constructor of a trainer in the form of a module has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
TRAINER = """
import torch
from torch import nn
from ema_pytorch import EMA

class Trainer(nn.Module):
    def __init__(self, nets, *, rate=0.25, every=3, kept=0.99):
        super().__init__()
        self.nets = nets
        self.every = every
        self.slow = EMA(nets, beta=kept)
        self.optimizer = torch.optim.Adam(nets.parameters(), lr=rate)

    def fit(self, batches):
        for number, x in enumerate(batches):
            for part in PARTS:
                loss = self.nets[part](x).mean()
                loss.backward()
            if CONDITION:
                self.optimizer.step()
                self.optimizer.zero_grad()
"""


@pytest.mark.parametrize(
    ("parts", "condition", "amounts"),
    [
        ("range(len(self.nets))", "number % self.every == 0", {"self.every": 3}),
        ("range(len(self.nets))", "True", None),
        ("range(4)", "True", {"4": 4}),
    ],
)
def test_going_through_parts_counts_no_micro_steps(
    repository: Write, parts: str, condition: str, amounts: dict[str, object] | None
) -> None:
    source = TRAINER.replace("PARTS", parts).replace("CONDITION", condition)
    training = derive(repository({"train.py": source})).training[0]
    features = {f.id: {k: v.value for k, v in f.values if isinstance(v, Known)} for f in training.features}
    assert features.get("gradient_accumulation") == amounts
    assert features["exponential_moving_average"] == {"beta": 0.99}
    assert [value.value for o in training.optimizers for _, _, value in o.arguments if isinstance(value, Known)] == [
        0.25
    ]
