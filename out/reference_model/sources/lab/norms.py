"""`norms`: LayerNorm and RMSNorm: parameters, and the time of a forward and backward pass."""

from __future__ import annotations

import torch
from torch import nn

from reference_model.figures import bars
from reference_model.lab.experiment import Outcome
from reference_model.measurement import measure_seconds
from reference_model.model import RMSNorm

WIDTH = 512


def run(steps: int, seeds: int) -> Outcome:
    """Medians over `steps` runs of each layer on the same input."""
    x = torch.randn(4, 64, WIDTH, generator=torch.Generator().manual_seed(0), requires_grad=True)  # (B, T, C)
    rows = []
    layers = {"LayerNorm (fused)": nn.LayerNorm(WIDTH), "RMSNorm (fused)": nn.RMSNorm(WIDTH, eps=1e-5)}
    for name, norm in (*layers.items(), ("RMSNorm (this package)", RMSNorm(WIDTH, 1e-5))):
        measured = measure_seconds(lambda norm=norm: norm(x).sum().backward(), x.device, max(3, steps), 2)  # type: ignore[misc]
        milliseconds = measured.scaled(1000)
        rows.append(
            (name, sum(p.numel() for p in norm.parameters()), milliseconds.median, milliseconds.low, milliseconds.high)
        )
    return Outcome(
        title=f"Normalisation of (4, 64, {WIDTH}), forward and backward, {max(3, steps)} runs",
        columns=("layer", "parameters", "ms, median", "from", "to"),
        rows=tuple(rows),
        shows="RMSNorm has half the parameters; how long each takes here, where fused and written forms differ more "
        "than the two formulas do.",
        does_not_show="the share of a whole model's time, or the times of another device.",
        panels=(bars("Forward and backward", "ms", {row[0]: row[2] for row in rows}),),
    )
