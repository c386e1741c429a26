"""Trainer classes that users construct themselves: the constructor belongs to the program, its defaults are values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known, Unknown
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
    assert values["gradient_clipping"] == {"max_norm": 1.0}, "of names bound side by side each has its own"
    text = TRAINERS.replace("= bound, rate", "= (bound, rate)[::-1]")
    turned = derive(repository({"nets.py": NETS, "trainers.py": text}))["trainers.py:FlatTrainer.run"]
    assert [
        [v for _, v in f.values if isinstance(v, Known)] for f in turned.features if f.id == "gradient_clipping"
    ] == [[]]


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


CALLERS = [
    ("rate=2e-4", "rate=5e-4", ["a.py:4", "b.py:4"]),
    ("rate=2e-4", "every=4", ["a.py:4"]),
    ("rate=1e-4", "every=4", []),
    ("every=3", "every=4", []),
]


@pytest.mark.parametrize(("first", "second", "lines"), CALLERS)
def test_a_default_that_callers_override_is_not_told_as_the_value(repository, first, second, lines) -> None:
    call = "from trainers import FlatTrainer\nfrom nets import Flat\ndef go():\n    FlatTrainer(Flat(), [], {}).run()\n"
    sources = {"nets.py": NETS, "trainers.py": TRAINERS, "a.py": call.format(first), "b.py": call.format(second)}
    (optimizer,) = derive(repository(sources))["trainers.py:FlatTrainer.run"].optimizers
    rate = dict((name, value) for name, _, value in optimizer.arguments)["lr"]
    if lines:
        assert isinstance(rate, Unknown)
        assert (rate.reason, dict(rate.arguments)) == ("set_by_callers", {"name": "rate", "lines": ", ".join(lines)})
    else:
        assert isinstance(rate, Known)
        assert rate.value == 1e-4


LEARNER = """
import torch
from torch.nn import functional as F

class Learner:
    def __init__(self, policy, share=0.5):
        self.policy = policy
        self.share = share

    def learn(self, rollouts):
        for rollout in rollouts:
            self.update(rollout)

    def update(self, rollout):
        gains = (rollout.gains - rollout.gains.mean()) / rollout.gains.std()
        values, chances, entropy = self.policy.evaluate(rollout)
        ratio = torch.exp(chances - rollout.chances)
        first = gains * ratio
        second = gains * torch.clamp(ratio, 0.8, 1.2)
        policy_loss = -torch.min(first, second).mean()
        value_loss = F.mse_loss(rollout.returns, values)
        loss = policy_loss + self.share * value_loss - 0.01 * torch.mean(entropy)
        self.policy.optimizer.zero_grad()
        loss.backward()
        self.policy.optimizer.step()
"""


def test_an_optimizer_of_unknown_origin_is_known_by_the_gradients_it_clears(repository: Write) -> None:
    found = derive(repository({"learner.py": LEARNER}))
    (name,) = found
    assert name == "learner.py:Learner.learn", "the loop around the update belongs to the program"
    assert [s.kind for s in found[name].stages] == ["loss", "loss", "loss", "zero_grad", "backward", "step"]


def test_terms_of_a_loss_have_their_weights_and_baselines_are_no_terms(repository: Write) -> None:
    (pipeline,) = derive(repository({"learner.py": LEARNER})).values()
    assert [(loss.code, loss.weight) for loss in pipeline.losses] == [
        ("torch.min(first, second).mean()", "-1"),
        ("F.mse_loss(rollout.returns, values)", "self.share"),
        ("torch.mean(entropy)", "-0.01"),
    ]


def test_methods_with_a_hooks_name_outside_a_framework_are_not_run_by_one(repository: Write) -> None:
    text = """
    from sklearn.base import BaseEstimator

    class Model(BaseEstimator):
        def compute_loss(self, a, b):
            return (a - b).mean()
    """
    assert derive(repository({"model.py": text})) == {}


def test_a_loss_is_followed_into_the_function_that_takes_its_gradients(repository: Write) -> None:
    text = """
    import torch
    from torch.nn import functional as F

    def take(value, scaler):
        if scaler is not None:
            scaler.scale(value).backward()
        else:
            value.backward()

    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in [(torch.rand(1, 2), torch.rand(1, 2))]:
        error = 3 * F.l1_loss(net(x), y)
        take(error, None)
        optimizer.step()
    """
    (pipeline,) = derive(repository({"train.py": text})).values()
    assert [(loss.function, loss.weight) for loss in pipeline.losses] == [("torch.nn.functional.l1_loss", "3")]


def test_a_training_step_that_returns_nothing_trains_nothing(repository: Write) -> None:
    text = """
    from lightning import LightningModule

    class Neighbours(LightningModule):
        def training_step(self, batch, place):
            pass

        def validation_step(self, batch, place):
            self.append(batch)

        def configure_optimizers(self):
            return None
    """
    assert derive(repository({"neighbours.py": text})) == {}


COMMAND = """
from nets import Flat
from trainers import FlatTrainer

def main():
    trainer = FlatTrainer(Flat(), open("data.txt"), rate=7e-4)
    trainer.run()
"""


def test_a_function_that_nothing_calls_starts_the_trainer_that_it_alone_runs(repository: Write) -> None:
    found = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS, "command.py": COMMAND}))
    assert list(found) == ["command.py:main", "trainers.py:DeepTrainer.run"]
    arguments = {k: v.value for k, _, v in found["command.py:main"].optimizers[0].arguments if isinstance(v, Known)}
    assert arguments["lr"] == 7e-4


def test_two_functions_that_set_it_differently_leave_the_value_open(repository: Write) -> None:
    commands = COMMAND + COMMAND.replace("def main", "def other").replace("7e-4", "9e-4")
    found = derive(repository({"nets.py": NETS, "trainers.py": TRAINERS, "command.py": commands}))
    arguments = {n: v for n, _, v in found["trainers.py:FlatTrainer.run"].optimizers[0].arguments}
    assert isinstance(arguments["lr"], Unknown)
    assert dict(arguments["lr"].arguments)["lines"] == "command.py:12, command.py:5"


def test_the_mean_of_what_an_own_function_returns_is_that_functions_loss(repository: Write) -> None:
    text = """
    import torch

    def errors(net, x):
        return {"error": ((net(x) - x) ** 2).mean(dim=1)}

    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x in [torch.rand(1, 2)]:
        found = errors(net, x)
        total = found["error"].mean()
        total.backward()
        optimizer.step()
    """
    (pipeline,) = derive(repository({"train.py": text})).values()
    assert [loss.function for loss in pipeline.losses] == ["train.py:errors"]


SELF_TRAINING = """
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return F.mse_loss(self.layer(x), x)

class Trainer(nn.Module):
    def __init__(self, net: Net, rate=1e-4):
        super().__init__()
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=rate)

    def forward(self, x, parts=2):
        for part in x.chunk(parts):
            loss = self.net(part)
            loss.backward()
        self.opt.step()
        self.opt.zero_grad()

def make(default):
    return default() if callable(default) else default

if __name__ == "__main__":
    trainer = Trainer(make(Net()))
    for batch in torch.randn(8, 4):
        trainer(batch)
"""


def test_a_module_that_trains_itself_is_a_trainer_and_no_model(repository: Write) -> None:
    (pipeline,) = derive(repository({"main.py": SELF_TRAINING})).values()
    kinds = [stage.kind for stage in pipeline.stages]
    assert kinds == ["build", "optimizer", "forward", "loss", "backward", "step", "zero_grad"]
    assert [stage.code for stage in pipeline.stages if stage.kind == "forward"] == ["loss = self.net(part)"]
