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


BY_FLAG = """
import torch
from torch.utils.data import DataLoader, TensorDataset
from net import Net

class Runner:
    def __init__(self, train_data, test_data):
        self.net = Net()
        self.train_data, self.test_data = train_data, test_data
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.criterion = torch.nn.CrossEntropyLoss()

    def fit(self, epoch):
        self.go(epoch, self.train_data)

    def check(self, epoch):
        self.go(epoch, self.test_data, train=False)

    def go(self, epoch, loader, train=True):
        right = 0
        batches = iter(enumerate(loader))
        for i, (x, y) in batches:
            out = self.net(x)
            loss = self.criterion(out, y)
            if train:
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            right += out.argmax(dim=-1).eq(y).sum().item()
        print(epoch, right / len(loader))

def main():
    loader = DataLoader(TensorDataset(torch.randn(8, 4)), batch_size=2)
    runner = Runner(loader, loader)
    for epoch in range(3):
        runner.fit(epoch)
        runner.check(epoch)
"""


def test_a_method_that_trains_or_evaluates_by_a_flag_has_the_stages_of_both(repository: Write) -> None:
    found = _processes(repository({"net.py": NET, "train.py": BY_FLAG}))
    (training,), (evaluation,) = found.training, found.evaluations
    first = next(place for place, stage in enumerate(training.stages) if stage.kind == "batch")
    assert [(s.kind, s.where.first_line) for s in training.stages[first:]] == [
        ("batch", 21), ("forward", 22), ("loss", 23), ("zero_grad", 25), ("backward", 26), ("step", 27),
        ("log", 29), ("evaluate", 36),
    ]  # fmt: skip
    judged = [(s.kind, s.where.first_line) for s in evaluation.stages if 19 < s.where.first_line < 31]
    assert judged == [("batch", 21), ("forward", 22), ("loss", 23), ("metric", 28), ("log", 29)]
    assert [(s.kind, s.where.first_line) for s in evaluation.left_out] == [
        ("zero_grad", 25), ("backward", 26), ("step", 27),
    ]  # fmt: skip
    assert evaluation.left_out_by == (("train", "False"),)
    assert (training.start, evaluation.start) == ("function", "evaluation")
    assert [p.entry_name for p in found.inference if p.main] == ["train.py:Runner.check"]


@pytest.mark.parametrize(
    ("count", "is_metric"),
    [
        ("(net(x) == x).sum()", True),
        ("net(x).eq(x).float().mean()", True),
        ("(net(x) < x).sum()", False),
        ("(net(x) == 0).sum()", False),
        ("net(x).sum()", False),
    ],
)
def test_an_evaluation_without_a_switch_goes_through_batches_and_counts(
    repository: Write, count: str, is_metric: bool
) -> None:
    source = TRAIN.replace("    net.eval()\n", "").replace("print(net(x).sum().item())", f"print({count})")
    (evaluation,) = _processes(repository({"net.py": NET, "train.py": source})).evaluations
    kinds = [stage.kind for stage in evaluation.stages]
    assert kinds == ["build", "data", "batch", "forward", *(["metric"] if is_metric else [])]


OFFERED = """
import torch
from torch import nn

def default(value, other):
    return value if value is not None else other() if callable(other) else other

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.scale = torch.ones(())

    def forward(self, x):
        return self.layer(x)

    @torch.no_grad()
    def _step(self, x, known=None):
        return default(known, lambda: self.forward(x))

    @torch.no_grad()
    def draw(self, x, heat=0.5):
        heat = default(x, self.scale)
        for _ in range(3):
            scores = self._step(x) / heat
            x = torch.multinomial(scores.softmax(-1), 4).float()
        return x
"""
USE = """
import torch
from net import Net

def speak(path, count=3):
    net = Net()
    net.load_state_dict(torch.load(path))
    return net.draw(torch.zeros(count, 4))
"""


def test_methods_that_generate_come_before_the_forward_and_only_the_outermost_is_told(repository: Write) -> None:
    found = _processes(repository({"net.py": OFFERED})).inference
    assert [(p.entry_name, p.start, p.main) for p in found] == [("net.py:Net.draw", "method", True)]
    stages = [(s.kind, s.loops) for s in found[0].stages]
    assert stages == [("forward", ("for _ in range(3)",)), ("sample", ("for _ in range(3)",))], (
        "a callable that another call of a helper is given does not run here"
    )


def test_a_function_that_nothing_names_is_the_program_that_users_call(repository: Write) -> None:
    found = _processes(repository({"net.py": OFFERED, "use.py": USE})).inference
    assert [(p.entry_name, p.start, p.main) for p in found] == [("use.py:speak", "function", True)]
    called = _processes(
        repository({"net.py": OFFERED, "use.py": USE + "\nif __name__ == '__main__':\n    speak('a')\n"})
    )
    assert [(p.entry_name, p.start) for p in called.inference] == [("use.py", "program")]


def test_what_the_loop_does_before_an_evaluation_is_no_part_of_it(repository: Write) -> None:
    source = TRAIN.replace("def look(epoch)", "def look(last)").replace("    look(epoch)", "    look(loss)")
    (evaluation,) = _processes(repository({"net.py": NET, "train.py": source})).evaluations
    stages = [(s.kind, s.where.first_line) for s in evaluation.stages]
    assert stages == [("build", 5), ("data", 6), ("mode", 10), ("batch", 12), ("forward", 13)]
