"""Programs that no script starts: console scripts, commands of click, functions handed to launchers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.command_starts import command_functions
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.flow.callbacks import runs_its_first_argument
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from analyzer.records.processes import Processes

Write = Callable[[Mapping[str, str]], SourceIndex]

TRAINER = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import FakeData

def cycle(loader):
    while True:
        for batch in loader:
            yield batch

class Net(nn.Module):
    def __init__(self, rate=1e-4, factor=2):
        super().__init__()
        self.rate = rate
        self.layer = nn.Linear(4, 4)
        self.copy = nn.Linear(4, 4)
        self.opt = torch.optim.Adam(self.layer.parameters(), lr=self.rate * factor)
        self.copy.load_state_dict(self.layer.state_dict())

    def forward(self, x):
        return self.layer(x)

class Trainer:
    def __init__(self, name="run", rate=1e-3, main=False):
        self.name = name
        self.net = Net(rate=rate, factor=1.5)
        self.loader = cycle(DataLoader(FakeData(), batch_size=4))
        self.steps = 0

    def train(self):
        x = next(self.loader)
        loss = nn.functional.mse_loss(self.net(x), x)
        self.net.opt.zero_grad()
        loss.backward()
        self.net.opt.step()
        self.steps += 1
"""
FIRE = """
import fire
from retry.api import retry_call
from trainer import Trainer

def run(main, options):
    options.update(main=main)
    trainer = Trainer(**options)
    while trainer.steps < 10:
        retry_call(trainer.train, tries=3)

def start(rate=2e-4, name="flowers"):
    run(True, dict(rate=rate, name=name))

def main():
    fire.Fire(start)
"""
CLICK = """
import click
from trainer import Trainer

@click.group()
def cli():
    pass

@cli.command(help="Train")
@click.option("--rate", default=3e-4)
def train(rate):
    trainer = Trainer(rate=rate)
    for _ in range(10):
        trainer.train()

@cli.command()
def describe():
    print("a model")

def command():
    pass
"""
SETUP = {"setup.py": "setup(entry_points={'console_scripts': [\n'flowers = commands:main',\n]})\n"}


def derive(index: SourceIndex) -> Processes:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    return derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)


def test_a_console_script_starts_a_training(repository: Write) -> None:
    found = derive(repository({"trainer.py": TRAINER, "commands.py": FIRE, **SETUP})).training
    assert [pipeline.entry_name for pipeline in found] == ["commands.py:main"]
    kinds = [stage.kind for stage in found[0].stages]
    assert kinds == ["build", "optimizer", "data", "batch", "forward", "loss", "zero_grad", "backward", "step"]


def test_what_the_command_hands_on_is_the_value(repository: Write) -> None:
    (pipeline,) = derive(repository({"trainer.py": TRAINER, "commands.py": FIRE, **SETUP})).training
    (optimizer,) = pipeline.optimizers
    rates = [known.value for name, _, known in optimizer.arguments if name == "lr" and isinstance(known, Known)]
    assert rates == pytest.approx([3e-4])


def test_weights_copied_between_modules_are_no_checkpoint(repository: Write) -> None:
    (pipeline,) = derive(repository({"trainer.py": TRAINER, "commands.py": FIRE, **SETUP})).training
    assert not [stage for stage in pipeline.stages if stage.kind == "load_checkpoint"]


def test_a_command_of_click_starts_a_training(repository: Write) -> None:
    index = repository({"trainer.py": TRAINER, "commands.py": CLICK})
    assert command_functions(index) == ("commands.py:train", "commands.py:describe")
    assert [pipeline.entry_name for pipeline in derive(index).training] == ["commands.py:train"]


def test_without_a_declared_command_the_method_is_the_start(repository: Write) -> None:
    found = derive(repository({"trainer.py": TRAINER, "commands.py": FIRE})).training
    assert [pipeline.entry_name for pipeline in found] == ["trainer.py:Trainer.train"]


@pytest.mark.parametrize(
    ("dotted", "runs"),
    [
        ("retry.api.retry_call", True),
        ("optuna.create_study().optimize", True),
        ("ray.get", True),
        ("torch.utils.data.DataLoader", False),
        ("torchvision.transforms.Lambda", False),
        ("signal.signal", False),
        ("builtins.sorted", False),
        ("functools.partial", False),
        ("blinker.signal().connect", False),
        ("engine.Engine().add_event_handler", False),
        ("engine.Engine", False),
    ],
)
def test_which_calls_run_a_function(dotted: str, runs: bool) -> None:
    assert runs_its_first_argument(dotted) is runs


PARTIAL = """
import torch
from functools import partial
from torch import nn

def update(rate, model, batch, decay=0.5):
    opt = torch.optim.SGD(model.parameters(), lr=rate, weight_decay=decay)
    loss = (model(batch) ** 2).mean()
    loss.backward()
    opt.step()

if __name__ == "__main__":
    net = nn.Linear(4, 4)
    step = partial(update, 0.25, decay=0.125)
    for batch in range(3):
        step(net, batch)
"""


def test_what_a_partial_function_was_given_is_no_default(repository: Write) -> None:
    """Values that a partial function was given are not told as its defaults, nor later arguments as earlier ones."""
    (pipeline,) = derive(repository({"main.py": PARTIAL})).training
    arguments = {name: known for name, _, known in pipeline.optimizers[0].arguments}
    values = {name: known.value for name, known in arguments.items() if isinstance(known, Known)}
    assert values in ({}, {"lr": 0.25, "weight_decay": 0.125})


MODES = """
import fire
import torch
from trainer import Trainer

def sample(trainer):
    trainer.net.eval()
    with torch.no_grad():
        return trainer.net(torch.load("inputs.pt"))

def start(rate=2e-4, generate=False):
    if generate:
        trainer = Trainer(rate=rate)
        trainer.net.load_state_dict(torch.load("net.pt"))
        sample(trainer)
        return
    torch.multiprocessing.spawn(train, args=(rate,), nprocs=2)

def train(rank, rate):
    trainer = Trainer(rate=rate)
    while trainer.steps < 10:
        trainer.train()

if __name__ == "__main__":
    fire.Fire(start)
"""


def test_a_branch_that_ends_early_is_a_program_of_its_own(repository: Write) -> None:
    found = derive(repository({"trainer.py": TRAINER, "run.py": MODES}))
    trained, inferred = found.training[0].stages, found.inference[0].stages
    assert "backward" in {stage.kind for stage in trained}
    assert "load_checkpoint" not in {stage.kind for stage in trained}
    assert [stage.kind for stage in inferred if stage.kind in ("load_checkpoint", "forward", "backward")] == [
        "load_checkpoint", "load_checkpoint", "forward",
    ]  # fmt: skip
