"""Arguments of an optimizer behind `**mapping`, with the condition under which they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import torch
from torch import nn

fast, wanted = True, torch.cuda.is_available()
net = nn.Linear(4, 4)
extra = EXTRA
optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, **extra)
for step in range(3):
    net(torch.randn(2, 4)).mean().backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("extra", "found"),
    [
        ("dict(fused=True) if wanted else dict()", [("fused", "True if wanted", None)]),
        ("{'fused': fast} if fast else {'foreach': True}", [("fused", "fast", True)]),
        ("dict(eps=1e-6, betas=(0.5, 0.9))", [("eps", "1e-6", 1e-6), ("betas", "(0.5, 0.9)", (0.5, 0.9))]),
        ("dict(eps=1e-6)\nextra['eps'] = 1e-4", []),
    ],
)
def test_what_a_mapping_gives_is_told_by_name(
    repository: Write, extra: str, found: list[tuple[str, str, object]]
) -> None:
    (optimizer,) = derive(repository({"train.py": SCRIPT.replace("EXTRA", extra)})).training[0].optimizers
    told = [
        (name, text, value.value if isinstance(value, Known) else None) for name, text, value in optimizer.arguments
    ]
    assert told == [("lr", "0.1", 0.1), *found]
