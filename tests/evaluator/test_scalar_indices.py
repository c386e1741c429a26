"""A number that only data know chooses an entry: its form is known, its contents are not."""

from __future__ import annotations

import pytest
import torch

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(4, 3))

    def forward(self, x):
        i, j = x.argmax() % 2, x.argmin() % 2
        {statements}
        return y
"""

CASES = [
    "y = x[i]",
    "y = x[:, i]",
    "y = x[i, :2, None]",
    "y = x[..., i]",
    "y = x[i, torch.tensor([0, 1, 1])]",
    "y = x[i, j]",
    "y = self.table[i] + torch.arange(3)[j]",
    "y = torch.zeros(2, 5, 8); y[i] = x[0]; y[0, j] = 1.0",
]


def recorded(repository, statements: str):  # type: ignore[no-untyped-def]
    interpreter = repository(MODEL.format(statements=statements))
    return interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 5, 8], "float32")])


@pytest.mark.parametrize("statements", CASES)
def test_the_form_is_that_of_torch(repository, statements: str) -> None:  # type: ignore[no-untyped-def]
    recording = recorded(repository, statements)
    assert recording.error is None
    scope: dict[str, object] = {}
    exec(MODEL.format(statements=statements), scope)
    real = scope["Net"]()(torch.randn(2, 5, 8))  # type: ignore[operator]
    assert [tuple(shape.shape) for shape in recording.outputs] == [tuple(real.shape)]


@pytest.mark.parametrize(
    "statements",
    ["y = x[:, : int(torch.arange(4)[i])]", "t = torch.arange(4); t[i] = 2; y = x[:, : int(t[0])]"],
)
def test_contents_are_not_those_of_the_first_entry(repository, statements: str) -> None:  # type: ignore[no-untyped-def]
    assert [str(shape) for shape in recorded(repository, statements).outputs] in ([], ["float32[2, ?, 8]"])


@pytest.mark.parametrize(
    ("initialiser", "width"), [("constant_(self.k, 3)", "3"), ("ones_(self.k)", "1"), ("normal_(self.k)", "")]
)
def test_a_setting_kept_as_a_buffer_is_known_after_its_initialiser(repository, initialiser: str, width: str) -> None:  # type: ignore[no-untyped-def]
    source = f"""
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Buffer(torch.tensor(5.0))
        nn.init.{initialiser}

    def forward(self, x):
        return x[:, : int(self.k)]
"""
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 5, 8], "float32")])
    shapes = [str(shape) for shape in recording.outputs]
    assert shapes == [f"float32[2, {width}, 8]"] if width else "float32[2, 5, 8]" not in shapes
