"""What a training program builds where that is not the default build: its own arguments, no files of this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts import derive_facts
from analyzer.index import SourceIndex
from analyzer.records.bundles import ProgramBuild
from analyzer.records.evidence import Known
from analyzer.records.tensors import ModelShapes
from analyzer.shapes.entry_points import BuildPlan, find_builds
from analyzer.shapes.model import derive_model
from analyzer.shapes.program_builds import other_builds, program_builds, program_requests
from analyzer.shapes.requests import ModelRequest

Write = Callable[[Mapping[str, str]], SourceIndex]
NET = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, width=8, bias=True):
        super().__init__()
        self.layer = nn.Linear(width, width, bias=bias)
    def forward(self, x):
        return self.layer(x)
class Wide(Net):
    def forward(self, x):
        return self.layer(x) * 2
SIZES = {"net": Net, "wide": Wide}
"""
LOOP = """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(10):
    loss = model(torch.ones(2, 8)).sum()
    loss.backward()
    optimizer.step()
"""
FROM_FILE = """
import os, pickle, torch
from net import Net
width = 8
if os.path.exists("data/meta.pkl"):
    with open("data/meta.pkl", "rb") as file:
        width = pickle.load(file)["width"]
options = dict(width=width, bias=False)
"""
BUILDS = {
    "arguments of its own": ("import torch\nfrom net import Net\nmodel = Net(8, bias=False)\n", 64, "Net", ()),
    "the defaults": ("import torch\nfrom net import Net\nmodel = Net()\n", None, "", ()),
    "another class": ("import torch\nfrom net import Wide\nmodel = Wide(4)\n", 20, "Wide", ()),
    "a file that is not there": (FROM_FILE + "model = Net(**options)\n", 64, "Net", ("data/meta.pkl",)),
    "the branch that defaults take": (
        "import torch\nfrom net import Net\nlarge = False\nif large:\n    model = Net(16, bias=False)\n"
        "else:\n    model = Net(4, bias=False)\n",
        16,
        "Net",
        (),
    ),
    "the exit that defaults take": (
        "import torch\nfrom net import Net\ndef make(path=None):\n    if path:\n        return Net(16)\n"
        "    return Net(4, bias=False)\nmodel = make()\n",
        16,
        "Net",
        (),
    ),
    "a choice of a registry": ("import torch\nfrom net import SIZES\nmodel = SIZES['net'](8, False)\n", 64, "Net", ()),
}


def built(index: SourceIndex, request: ModelRequest) -> ModelShapes:
    interpreter = Interpreter(index)
    interpreter.session.absent_files = request.absent_files
    return derive_model(interpreter, request)


@pytest.mark.parametrize("case", BUILDS)
def test_the_build_of_a_training_program_is_counted_where_it_differs(repository: Write, case: str) -> None:
    text, total, class_name, absent = BUILDS[case]
    index = repository({"net.py": NET, "train.py": text + LOOP})
    facts, owner = derive_facts(index), index.symbols.definition("net.py:Net")
    assert owner is not None
    where = index.span(owner.path, owner.node)
    main = ModelRequest("Net", "net.py:Net", where, find_builds(index, facts, owner)[:1], main=True, effort="numeric")
    asked = program_requests(index, facts, main)
    builds = program_builds(asked, [built(index, one.request) for one in asked])
    found = other_builds(builds, [built(index, main)])
    if total is None:
        assert found == ()
        return
    (one,) = found
    assert isinstance(one.model.parameters, Known)
    assert (one.program, one.model.class_name, one.model.parameters.value.total) == ("train.py", class_name, total)
    place = one.model.build_where
    assert place is not None and place.path == "train.py"
    assert "16" not in index.quote(place.path, place.first_line, place.last_line)
    assert tuple(item.text for item in one.model.assumptions if item.kind == "file_absent") == absent


def test_a_part_of_the_main_model_is_no_other_model(repository: Write) -> None:
    whole = (
        "class Whole(nn.Module):\n    def __init__(self, net):\n        super().__init__()\n        self.net = net\n"
    )
    index = repository({"net.py": NET + whole, "train.py": "from net import Net\nmodel = Net(8)\n"})
    shown, part = counted(index, "Whole", "Whole(Net(8))"), counted(index, "Net", "Net(8)")
    one = ProgramBuild("train.py", index.span("train.py", 1), part)
    assert other_builds([one], [shown]) == ()


def counted(index: SourceIndex, name: str, text: str) -> ModelShapes:
    owner = index.symbols.definition(f"net.py:{name}")
    assert owner is not None
    where = index.span("net.py", owner.node)
    plan = BuildPlan("net.py", text, "user", where)
    return built(index, ModelRequest(name, owner.qualified_name, where, (plan,), effort="count"))
