"""Trainer classes that users construct themselves: the constructor belongs to the program, its defaults are values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline

Write = Callable[[Mapping[str, str]], SourceIndex]

NETS = """
import torch
from torch import nn
from torch.nn import functional as F

class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return F.mse_loss(self.layer(x), x)

class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return F.l1_loss(self.layer(x), x)
"""
TRAINERS = """
import torch
from accelerate import Accelerator
from torch.optim import Adam
from torch.utils.data import DataLoader
from nets import Deep, Flat

class FlatTrainer:
    def __init__(self, net: Flat, data, *, rate=1e-4, betas=(0.9, 0.99), every=2, bound=1.0, precise=False):
        self.accelerator = Accelerator(mixed_precision="no" if precise else "fp16")
        self.every = every
        self.bound, self.other = bound, rate
        self.loader = DataLoader(data, batch_size=16, shuffle=True)
        self.opt = Adam(net.parameters(), lr=rate, betas=betas)
        self.net, self.opt = self.accelerator.prepare(net, self.opt)

    def run(self):
        for x in self.loader:
            for _ in range(self.every):
                with self.accelerator.autocast():
                    loss = self.net(x)
                self.accelerator.backward(loss)
            self.accelerator.clip_grad_norm_(self.net.parameters(), self.bound)
            self.opt.step()
            self.opt.zero_grad()

class DeepTrainer:
    def __init__(self, net: Deep, rate=3e-4):
        self.accelerator = Accelerator()
        self.opt = Adam(net.parameters(), lr=rate)
        self.net, self.opt = self.accelerator.prepare(net, self.opt)

    def run(self, batches):
        for x in batches:
            loss = self.net(x)
            self.accelerator.backward(loss)
            self.opt.step()
            self.opt.zero_grad()
"""


def derive(index: SourceIndex) -> dict[str, Pipeline]:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)
    return {pipeline.entry_name: pipeline for pipeline in found.training}


def test_the_constructor_runs_before_the_method(repository: Write) -> None:
    flat = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS}))["trainers.py:FlatTrainer.run"]
    assert [(stage.kind, stage.where.first_line) for stage in flat.stages] == [
        ("data", 12), ("optimizer", 13), ("batch", 17), ("forward", 20), ("loss", 11), ("backward", 21), ("clip", 22),
        ("step", 23), ("zero_grad", 24),
    ]  # fmt: skip


def test_defaults_of_the_constructor_are_the_values_of_its_attributes(repository: Write) -> None:
    flat = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS}))["trainers.py:FlatTrainer.run"]
    (optimizer,) = flat.optimizers
    assert {k: v.value for k, _, v in optimizer.arguments if isinstance(v, Known)} == {"lr": 1e-4, "betas": (0.9, 0.99)}
    values = {f.id: {k: v.value for k, v in f.values if isinstance(v, Known)} for f in flat.features}
    assert values["gradient_accumulation"] == {"self.every": 2}
    assert values["mixed_precision"] == {"mixed_precision": "fp16"}
    assert values["gradient_clipping"] == {}, "one of several names bound by one statement is not told"


def test_what_one_trainer_prepares_is_not_what_another_one_trains(repository: Write) -> None:
    found = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS}))
    losses = {name: [loss.function for loss in pipeline.losses] for name, pipeline in found.items()}
    assert losses == {
        "trainers.py:FlatTrainer.run": ["torch.nn.functional.mse_loss"],
        "trainers.py:DeepTrainer.run": ["torch.nn.functional.l1_loss"],
    }


def test_a_changed_default_changes_that_value_alone(repository: Write) -> None:
    before = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS}))
    after = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS.replace("rate=1e-4", "rate=5e-4")}))
    name = "trainers.py:FlatTrainer.run"
    assert [k for k in before if before[k].optimizers != after[k].optimizers] == [name]
    rates = [v.value for _, _, v in after[name].optimizers[0].arguments if isinstance(v, Known)]
    assert rates[0] == 5e-4
    assert [s.kind for s in before[name].stages] == [s.kind for s in after[name].stages]
