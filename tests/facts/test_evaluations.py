"""Which program shows inference where no script samples: an evaluation in a trainer, and never a self-test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.processes import Processes

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

def probe():
    net = Net()
    net.eval()
    print(net(torch.randn(2, 4)).shape)

if __name__ == "__main__":
    probe()
"""
TRAIN = """
import torch
from torch.utils.data import DataLoader, TensorDataset
from net import Net

net = Net()
loader = DataLoader(TensorDataset(torch.randn(8, 4)), batch_size=2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)

def look(epoch):
    net.eval()
    with torch.no_grad():
        for (x,) in loader:
            print(net(x).sum().item())

for epoch in range(3):
    net.train()
    for (x,) in loader:
        loss = net(x).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
    look(epoch)
"""


def _processes(index: SourceIndex) -> Processes:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    return derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)


def test_the_evaluation_of_a_trainer_comes_before_a_self_test(repository: Write) -> None:
    found = _processes(repository({"net.py": NET, "train.py": TRAIN})).inference
    assert [(p.entry_name, p.main) for p in found] == [("train.py:look", True), ("net.py", False)]
    stages = [(s.kind, s.where.first_line) for s in found[0].stages]
    assert stages == [("build", 5), ("data", 6), ("mode", 10), ("batch", 12), ("forward", 13)]


@pytest.mark.parametrize(
    ("call", "parameters"),
    [("look(loader)", "loader"), ("look(other)", "given"), ("look(make())", "given")],
)
def test_an_evaluation_has_the_data_that_its_script_gives_it(repository: Write, call: str, parameters: str) -> None:
    source = TRAIN.replace("    look(epoch)", f"    {call}").replace("def look(epoch)", f"def look({parameters})")
    source = source.replace("in loader:\n            print", f"in {parameters}:\n            print")
    other = "other = DataLoader(TensorDataset(torch.ones(8, 4)), batch_size=4)\n\ndef make():\n    return other\n"
    index = repository({"net.py": NET, "train.py": source.replace("opt = ", other + "opt = ")})
    stages = _processes(index).inference[0].stages
    data = [s.produces for s in stages if s.kind == "data"]
    assert data == [("loader",) if call == "look(loader)" else ("other",)]
    assert not [s for s in stages if s.kind in ("optimizer", "backward", "step")]


def test_without_anything_better_the_forward_comes_first_with_the_line_of_the_documents(repository: Write) -> None:
    readme = "# Net\n\n```python\nfrom net import Net\nnet = Net()\n```\n"
    main = _processes(repository({"net.py": NET, "README.md": readme})).inference[0]
    assert (main.entry_name, main.main) == ("net.py:Net.forward", True)
    assert ("named_in_documents", "README.md:5") in [(e.rule, str(e.where)) for e in main.evidence]


def test_a_script_that_samples_leaves_evaluations_out(repository: Write) -> None:
    sample = """
import torch
from net import Net
net = Net()
net.load_state_dict(torch.load("net.pt"))
print(net(torch.zeros(1, 4)))
"""
    found = _processes(repository({"net.py": NET, "train.py": TRAIN, "sample.py": sample})).inference
    assert [p.entry_name for p in found] == ["sample.py", "net.py"]
