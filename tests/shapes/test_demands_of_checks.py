"""What the target's own checks say of the sizes of inputs."""

from __future__ import annotations

import pytest

from analyzer.index import open_repository
from analyzer.shapes import ShapesOptions, derive_model_shapes

NET = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self, books=6, width=8):
        super().__init__()
        self.books = books
        self.table = nn.Embedding(10, width)
    def forward(self, codes):
        B, K, T = codes.shape
        {check}
        return self.table(codes)
"""


@pytest.mark.parametrize(
    "check",
    [
        "assert K == self.books + 1",
        "assert self.books + 1 == K, 'one more'",
        "assert K == self.books + 1, (K, self.books + 1)",
        "if K != self.books + 1: raise ValueError(f'expected {self.books + 1} books, got {K}')",
    ],
)
def test_the_size_that_a_check_asks_for_is_given(tmp_path, check):  # type: ignore[no-untyped-def]
    (tmp_path / "net.py").write_text(NET.format(check=check))
    model = derive_model_shapes(open_repository(str(tmp_path)), ShapesOptions(model="net.py:Net"))
    (trace,) = [trace for trace in model.traces if trace.output][:1]
    assert [dim.value for dim in trace.inputs[0].value.shape] == [2, 7, 16]
    assert trace.inputs[0].value.shape[2].expression == "T"
