"""Pitfalls of whole trainings: each is found where it stands and not in the run that avoids it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts import derive_facts
from analyzer.index import SourceIndex
from analyzer.records.bundles import Shapes
from analyzer.records.evidence import Known
from analyzer.records.processes import Optimizer, OptimizerGroup
from analyzer.records.source import Span
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import ModuleRecord
from analyzer.techniques.findings.training_pitfalls import _decay, find_training_pitfalls
from analyzer.techniques.program import Program

Write = Callable[[Mapping[str, str]], SourceIndex]

TRAINING = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        return self.drop(self.layer(x))

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
{before}

def train(batches):
    {training}
    for x in batches:
        loss = nn.functional.mse_loss(net(x), x)
        opt.zero_grad()
        loss.backward()
        opt.step()

def test(batches):
    {testing}
    with torch.no_grad():
        for x in batches:
            y = net(x)

for epoch in range(3):
    train(torch.randn(2, 8, 4))
    test(torch.randn(2, 8, 4))
    {after}
"""
RESUME = "saved = torch.load('a.pt', weights_only=True)\nnet.load_state_dict(saved['net'])\nstart = saved['epoch']\n"
SCHEDULE = "sched = torch.optim.lr_scheduler.StepLR(opt, step_size=1, gamma=0.7)"
INLINE = """
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(3):
    {start}
    for x in torch.randn(2, 8, 4):
        loss = nn.functional.mse_loss(net(x), x)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        for x in torch.randn(5, 8, 4):
            y = net(x)
"""


def source(training: str = "net.train()", testing: str = "net.eval()", before: str = "", after: str = "pass") -> str:
    return TRAINING.format(training=training, testing=testing, before=before, after=after)


CASES = [
    ("mode_not_restored", source(training="pass"), source()),
    ("mode_not_restored", source(training="pass", before="net.train()"), source(training="pass", after="net.train()")),
    ("scheduler_never_stepped", source(before=SCHEDULE), source(before=SCHEDULE, after="sched.step()")),
    (
        "resume_without_optimizer",
        source(before=RESUME),
        source(before=RESUME + "opt.load_state_dict(saved['opt'])"),
    ),
    ("evaluation_without_eval", INLINE.format(start="pass"), INLINE.format(start="net.train(); net.eval()")),
]


def found(index: SourceIndex) -> list[str]:
    dropout = TechniqueFinding("dropout", (Span("main.py", 1, 1, ""),), "call")
    nothing = Shapes(models=())
    return [p.rule for p in find_training_pitfalls(Program(index), derive_facts(index), nothing, (dropout,))]


@pytest.mark.parametrize(("rule", "bad", "good"), CASES, ids=[case[0] for case in CASES])
def test_a_pitfall_of_a_run_is_found_only_where_it_stands(repository: Write, rule: str, bad: str, good: str) -> None:
    assert rule in found(repository({"main.py": bad}))
    assert rule not in found(repository({"main.py": good}))


MODULES = (
    ModuleRecord("wte", "Embedding", 40, 40),
    ModuleRecord("h.0.ln_1", "LayerNorm", 8, 8),
    ModuleRecord("h.0.mlp", "Linear", 16, 16),
)
PLAIN = ModuleRecord("norm", "LayerNorm", 0, 0)
LISTED = "[p for n, p in params if not any(nd in n for nd in no_decay)]"


@pytest.mark.parametrize(
    ("selection", "names", "rate", "modules", "rule"),
    [
        ("[p for n, p in params if p.dim() >= 2]", "", 0.1, MODULES, "decay_by_shape"),
        ("[p for n, p in params if p.dim() >= 2]", "", 0.0, MODULES, None),
        ("[p for n, p in params if p.dim() < 2]", "", 0.1, MODULES, None),
        ("[p for n, p in params if p.dim() >= 2]", "", 0.1, MODULES[1:], None),
        (LISTED, "['bias', 'LayerNorm.weight']", 0.1, MODULES, "decay_by_name"),
        (LISTED, "['bias', 'ln_1.weight', 'norm']", 0.1, MODULES, None),
        (LISTED, "['bias', 'LayerNorm.weight']", 0.1, (*MODULES[:1], PLAIN), None),
    ],
)
def test_decay_that_follows_shape_or_name(
    repository: Write, selection: str, names: str, rate: float, modules: tuple[ModuleRecord, ...], rule: str | None
) -> None:
    index = repository({"main.py": f"no_decay = {names or []}\n"})
    where = index.span("main.py", 1)
    group = OptimizerGroup(selection, (("weight_decay", Known(rate, (where,), "read")),), where)
    optimizer = Optimizer("torch.optim.AdamW", (), (group,), where)
    assert [p.rule for p in _decay(Program(index), optimizer, modules)] == ([rule] if rule else [])
