"""Batches that the code draws itself, as windows of one long text: their size, and what one update sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import numpy as np
import torch
from torch import nn

rows, length, parts = 6, 16, 4
text = torch.arange(1000)

def draw(count, share=(0, 1)):
    rank, size = share
    starts = STARTS
    return torch.stack([WINDOW for i in starts])

net = nn.Linear(4, 4)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(3):
    for part in range(parts):
        loss = net(draw(rows)).mean() / parts
        loss.backward()
    optimizer.step()
"""
CASES = [
    ("torch.randint(len(text) - length, (count,))", "text[i : i + length].long()", [24, 384]),
    (
        "torch.randint(9, (size * count,))[rank * count : (rank + 1) * count].tolist()",
        "text[i:i + length + 1].long()",
        [24, 384],
    ),
    ("np.random.randint(0, 9, size=count)", "text[i : i + length].float()", [24]),
    ("torch.randperm(99)[:count]", "text[i]", [24]),
    ("torch.randint(9, (size * count,))[rank * count : rank * size]", "text[i]", []),
    ("torch.randint(9, (count, 2))", "text[i]", []),
    ("range(len(text))", "text[i]", []),
]


@pytest.mark.parametrize(("starts", "window", "products"), CASES)
def test_what_one_update_sees_is_a_product_of_what_is_drawn(
    repository: Write, starts: str, window: str, products: list[int]
) -> None:
    index = repository({"train.py": SCRIPT.replace("STARTS", starts).replace("WINDOW", window)})
    derived = derive(index).training[0].derived
    assert [item.value.value for item in derived if isinstance(item.value, Known)] == products
    assert [item.formula for item in derived] == ["count * parts", "count * parts * length"][: len(products)]


def test_a_factor_that_processes_share_is_told_with_its_condition(repository: Write) -> None:
    sharing = "net = nn.Linear(4, 4)\nteam = False\nif team:\n    parts //= 8\n"
    script = (
        SCRIPT.replace("STARTS", CASES[0][0]).replace("WINDOW", "text[i]").replace("net = nn.Linear(4, 4)", sharing)
    )
    derived = derive(repository({"train.py": script})).training[0].derived
    assert [(item.name, item.formula) for item in derived][:1] == [("parts", "parts // 8 if team")]
