"""A layer whose activation a setting chooses has, in the built model, one of the forms that the code allows."""

from __future__ import annotations

import pytest

from analyzer.facts import derive_facts
from analyzer.shapes import ShapesOptions, derive_shapes
from analyzer.techniques import derive_findings

pytestmark = pytest.mark.usefixtures("evaluated_here")


SOURCE = """
from torch import nn

def make(name):
    if name == "gelu":
        return nn.GELU()
    elif name == "relu":
        return nn.ReLU()
    return nn.SiLU()

class Gated(nn.Module):
    def __init__(self, d, name="{default}"):
        super().__init__()
        self.a, self.b, self.g = nn.Linear(d, 2 * d), nn.Linear(2 * d, d), nn.Linear(d, 2 * d)
        self.act = make(name)

    def forward(self, x):
        return self.b(self.a(x) * self.act(self.g(x)))

class Net(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.inner = Gated(d)

    def forward(self, x):
        return self.inner(x)
"""


@pytest.mark.parametrize(("default", "used"), [("swish", "swiglu"), ("gelu", "geglu")])
def test_the_built_activation_decides(repository, default, used):
    index = repository({"net.py": SOURCE.format(default=default)})
    facts = derive_facts(index)
    found = derive_findings(index, facts, derive_shapes(index, facts, ShapesOptions()))
    gates = {item.sheet_id: item.in_use for item in found.techniques if item.sheet_id in ("swiglu", "geglu")}
    assert gates == {"swiglu": used == "swiglu", "geglu": used == "geglu"}


def test_without_a_built_model_all_forms_stand(repository):
    index = repository({"net.py": SOURCE.format(default="swish")})
    facts = derive_facts(index)
    from analyzer.records.bundles import Shapes

    found = derive_findings(index, facts, Shapes())
    gates = {item.sheet_id: item.in_use for item in found.techniques if item.sheet_id in ("swiglu", "geglu")}
    assert gates == {"swiglu": True, "geglu": True}
