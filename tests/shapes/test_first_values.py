"""First values of parameters: which statement wrote last to each tensor while the model was built."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.shapes.first_values import derive_first_values

HEAD = """import torch
from torch import nn
class Up(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv = nn.Conv2d(n, n, 1)
        self.fill(self.conv)
    def fill(self, conv):
        weight = torch.empty_like(conv.weight)
        nn.init.kaiming_uniform_(weight)
        conv.weight.data.copy_(weight)
        nn.init.zeros_(conv.bias)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ModuleList([Up(2), Up(3)])
        self.gain = nn.Parameter(torch.randn(5))
        self.apply(self.first)
    def first(self, m):
        if type(m) in {nn.Conv2d, nn.Linear}:
"""


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        # weights were copied in line 11 and are written over in line 21; biases of line 12 stay
        ("nn.init.kaiming_normal_(m.weight)", {11: (0, 2, (21,)), 12: (2, 0, ()), 21: (2, 0, ())}),
        ("m.weight.data.normal_(0, 0.02)", {11: (0, 2, (21,)), 12: (2, 0, ()), 21: (2, 0, ())}),
        ("pass", {11: (2, 0, ()), 12: (2, 0, ())}),
        ("self.gain.data.fill_(0)", {11: (2, 0, ()), 12: (2, 0, ()), 21: (1, 0, ())}),
    ],
)
def test_the_last_statement_that_wrote_counts(repository, statement, expected):
    index = repository({"net.py": f"{HEAD}            {statement}\n"})
    interpreter = Interpreter(index)
    model = interpreter.evaluate("net.py", "Net()")
    rows = derive_first_values(model, interpreter.writes_to, lambda place: index.span(place.path, place.first_line))
    told = {
        row.where.first_line: (row.tensors, row.replaced, tuple(at.first_line for at in row.replaced_at))
        for row in rows
        if row.where.first_line not in (6, 17)
    }
    assert told == expected
    made = {row.where.first_line: (row.tensors, row.replaced) for row in rows if row.where.first_line in (6, 17)}
    assert made == {6: (0, 4), 17: (0, 1) if "gain" in statement else (1, 0)}
