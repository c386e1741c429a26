"""Of a constructor the lines that ran are known, of its branches the ones that were taken."""

from __future__ import annotations

from pathlib import Path

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.shapes.built_lines import whole_statements
from analyzer.shapes.runs import ModelSource

SOURCE = """\
import torch
from torch import nn

def table(n):
    angles = torch.arange(
        n
    ).float()
    return angles.sin()

class Net(nn.Module):
    def __init__(self, waves=True):
        super().__init__()
        if waves:
            self.register_buffer("pe", table(8))
        else:
            self.pe = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        return x + self.pe
"""


def test_lines_of_the_taken_branch_and_of_what_it_calls(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    index = open_repository(str(tmp_path))
    source = ModelSource(Interpreter(index), "net.py", "Net()")
    found = [dict(whole_statements(source.build().lines, index))["net.py"] for _ in range(2)]
    assert set(found[1]) == {5, 6, 7, 8, 12, 13, 14}, "what ran at the build, not what the file defines"
    assert set(found[0]) - set(found[1]) <= {1, 2, 4, 10, 11, 18}, "the file itself runs once"
