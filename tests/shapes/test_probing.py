"""Probes of models that accept few changes: what may change alone is still named."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.shapes.entry_points import find_builds
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

SOURCE = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1, stride=2)
        self.head = nn.Linear(8 * 4 * 4, num_classes)

    def forward(self, x):
        x = F.avg_pool2d(self.first(x), 4)
        return self.head(x.view(x.size(0), -1))
"""


@pytest.mark.parametrize("effort", ["full", "brief"])
def test_batch_is_named_where_the_image_must_keep_its_size(tmp_path, effort):
    (tmp_path / "net.py").write_text(SOURCE)
    index = open_repository(str(tmp_path))
    owner = index.symbols.definition("net.py:Net")
    builds = find_builds(index, None, owner)
    request = ModelRequest("Net", owner.qualified_name, index.span("net.py", owner.node), builds, True, effort=effort)
    shapes = derive_model(Interpreter(index), request)
    assert str(shapes.traces[0].output[0]) in ("[B, num_classes]", "[B, 10]")
    assert shapes.traces[0].output[0].shape[0].expression == "B"
