"""Stages on one way through the calls: what other callers hand to shared code is no stage of this program."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.processes import CallNode, Pipeline

Write = Callable[[Mapping[str, str]], SourceIndex]

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(x)
"""
PROCESS = """
import enum
import torch.nn.functional as F

class Kind(enum.Enum):
    MSE = 1
    BOUND = 2

class Process:
    def __init__(self, *, kind, steps=3):
        self.kind = kind
        self.steps = steps

    def predict(self, model, x, **kwargs):
        return model(x)

    def bound(self, model, x):
        return self.predict(model, x).sum()

    def losses(self, model, x):
        if self.kind == Kind.BOUND:
            return self.bound(model, x)
        out = model(x)
        fixed = out.detach()
        return F.mse_loss(out, x) + self.bound(lambda *a, r=fixed: r, x)

class Wrapped:
    def __init__(self, model, table):
        self.model = model
        self.table = table

    def __call__(self, x):
        return self.model(x)

class Spaced(Process):
    def __init__(self, used, **kwargs):
        self.used = used
        super().__init__(**kwargs)

    def predict(self, model, *args, **kwargs):
        return super().predict(self.wrap(model), *args, **kwargs)

    def losses(self, model, *args, **kwargs):
        return super().losses(self.wrap(model), *args, **kwargs)

    def wrap(self, model):
        if isinstance(model, Wrapped):
            return model
        return Wrapped(model, self.used)

def create(bound=False):
    if bound:
        kind = Kind.BOUND
    else:
        kind = Kind.MSE
    return Spaced(used=[1], kind=kind)
"""
TRAIN = """
import torch
from net import Net
from process import create

if __name__ == "__main__":
    model = Net()
    process = create({arguments})
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(3):
        loss = process.losses(model, torch.randn(2, 4))
        opt.zero_grad()
        loss.backward()
        opt.step()
"""
SAMPLE = """
import torch
from net import Net
from process import create

if __name__ == "__main__":
    model = Net()
    model.load_state_dict(torch.load("weights.pt"))
    model.eval()
    with torch.no_grad():
        print(create().predict(model, torch.randn(2, 4)))
"""


def _programs(index: SourceIndex) -> dict[str, Pipeline]:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)
    return {pipeline.entry_name: pipeline for pipeline in (*found.training, *found.inference)}


def _forwards(pipeline: Pipeline) -> list[str]:
    return [stage.function.rpartition(":")[2] for stage in pipeline.stages if stage.kind == "forward"]


@pytest.mark.parametrize(("arguments", "forwards"), [("", ["Process.losses"]), ("bound=True", ["Process.predict"])])
def test_a_forward_that_gets_something_else_than_the_model_is_no_stage(
    repository: Write, arguments: str, forwards: list[str]
) -> None:
    sources = {"net.py": NET, "process.py": PROCESS, "train.py": TRAIN.format(arguments=arguments), "sample.py": SAMPLE}
    programs = _programs(repository(sources))
    assert _forwards(programs["train.py"]) == forwards
    assert _forwards(programs["sample.py"]) == ["Process.predict"]


def test_a_factory_chosen_from_a_table_by_the_command_line_builds_the_model(repository: Write) -> None:
    table = (
        NET + "\ndef small():\n    return Net()\n\ndef large():\n    return Net()\n\nNETS = {'s': small, 'l': large}\n"
    )
    train = TRAIN.format(arguments="").replace("import Net", "import NETS").replace("Net()", "NETS[input()]()")
    stages = _programs(repository({"net.py": table, "process.py": PROCESS, "train.py": train}))["train.py"].stages
    assert [(s.kind, s.where.path) for s in stages if s.kind == "build"] == [("build", "train.py")]


def test_a_condition_on_a_name_bound_again_later_stays_open(repository: Write) -> None:
    body = """
import torch
from net import Net

def run(model, twice=False):
    x = 1
    if x == 1:
        model(torch.randn(2, 4)).sum().backward()
    x = 2
    torch.optim.SGD(model.parameters(), lr=1.0).step()

run(Net())
"""
    programs = _programs(repository({"net.py": NET, "train.py": body}))
    assert [s.kind for s in programs["train.py"].stages] == [
        "build", "forward", "backward", "optimizer", "step",
    ]  # fmt: skip


def test_a_function_defined_under_a_condition_counts_beside_the_other_binding(repository: Write) -> None:
    body = """
import torch
from net import Net

model = Net()
if input():
    def draw():
        return torch.stack([torch.randn(4), torch.randn(4)])
else:
    fixed = torch.randn(2, 4)
    draw = lambda: fixed
opt = torch.optim.SGD(model.parameters(), lr=1.0)
x = draw()
model(x).sum().backward()
opt.step()
"""
    stages = _programs(repository({"net.py": NET, "train.py": body}))["train.py"].stages
    assert [s.code for s in stages if s.kind == "batch"] == ["x = draw()"]


def test_call_chains_leave_out_what_the_program_never_hands_in(repository: Write) -> None:
    index = repository(
        {"net.py": NET, "process.py": PROCESS, "train.py": TRAIN.format(arguments=""), "sample.py": SAMPLE}
    )
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)
    targets = {chain.title: _forward_callers(chain.root) for chain in found.call_chains}
    assert "process.py:Process.predict" not in targets["train.py"]
    assert "process.py:Wrapped.__call__" in targets["train.py"]


BLOCKS = """
from torch import nn

class Attend(nn.Module):
    def forward(self, x, mask):
        return x * mask

class Feed(nn.Module):
    def forward(self, x):
        return x + 1

class Around(nn.Module):
    def forward(self, x, inner):
        return x + inner(x)

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attend, self.feed = Attend(), Feed()
        self.first, self.second = Around(), Around()

    def forward(self, x, mask):
        x = self.first(x, lambda y: self.attend.forward(y, mask))
        return self.second(x, self.feed)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block() for _ in range(2)])

    def forward(self, x, mask=1):
        for block in self.blocks:
            x = block(x, mask)
        return x
"""


def test_what_a_module_is_handed_to_call_stands_below_the_call_that_hands_it(repository: Write) -> None:
    train = "import torch\nfrom net import Net\nmodel = Net()\nopt = torch.optim.SGD(model.parameters(), lr=1.0)\n"
    train += "for x in [torch.ones(2)]:\n    model(x).sum().backward()\n    opt.step()\n"
    index = repository({"net.py": BLOCKS, "train.py": train})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)
    nodes = {node.label: node for node in _nodes(found.call_chains[0].root)}
    first, second = (
        [one.target for one in _nodes(nodes[name]) if one.target] for name in ("self.first()", "self.second()")
    )
    assert [target.partition("<")[0] for target in first[1:]] == ["net.py:Block.forward.", "net.py:Attend.forward"]
    assert second[1:] == ["net.py:Feed.forward"]
    assert "-> self.attend.forward(y, mask)" in {one.detail for one in _nodes(nodes["self.first()"])}


def _nodes(node: CallNode) -> list[CallNode]:
    return [node, *(inner for child in node.children for inner in _nodes(child))]


def _forward_callers(node: CallNode, caller: str = "") -> set[str]:
    found = {caller} if node.target == "net.py:Net.forward" else set()
    return found.union(*(_forward_callers(child, node.target or caller) for child in node.children))
