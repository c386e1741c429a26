"""The learning rate of each step: a linear warm-up, then one of four ways down.

It is a function of the step alone, so that a resumed run needs no state for it.
"""

from __future__ import annotations

import math

from reference_model.config import Schedule, TrainingConfig


def learning_rate_at(step: int, config: TrainingConfig) -> float:
    """Linear warm-up to the peak, then from the peak down to the minimum as `config.schedule` says."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    progress = min(1.0, (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps))  # from 0 to 1
    height = height_at(progress, config.schedule, config.restarts)
    return config.min_learning_rate + height * (config.learning_rate - config.min_learning_rate)


def height_at(progress: float, schedule: Schedule, restarts: int) -> float:
    """How much of the way from the minimum to the peak is left: 1 at the start, 0 at the end."""
    if schedule == "constant":
        return 1.0
    if schedule == "linear":
        return 1.0 - progress
    if schedule == "restarts" and progress < 1.0:  # SGDR: Loshchilov & Hutter, 2017, with equal cycles
        progress = progress * restarts % 1.0
    return 0.5 * (1 + math.cos(math.pi * progress))  # half a cosine (Loshchilov & Hutter, 2017)
