"""Sub-commands that a parser dispatches, tests that train, and evaluation functions under a decorator."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure

CLI = """
import argparse

def main():
    parser = argparse.ArgumentParser()
    parser.set_defaults(func=lambda args: parser.print_help())
    sub = parser.add_subparsers()
    from commands import Sample, Train
    Train.register(sub)
    Sample.register(sub)
    args = parser.parse_args()
    args.func(args)

if __name__ == "__main__":
    main()
"""
COMMANDS = """
class Train:
    @staticmethod
    def register(sub):
        p = sub.add_parser("train")
        p.add_argument("--rate", type=float, default=0.25)
        p.set_defaults(func=Train.run)

    @staticmethod
    def run(args):
        from work import train
        train(args.rate)


class Sample:
    @staticmethod
    def register(sub):
        p = sub.add_parser("sample")
        p.add_argument("--warmth", type=float, default=0.75)
        p.set_defaults(func=Sample.run)

    @staticmethod
    def run(args):
        from work import sample
        settings: dict = {"warmth": args.warmth}
        sample(**settings)
"""
WORK = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x):
        return self.line(x)

def losses(net, x):
    return net(x).square().mean()

@torch.no_grad()
def evaluate(net, batches):
    net.eval()
    found = [losses(net, batch) for batch in batches]
    net.train()
    return found

def train(rate):
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=rate)
    batches = torch.load("data.pt")
    for batch in batches:
        loss = losses(net, batch)
        loss.backward()
        opt.step()
        opt.zero_grad()
        evaluate(net, batches)

@torch.no_grad()
def sample(warmth):
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    net.eval()
    logits = net(torch.load("prompt.pt")) / warmth
    return torch.multinomial(torch.softmax(logits, -1), 1)
"""
CHECK = """
import torch
from work import Net, losses

def test_training():
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=7.0)
    losses(net, torch.zeros(1, 4)).backward()
    opt.step()
"""


def processes(index):
    structure = derive_structure(index)
    value_of = Interpreter(index).value_of
    return derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)


@pytest.fixture
def commands(repository):
    return processes(repository({"cli.py": CLI, "commands.py": COMMANDS, "work.py": WORK, "tests/test_work.py": CHECK}))


def test_each_sub_command_is_a_program_with_its_own_options(commands):
    assert [(p.entry_name, p.kind) for p in commands.training] == [("commands.py:Train.run", "training")]
    (trained,) = commands.training
    assert [(o.class_name, {k: v.value for k, _, v in o.arguments}) for o in trained.optimizers] == [
        ("torch.optim.SGD", {"lr": 0.25})
    ]
    assert commands.inference[0].entry_name == "commands.py:Sample.run"
    warmth = next(f for f in commands.inference[0].features if f.id == "temperature")
    assert [(name, value.value) for name, value in warmth.values] == [("warmth", 0.75)]


def test_a_test_that_takes_gradients_is_no_training(commands):
    assert all("test" not in pipeline.entry_name for pipeline in (*commands.training, *commands.inference))


def test_a_decorated_evaluation_is_one_and_the_loss_it_shares_is_none(repository):
    main = "from work import train\nif __name__ == '__main__':\n    train(0.5)\n"
    found = processes(repository({"go.py": main, "work.py": WORK.partition("@torch.no_grad()\ndef sample")[0]}))
    assert [p.entry_name for p in found.inference] == ["work.py:evaluate"]
    assert [s.code for s in found.training[0].stages if s.kind == "evaluate"] == ["evaluate(net, batches)"]
