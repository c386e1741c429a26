"""`feed-forward`: ReLU, GELU and SwiGLU at equal parameters, trained alike."""

from __future__ import annotations

from statistics import mean
from typing import get_args

from reference_model.config import Activation, ModelConfig
from reference_model.figures import bars
from reference_model.lab.experiment import Outcome, fit, load_tokens, loss_at, spread

WIDTH = {"relu": 264, "gelu": 264, "swiglu": 176}  # 2 * 264 = 3 * 176: a gate is a third matrix
LENGTH = 32


def run(steps: int, seeds: int) -> Outcome:
    training, validation, vocab_size = load_tokens()
    rows = []
    for activation in get_args(Activation):
        config = ModelConfig(vocab_size, LENGTH, 64, 2, 4, 4, WIDTH[activation], activation=activation)
        models = [fit(config, training, steps, LENGTH, seed) for seed in range(seeds)]
        losses = [loss_at(model, validation, LENGTH) for model in models]
        rows.append((activation, WIDTH[activation], models[0].num_parameters(), mean(losses), spread(losses)))
    return Outcome(
        title=f"Feed-forward layers at equal parameters, {steps} steps, {seeds} seed(s)",
        columns=("activation", "d_ff", "parameters", "validation loss", "std"),
        rows=tuple(rows),
        shows="the losses of this run; a difference within the spread over seeds is none.",
        does_not_show="which is better at scale (Shazeer, 2020 measures that): few steps of a small model say little.",
        panels=(bars("Validation loss", "nats per token", {row[0]: row[3] for row in rows}),),
    )
