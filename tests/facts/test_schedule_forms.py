"""Curves of library schedulers by their formulas: equal to torch's own, and of the documented form with a warm-up."""

from __future__ import annotations

import pytest
import torch

from analyzer.facts.schedule_forms import closed_form

RATE = 0.3


def rates_of_torch(name: str, arguments: dict[str, object], count: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **arguments)
    found = []
    for _ in range(count):
        found.append(float(scheduler.get_last_lr()[0]))
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("CosineAnnealingLR", {"T_max": 20}),
        ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
        ("StepLR", {"step_size": 7, "gamma": 0.5}),
        ("MultiStepLR", {"milestones": [5, 8, 12], "gamma": 0.1}),
        ("LinearLR", {"start_factor": 0.1, "total_iters": 16}),
        ("LinearLR", {"start_factor": 1.0, "end_factor": 0.2, "total_iters": 16}),
        ("PolynomialLR", {"total_iters": 16, "power": 2.0}),
    ],
)
def test_the_curve_is_torchs_own(name: str, arguments: dict[str, object]) -> None:
    curve = closed_form(name, arguments, RATE)
    expected = rates_of_torch(name, arguments, len(curve))
    assert len(curve) > 10
    assert [rate for _, rate in curve] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["get_linear_schedule_with_warmup", "get_cosine_schedule_with_warmup"])
def test_a_warm_up_rises_to_the_base_rate_and_ends_at_nought(name: str) -> None:
    curve = dict(closed_form(name, {"num_warmup_steps": 10, "num_training_steps": 50}, RATE))
    assert (curve[0], curve[5], curve[10]) == pytest.approx((0.0, RATE / 2, RATE))
    assert curve[30] == pytest.approx(RATE / 2) and curve[50] == pytest.approx(0.0)


@pytest.mark.parametrize("floor", [{"min_lr_rate": 0.1}, {"min_lr": RATE / 10}, {"min_lr_rate": 0.1, "min_lr": None}])
def test_a_wave_with_a_floor_ends_at_it(floor: dict[str, object]) -> None:
    given = {"num_warmup_steps": 10, "num_training_steps": 50, **floor}
    curve = dict(closed_form("get_cosine_with_min_lr_schedule_with_warmup", given, RATE))
    assert (curve[0], curve[5], curve[10]) == pytest.approx((0.0, RATE / 2, RATE))
    assert (curve[30], curve[50]) == pytest.approx((RATE * 0.55, RATE / 10))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_cosine_with_min_lr_schedule_with_warmup", {"num_warmup_steps": 10, "num_training_steps": 50}),
        ("get_cosine_schedule_with_warmup", {"num_warmup_steps": 10, "num_training_steps": 50, "num_cycles": 2}),
        ("get_cosine_schedule_with_warmup", {"num_warmup_steps": 10}),
        ("MultiStepLR", {"milestones": ["a"]}),
        ("OneCycleLR", {"max_lr": 1.0}),
    ],
)
def test_what_the_formula_does_not_cover_has_no_curve(name: str, arguments: dict[str, object]) -> None:
    assert closed_form(name, arguments, RATE) == ()
