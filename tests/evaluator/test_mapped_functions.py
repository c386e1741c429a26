"""`torch.vmap` gives the forms that it really gives; what is computed for each slice is not counted once."""

from __future__ import annotations

import pytest
import torch

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 8, 3))

    def forward(self, x):
        return {expression}
"""

CASES = [
    "torch.vmap(lambda row: row.sum(0))(x)",
    "torch.vmap(lambda row, w: row @ w, in_dims=(None, 0), out_dims=1)(x, self.weight)",
    "torch.func.vmap(torch.dot)(x[:, 0], x[:, 1])",
    "torch.vmap(torch.vmap(lambda a, b: a + b, in_dims=(None, 0)), in_dims=(0, None))(x[:, 0, 0], x[0, :, 0])",
    "torch.vmap(lambda a, b: (a * b, b.sum()), in_dims=1, out_dims=(-1, 0))(x, x)",
    "torch.vmap(lambda parts: parts['a'].mean(-1))({'a': x})",
    "torch.vmap(lambda a, scale: a * scale)(x, scale=x)",
]


def recorded(repository, expression: str):  # type: ignore[no-untyped-def]
    interpreter = repository(MODEL.format(expression=expression))
    model = interpreter.build("model.py", "Net()")
    return interpreter.call(model, [interpreter.tensor([2, 5, 8], "float32")])


@pytest.mark.parametrize("expression", CASES)
def test_forms_are_those_of_torch(repository, expression: str) -> None:  # type: ignore[no-untyped-def]
    recording = recorded(repository, expression)
    assert recording.error is None
    scope: dict[str, object] = {}
    exec(MODEL.format(expression=expression), scope)
    real = scope["Net"]()(torch.randn(2, 5, 8))  # type: ignore[operator]
    real = real if isinstance(real, tuple) else (real,)
    assert [tuple(shape.shape) for shape in recording.outputs] == [tuple(tensor.shape) for tensor in real]


@pytest.mark.parametrize("expression", ["torch.vmap(lambda a: a.sum())(3)", "torch.vmap(lambda a, b: a)(x, x[:1])"])
def test_what_torch_refuses_has_no_result(repository, expression: str) -> None:  # type: ignore[no-untyped-def]
    assert recorded(repository, expression).error is not None


def test_a_table_is_read_at_each_slice(repository) -> None:  # type: ignore[no-untyped-def]
    recording = recorded(
        repository, "torch.vmap(lambda i: x[i])(torch.arange(2))"
    )  # torch takes it in a context of its own
    assert [str(shape) for shape in recording.outputs] == ["float32[2, 5, 8]"]


def test_contents_of_one_slice_stand_for_no_other(repository) -> None:  # type: ignore[no-untyped-def]
    expression = "x[:, : int(torch.vmap(lambda i: i + 1)(torch.arange(3))[2])]"
    assert [str(shape) for shape in recorded(repository, expression).outputs] != ["float32[2, 1, 8]"]
