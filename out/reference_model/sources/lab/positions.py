"""`positions`: learned, sinusoidal and rotary positions, trained on short windows and measured on longer ones."""

from __future__ import annotations

from statistics import mean
from typing import get_args

from reference_model.config import ModelConfig, Position
from reference_model.figures import lines
from reference_model.lab.experiment import Outcome, fit, load_tokens, loss_at, spread

TRAINED = 32
LENGTHS = (16, 32, 64, 128)


def run(steps: int, seeds: int) -> Outcome:
    training, validation, vocab_size = load_tokens()
    rows = []
    curves = {}
    for position in get_args(Position):
        config = ModelConfig(vocab_size, max(LENGTHS), 64, 2, 4, 4, 176, position=position)
        models = [fit(config, training, steps, TRAINED, seed) for seed in range(seeds)]
        losses = [[loss_at(model, validation, length) for model in models] for length in LENGTHS]
        rows.append(
            (position, *(mean(each) for each in losses), spread([each[0] for each in zip(*losses, strict=True)]))
        )
        curves[position] = ([float(length) for length in LENGTHS], [mean(each) for each in losses])
    return Outcome(
        title=f"Validation loss by window length; trained on windows of {TRAINED} for {steps} steps, {seeds} seed(s)",
        columns=("position", *(f"T = {length}" for length in LENGTHS), "std at the first"),
        rows=tuple(rows),
        shows="what each encoding does at lengths that training did not show: learned rows beyond the trained one are "
        "still those of the initialisation, sinusoids and rotations are functions and go on.",
        does_not_show="how large, fully trained models extrapolate, or what methods made for it (ALiBi, YaRN) reach.",
        panels=(lines("Beyond the trained length", "window length", "validation loss", curves, log="x"),),
    )
