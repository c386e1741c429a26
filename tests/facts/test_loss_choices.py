"""A loss that a mode chooses is told with its condition, and a call under that mode has that loss alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline

Write = Callable[[Mapping[str, str]], SourceIndex]

LOSSES = """
import torch
from torch import nn
from torch.nn import functional as F

class Ranking(nn.Module):
    def forward(self, better, worse):
        return (-(better - worse).sigmoid().log()).mean()

class Learned(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 1)

    def forward(self, x, y):
        return ((self.head(x) - y) ** 2).mean()

def hinge(fake, real):
    return (F.relu(1 + real) + F.relu(1 - fake)).mean()

def contrast(fake, real):
    return F.cross_entropy(fake, real)
"""
TRAINER = """
import torch
from torch import nn
from losses import Ranking

class Trainer:
    def __init__(self, model, mode=0, soft=False):
        self.model = model
        self.mode = mode
        if mode == 0:
            self.criterion = nn.BCELoss() if soft else nn.CrossEntropyLoss(label_smoothing=0.1)
        elif mode == 1:
            self.criterion = Ranking()
        else:
            self.criterion = nn.MSELoss()
        self.opt = torch.optim.Adam(model.parameters(), lr=1e-3)

    def fit(self, loader):
        for x, y in loader:
            if self.mode == 1:
                better, worse = self.model(x)
                loss = self.criterion(better, worse)
            else:
                loss = self.criterion(self.model(x), y)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
"""
FUNCTIONS = """
import torch
from functools import partial
from torch import nn
from losses import contrast, hinge

def backwards(precise, loss):
    loss.backward()

def run(model, other, loader, dual=False):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    take = partial(backwards, True)
    for x in loader:
        judge = contrast if dual else hinge
        first = judge(model(x), other(x))
        opt.zero_grad()
        take(first)
        opt.step()
        second = (model(x) ** 2).mean()
        opt.zero_grad()
        take(second)
        opt.step()
"""


def training_of(index: SourceIndex) -> Pipeline:
    structure = derive_structure(index)
    return derive_processes(index, structure, derive_configuration(index, structure)).training[0]


def losses_of(index: SourceIndex) -> list[tuple[str, int, str | None]]:
    return [(loss.function, loss.where.first_line, loss.condition) for loss in training_of(index).losses]


def test_a_mode_chooses_the_loss_of_a_call(repository: Write) -> None:
    index = repository({"losses.py": LOSSES, "trainer.py": TRAINER})
    assert losses_of(index) == [
        ("losses.py:Ranking", 21, "mode == 1"),
        ("torch.nn.BCELoss", 23, "mode == 0 and soft"),
        ("torch.nn.CrossEntropyLoss", 23, "mode == 0 and not soft"),
        ("torch.nn.MSELoss", 23, "not (mode == 0) and not (mode == 1)"),
    ]


def test_options_are_those_of_the_chosen_loss(repository: Write) -> None:
    losses = training_of(repository({"losses.py": LOSSES, "trainer.py": TRAINER})).losses
    assert [loss.function for loss in losses if loss.label_smoothing is not None] == ["torch.nn.CrossEntropyLoss"]


def test_functions_are_chosen_as_losses_are(repository: Write) -> None:
    index = repository({"losses.py": LOSSES, "trainer.py": FUNCTIONS})
    assert losses_of(index) == [
        ("losses.py:hinge", 14, "not dual"),
        ("torch.nn.functional.cross_entropy", 21, "dual"),
        ("(model(x) ** 2).mean", 18, None),
    ]


def test_each_call_of_a_helper_takes_gradients(repository: Write) -> None:
    stages = training_of(repository({"losses.py": LOSSES, "trainer.py": FUNCTIONS})).stages
    kinds = [stage.kind for stage in stages if stage.kind in ("loss", "backward", "step")]
    assert kinds == ["loss", "loss", "backward", "step", "loss", "backward", "step"]


def test_one_loss_has_no_condition(repository: Write) -> None:
    one = TRAINER.replace("mode == 0", "True").replace("self.criterion = Ranking()", "raise ValueError(mode)")
    one = one.replace("self.criterion = nn.MSELoss()", "raise ValueError(mode)").replace(
        "nn.BCELoss() if soft else ", ""
    )
    found = losses_of(repository({"losses.py": LOSSES, "trainer.py": one}))
    assert [(name, line) for name, line, _ in found] == [
        ("torch.nn.CrossEntropyLoss", 21), ("torch.nn.CrossEntropyLoss", 23),
    ]  # fmt: skip


def test_a_module_with_layers_is_a_model_and_no_loss(repository: Write) -> None:
    learned = TRAINER.replace("import Ranking", "import Learned").replace("Ranking()", "Learned()")
    found = losses_of(repository({"losses.py": LOSSES, "trainer.py": learned}))
    assert all(name != "losses.py:Learned" or line == 21 for name, line, _ in found)


CHOSEN = """
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self, kind="l2"):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        if kind == "l1":
            loss_fn = F.l1_loss
        elif kind == "l2":
            loss_fn = F.mse_loss
        else:
            raise NotImplementedError(kind)
        self.loss_fn = loss_fn

    def forward(self, x):
        return self.loss_fn(self.layer(x), x)

if __name__ == "__main__":
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for x in range(3):
        net(x).backward()
        opt.step()
"""
TERMS = """
import torch
from torch import nn

def mean_flat(x):
    return x.mean(dim=[1, 2])

class Process:
    def __init__(self, learned=True):
        self.learned = learned

    def bound(self, model, x):
        return {"output": mean_flat((model(x) - 1) ** 2) / 2}

    def terms(self, model, x, noise):
        terms = {}
        out = model(x)
        if self.learned:
            terms["vb"] = self.bound(model, x)["output"]
        terms["mse"] = mean_flat((noise - out) ** 2)
        terms["unused"] = mean_flat((noise + out) ** 2)
        if "vb" in terms:
            terms["loss"] = terms["mse"] + terms["vb"]
        else:
            terms["loss"] = terms["mse"]
        return terms

if __name__ == "__main__":
    net = nn.Linear(4, 4)
    process = Process()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for x in torch.randn(3, 4, 4):
        loss = process.terms(net, x, torch.randn(4, 4))["loss"].mean()
        loss.backward()
        opt.step()
"""


def test_a_loss_may_be_chosen_in_a_constructor_by_name(repository: Write) -> None:
    assert losses_of(repository({"main.py": CHOSEN})) == [
        ("torch.nn.functional.l1_loss", 18, "kind == 'l1'"),
        ("torch.nn.functional.mse_loss", 18, "kind == 'l2'"),
    ]


def test_terms_kept_under_keys_are_told_apart(repository: Write) -> None:
    """What is stored under a key that the loss never reads is no term of it."""
    found = training_of(repository({"main.py": TERMS})).losses
    assert [(loss.code, loss.condition) for loss in found] == [
        ('self.bound(model, x)', "self.learned"),
        ("mean_flat((noise - out) ** 2)", None),
    ]  # fmt: skip


def test_one_loss_under_a_condition_is_not_chosen(repository: Write) -> None:
    """A main part is no mode: what is bound there once is what runs."""
    found = losses_of(repository({"main.py": CHOSEN.replace("F.l1_loss", "F.mse_loss")}))
    assert found == [("torch.nn.functional.mse_loss", 18, None)]


RETURNED = """
import torch
from torch import nn
from torch.nn import functional as F

SHARE = 0.1

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        y = self.layer(x)
        return y, y.pow(2).mean()

if __name__ == "__main__":
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for x in torch.randn(3, 4, 4):
        y, penalty = net(x)
        loss = F.mse_loss(y, x)
        total = 4 * loss / (1 + 1) + {term}
        total.backward()
        opt.step()
"""


def test_a_term_that_the_forward_returns_is_told_with_its_weight(repository: Write) -> None:
    losses = training_of(repository({"main.py": RETURNED.format(term="penalty * SHARE")})).losses
    assert [(loss.function, loss.code, loss.weight) for loss in losses] == [
        ("torch.nn.functional.mse_loss", "F.mse_loss(y, x)", "4 / (1 + 1)"),
        ("main.py:Net.forward", "penalty", "SHARE"),
    ]
    assert [loss.weight_value.value for loss in losses if isinstance(loss.weight_value, Known)] == [2.0, 0.1]


def test_what_the_loss_does_not_add_is_no_term(repository: Write) -> None:
    losses = training_of(repository({"main.py": RETURNED.format(term="0")})).losses
    assert [loss.function for loss in losses] == ["torch.nn.functional.mse_loss"]


@pytest.mark.parametrize(
    ("loss", "weight"),
    [("net(x) / 4", "1 / 4"), ("net(x)", None), ("0.5 * (pick(net(x)))", "0.5"), ("net(x) / 2 + net(y) / 3", None)],
)
def test_a_loss_inside_of_a_forward_has_the_factor_of_its_call(
    repository: Callable[[Mapping[str, str]], SourceIndex], loss: str, weight: str | None
) -> None:
    text = f"""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x):
            return F.mse_loss(self.layer(x), x)

    def pick(value):
        return value

    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in [(torch.rand(1, 2), torch.rand(1, 2))]:
        total = {loss}
        total.backward()
        optimizer.step()
    """
    index = repository({"train.py": text})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)
    (pipeline,) = found.training
    assert [one.weight for one in pipeline.losses] == [weight]
