"""Which missing package leaves which rows of the shape tables empty."""

import textwrap
from pathlib import Path

import pytest

from analyzer.cli.shaping import shape_lines
from analyzer.index import open_repository
from analyzer.records.evidence import Gap
from analyzer.records.missing_packages import joined, missing_packages
from analyzer.records.tensors import ModelShapes
from analyzer.render.shapes_json import shapes_json
from analyzer.shapes import ShapesOptions, derive_model_shapes

pytestmark = pytest.mark.usefixtures("evaluated_here")


NET = """
import torch
import torch.nn as nn
import gone_kernels.scans as scans
from gone_layers import Router
import gone_logging

class Mix(nn.Module):
    def forward(self, x):
        y = scans.scan(x)
        z = y * 2
        return x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.mix = Mix()
        self.last = nn.Linear(8, 4)
    def forward(self, x):
        x = self.first(x)
        x = self.mix(x)
        r = Router(8)(x)
        return self.last(r)
"""


def shapes_of(path: Path) -> ModelShapes:
    (path / "net.py").write_text(textwrap.dedent(NET))
    options = ShapesOptions(model="net.py:Net", build="Net()", inputs=("x: float32[B=2, 8]",))
    return derive_model_shapes(open_repository(str(path)), options)


def test_each_missing_package_has_the_rows_that_wait_for_it(tmp_path):
    model = shapes_of(tmp_path)
    found = {item.name: item for item in missing_packages(model.all_gaps())}
    assert set(found) == {"gone_kernels", "gone_layers"}  # nothing rests on gone_logging
    assert found["gone_kernels"].rows == 2  # y and z
    assert found["gone_layers"].rows == 4  # r, what is returned, the call of `last` and of the model
    assert found["gone_layers"].wanted == ("gone_layers.Router",)


def test_the_terminal_and_the_json_name_them(tmp_path):
    model = shapes_of(tmp_path)
    assert [line.partition(" (")[0] for line in shape_lines(model) if line.startswith("missing")] == [
        "missing  gone_layers: 4 rows wait for it",
        "missing  gone_kernels: 2 rows wait for it",
    ]
    assert [(item["name"], item["rows"]) for item in shapes_json(model)["missing_packages"]] == [
        ("gone_layers", 4),
        ("gone_kernels", 2),
    ]


def test_rows_of_several_calls_add_up():
    one, two = Gap("a.py:1", "package_not_available", (("detail", "p.q"),), 3), Gap("a.py:2", "other", (), 5)
    again = Gap("a.py:1", "package_not_available", (("detail", "p.q"),), 4)
    assert joined((one, two, again)) == (Gap(one.where, one.reason, one.arguments, 7), two)
    assert missing_packages((two,)) == ()
