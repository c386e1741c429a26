"""Curves of the code's own schedule functions whose settings come as an object, and groups that a function makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import MODEL, derive

Write = Callable[[Mapping[str, str]], SourceIndex]

SCRIPT = """
from dataclasses import dataclass
import torch
from model import Net

@dataclass
class Settings:
    length: int = 50
    ramp: int = 10
    peak: float = 0.5
    decay: float = 0.1

def rate_at(step: int, settings: Settings) -> float:
    if step < settings.ramp:
        return settings.peak * (step + 1) / settings.ramp
    return settings.peak * (1 - (step - settings.ramp) / max(1, settings.length - settings.ramp))

def groups_of(net, decay):
    parameters = list(net.parameters())
    return [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]

def fit(net: Net, settings: Settings):
    groups = groups_of(net, settings.decay)
    opt = torch.optim.AdamW(groups, lr=settings.peak)
    step = 0
    while step < settings.length:
        for group in opt.param_groups:
            group["lr"] = rate_at(step, settings)
        _, loss = net(torch.ones(2, 2), torch.ones(2, 2))
        loss.backward()
        opt.step()
        step += 1

fit(Net(), Settings())
"""


def test_the_curve_uses_the_fields_that_count_and_ends_with_the_schedule(repository: Write) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": SCRIPT})).training
    (schedule,) = training.schedules
    assert schedule.curve[0] == (0, 0.05) and schedule.curve[9] == (9, 0.5) and schedule.curve[-1] == (50, 0.0)
    values = {name: value.value for name, _, value in schedule.arguments if isinstance(value, Known)}
    assert values == {"settings.ramp": 10, "settings.peak": 0.5, "settings.length": 50}


def test_a_field_without_a_known_value_leaves_the_curve_open(repository: Write) -> None:
    text = SCRIPT.replace("Settings())", "Settings(peak=float(open('x').read())))")
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    (schedule,) = training.schedules
    assert schedule.curve == () and schedule.curve_gap is not None


def test_groups_that_a_function_makes_have_their_rule_and_values(repository: Write) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": SCRIPT})).training
    groups = training.optimizers[0].groups
    assert [(g.selection, [v.value for _, v in g.options if isinstance(v, Known)]) for g in groups] == [
        ("[p for p in parameters if p.dim() >= 2]", [0.1]),
        ("[p for p in parameters if p.dim() < 2]", [0.0]),
    ]


FILLED = """
import torch
from model import Net
net = Net()
plain, decayed = [], []
for name, p in net.named_parameters():
    if not p.requires_grad:
        continue
    if "bias" in name:
        plain.append(p)
    else:
        decayed += [p]
opt = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], lr=0.1)
_, loss = net(torch.ones(2, 2), torch.ones(2, 2))
loss.backward()
opt.step()
"""


def test_groups_that_a_loop_fills_say_which_parameters_they_hold(repository: Write) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": FILLED})).training
    whole = "[p for name, p in net.named_parameters() if p.requires_grad if"
    assert [(g.selection, str(g.where)) for g in training.optimizers[0].groups] == [
        (f"{whole} not 'bias' in name]", "run.py:11"),
        (f"{whole} 'bias' in name]", "run.py:9"),
    ]


METHOD = """
import torch
from model import Net

class Ramp:
    def __init__(self, opt, ramp):
        self.opt, self.ramp, self.done = opt, ramp, 0

    def scale(self):
        return min(1.0, self.done / self.ramp)

    def move(self):
        self.done += 1
        for group in self.opt.param_groups:
            group["lr"] = 0.1 * self.scale()
        self.opt.step()

net = Net()
ramp = Ramp(torch.optim.SGD(net.parameters(), lr=0.1), 10)
for _ in range(9):
    _, loss = net(torch.ones(2, 2), torch.ones(2, 2))
    loss.backward()
    ramp.move()
"""


def test_a_schedule_of_an_object_is_written_out_with_what_its_constructor_was_given(repository: Write) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": METHOD})).training
    (schedule,) = training.schedules
    assert (schedule.formula, schedule.counter) == ("0.1 * min(1.0, self.done / self.ramp)", "self.done")
    ((name, text, value),) = schedule.arguments
    assert (name, text) == ("self.ramp", "10") and isinstance(value, Known)
    assert (value.value, str(value.where[0])) == (10, "run.py:18")
    assert schedule.curve[0] == (1, pytest.approx(0.01)) and schedule.curve[-1] == (50, 0.1)
    assert str(schedule.set_at) == "run.py:14"


def test_a_schedule_of_an_object_names_what_only_a_run_gives(repository: Write) -> None:
    text = METHOD.replace("lr=0.1), 10)", "lr=0.1), len(open('x').read()))")
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    (schedule,) = training.schedules
    assert schedule.curve_gap is not None and "open('x').read()" in dict(schedule.curve_gap.arguments)["names"]


LOOP = """
import math, torch
from model import Net

def adjust(optimizer, epoch, base, epochs=20):
    lr = base
    if epoch < 5:
        lr *= (epoch + 1) / 5
    else:
        lr *= RULE
    for group in optimizer.param_groups:
        group["lr"] = lr

net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    adjust(optimizer, epoch, 0.2)
    _, loss = net(torch.ones(2, 2), torch.ones(2, 2))
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("0.5 * (1 + math.cos(math.pi * epoch / epochs))", 0.00123),
        ("0.1 ** (epoch // 10)", 0.02),
        ("group['lr']", None),
    ],
)
def test_a_rate_that_a_function_works_out_in_branches_has_a_curve_over_the_loop(
    repository: Write, rule: str, last: float | None
) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": LOOP.replace("RULE", rule)})).training
    curves = [schedule.curve for schedule in training.schedules if schedule.curve]
    if last is None:
        assert not curves
        return
    assert curves[0][0] == (0, pytest.approx(0.04)) and curves[0][4] == (4, pytest.approx(0.2))
    assert curves[0][-1] == (19, pytest.approx(last, abs=1e-5))


LAMBDA = """
import torch
from model import Net

def factor(step):
    return min(1.0, (step + 1) / WARM)

WARM = 8
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, GIVEN)
for step in range(20):
    _, loss = net(torch.ones(2, 2), torch.ones(2, 2))
    loss.backward()
    optimizer.step()
    scheduler.step()
"""


@pytest.mark.parametrize("given", ["factor", "lr_lambda=lambda step: min(1.0, (step + 1) / WARM)"])
def test_a_factor_that_a_scheduler_is_handed_has_a_curve(repository: Write, given: str) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": LAMBDA.replace("GIVEN", given)})).training
    (schedule,) = training.schedules
    assert schedule.formula == "0.2 * min(1.0, (step + 1) / WARM)" and schedule.set_at is None
    assert schedule.curve[0] == (1, pytest.approx(0.05)) and schedule.curve[-1] == (40, 0.2)


def test_the_settings_that_a_function_of_the_step_reads_stand_beside_its_curve(repository: Write) -> None:
    text = LAMBDA.replace("scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, GIVEN)\n", "")
    text = text.replace("    scheduler.step()", "    optimizer.param_groups[0]['lr'] = factor(step)")
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    (schedule,) = training.schedules
    assert schedule.curve and schedule.kind == "run.py:factor"
    assert [(name, getattr(value, "value", None)) for name, _, value in schedule.arguments] == [("WARM", 8)]


SHARE = """
import math, torch
from model import Net

def rate_at(step, steps, peak):
    return peak * RULE

net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
batches = open("x").readlines()
for step in range(len(batches)):
    optimizer.param_groups[0]["lr"] = rate_at(step, len(batches), 0.2)
    _, loss = net(torch.ones(2, 2), torch.ones(2, 2))
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [("(1 - 0.5 * (step / steps))", True), ("(1 - 0.5 * step / steps)", True), ("(1 - step / (steps + 1))", False)],
)
def test_a_rate_of_the_share_that_is_done_has_a_curve_in_percent(repository: Write, rule: str, is_told: bool) -> None:
    (training,) = derive(repository({"model.py": MODEL, "run.py": SHARE.replace("RULE", rule)})).training
    (schedule,) = training.schedules
    assert bool(schedule.curve) is is_told
    if is_told:
        assert (
            schedule.in_percent
            and schedule.counter == "100 * step / steps"
            and [name for name, _, _ in schedule.arguments] == ["peak"]
        )
        assert schedule.curve[0] == (0, 0.2) and schedule.curve[-1] == (100, pytest.approx(0.1))


def test_each_of_two_schedulers_has_the_rate_of_its_own_optimizer(repository: Write) -> None:
    text = LAMBDA.replace("LambdaLR(optimizer, GIVEN)", "StepLR(optimizer, 5)").replace(
        "scheduler =", "other = torch.optim.SGD(net.parameters(), lr=0.7)\nsecond = "
        "torch.optim.lr_scheduler.StepLR(other, 5)\nscheduler =", 1,
    ).replace("    scheduler.step()", "    other.step()\n    scheduler.step()\n    second.step()")  # fmt: skip
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    assert [schedule.curve[0][1] for schedule in training.schedules] == [0.7, 0.2]


def test_a_cosine_over_an_unknown_number_of_steps_has_a_curve_in_percent(repository: Write) -> None:
    given = "torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(open('x').read()), eta_min=0.02)"
    text = LAMBDA.replace("torch.optim.lr_scheduler.LambdaLR(optimizer, GIVEN)", given)
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    (schedule,) = training.schedules
    assert schedule.counter == "100 * step / len(open('x').read())"
    assert schedule.curve[0] == (0, 0.2) and schedule.curve[-1] == (100, pytest.approx(0.02))


@pytest.mark.parametrize(
    ("given", "is_warm_up"),
    [("total_iters=9", True), ("1e-8, 1.0, 9", True), ("start_factor=1.0, end_factor=0.1, total_iters=9", False)],
)
def test_a_straight_line_is_a_warm_up_where_it_rises(repository: Write, given: str, is_warm_up: bool) -> None:
    given = f"torch.optim.lr_scheduler.LinearLR(optimizer, {given})"
    text = LAMBDA.replace("torch.optim.lr_scheduler.LambdaLR(optimizer, GIVEN)", given)
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    assert ("linear_warmup" in {feature.id for feature in training.features}) is is_warm_up
    assert (training.schedules[0].curve[0][1] < training.schedules[0].curve[-1][1]) is is_warm_up


def test_a_value_that_rests_on_a_setting_and_on_a_run_says_what_it_is_made_of(repository: Write) -> None:
    given = "torch.optim.lr_scheduler.StepLR(optimizer, every, 0.5)\nrun = None"
    text = LAMBDA.replace("torch.optim.lr_scheduler.LambdaLR(optimizer, GIVEN)", given)
    text = text.replace("scheduler =", "batches = open('x').readlines()\nevery = WARM * len(batches)\nscheduler =", 1)
    (training,) = derive(repository({"model.py": MODEL, "run.py": text})).training
    (size,) = [value for name, _, value in training.schedules[0].arguments if name == "step_size"]
    assert not isinstance(size, Known) and size.reason == "rests_on_open"
    told = dict(size.arguments)
    assert (told["expression"], told["open"]) == ("WARM * len(open('x').readlines())", "open('x').readlines()")
    assert told["known"] == "WARM = 8 (run.py:7)"
