"""Learning rates over steps for schedulers of libraries, by the formulas that their manuals give, from the arguments
that the code gives. A form that needs anything else has no curve.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

CURVE_POINTS = 200
Curve = tuple[tuple[int, float], ...]
Given = Mapping[str, object]
Form = tuple[int, Callable[[int], float]]
"""Last step, and the factor of the base rate at a step."""


def closed_form(name: str, values: Given, rate: float) -> Curve:
    """(step, rate) pairs of a scheduler, empty where its formula is not known or lacks an argument."""
    form = FORMS[name](values, rate) if name in FORMS else None
    return tuple((step, rate * form[1](step)) for step in sample_steps(form[0])) if form is not None else ()


def sample_steps(last: int) -> list[int]:
    """At most some two hundred steps from 0 to `last`."""
    if last <= CURVE_POINTS:
        return list(range(last + 1))
    return sorted({round(last * place / CURVE_POINTS) for place in range(CURVE_POINTS + 1)})


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _cosine_annealing(values: Given, rate: float) -> Form | None:
    period, low = _whole(values.get("T_max")), _number(values.get("eta_min", 0.0))
    if period is None or low is None or not rate:
        return None
    return period, lambda step: (low + (rate - low) * (1 + math.cos(math.pi * step / period)) / 2) / rate


def _steps(values: Given, rate: float) -> Form | None:
    size, gamma = _whole(values.get("step_size")), _number(values.get("gamma", 0.1))
    return None if size is None or gamma is None else (size * 4, lambda step: gamma ** (step // size))


def _milestones(values: Given, rate: float) -> Form | None:
    given, gamma = values.get("milestones"), _number(values.get("gamma", 0.1))
    places = [p for p in given if _whole(p)] if isinstance(given, (list, tuple)) else []
    if not places or gamma is None or len(places) != len(given if isinstance(given, (list, tuple)) else ()):
        return None
    return max(places) * 5 // 4, lambda step: gamma ** sum(place <= step for place in places)


def _linear(values: Given, rate: float) -> Form | None:
    """From one factor to the other in equal steps, then on at the latter."""
    first, last = _number(values.get("start_factor", 1.0 / 3)), _number(values.get("end_factor", 1.0))
    count = _whole(values.get("total_iters", 5))
    if first is None or last is None or count is None:
        return None
    return count * 5 // 4, lambda step: first + (last - first) * min(step, count) / count


def _polynomial(values: Given, rate: float) -> Form | None:
    count, power = _whole(values.get("total_iters", 5)), _number(values.get("power", 1.0))
    return None if count is None or power is None else (count, lambda step: (1 - min(step, count) / count) ** power)


def _warmed(values: Given, decay: Callable[[float], float]) -> Form | None:
    """Linear from nought over the warm-up, then `decay` over the share of the rest that is done."""
    last, warm = _whole(values.get("num_training_steps")), values.get("num_warmup_steps")
    if last is None or type(warm) is not int or warm < 0 or set(values) & {"num_cycles", "last_epoch"}:
        return None
    start = warm
    return (
        last,
        lambda step: step / max(1, start) if step < start else max(0.0, decay((step - start) / max(1, last - start))),
    )


def _warmed_to_a_floor(values: Given, rate: float) -> Form | None:
    """A half wave that ends at `min_lr_rate` of the base rate, or at `min_lr`; just one of the two is given."""
    shares = [_number(values[name]) for name in ("min_lr_rate", "min_lr") if values.get(name) is not None]
    if len(shares) != 1 or shares[0] is None or not rate or values.get("warmup_lr_rate") is not None:
        return None
    floor = shares[0] if values.get("min_lr_rate") is not None else shares[0] / rate
    return _warmed(values, lambda done: 0.5 * (1 + math.cos(math.pi * done)) * (1 - floor) + floor)


FORMS: dict[str, Callable[[Given, float], Form | None]] = {
    "CosineAnnealingLR": _cosine_annealing,
    "StepLR": _steps,
    "MultiStepLR": _milestones,
    "LinearLR": _linear,
    "PolynomialLR": _polynomial,
    "get_linear_schedule_with_warmup": lambda values, rate: _warmed(values, lambda done: 1 - done),
    "get_cosine_schedule_with_warmup": lambda values, rate: _warmed(
        values, lambda done: 0.5 * (1 + math.cos(math.pi * done))
    ),
    "get_cosine_with_min_lr_schedule_with_warmup": _warmed_to_a_floor,
}
