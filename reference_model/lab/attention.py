"""`attention`: softmax(QK^T / sqrt(D)) V one operation at a time, each step with its shape and its numbers."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from reference_model.figures import heat
from reference_model.lab.experiment import Outcome
from reference_model.model import causal_mask


def run(steps: int, seeds: int) -> Outcome:
    """Six positions, 64 features; `steps` and `seeds` change nothing here."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 1, 6, 64, generator=generator)  # (B, H, T, D) each
    scores = q @ k.transpose(-2, -1)  # (B, H, T, T)
    scaled = scores / math.sqrt(q.size(-1))
    masked = scaled.masked_fill(~causal_mask(6, 6, q.device), float("-inf"))
    weights = F.softmax(masked, dim=-1)
    output = weights @ v  # (B, H, T, D)
    fused = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    unscaled = F.softmax(scores.masked_fill(~causal_mask(6, 6, q.device), float("-inf")), dim=-1)
    visible = masked.isfinite()
    steps_taken = [
        ("q, k, v", q),
        ("scores = q k^T", scores),
        ("scaled = scores / sqrt(D)", scaled),
        ("weights", weights),
    ]
    steps_taken.append(("output = weights v", output))
    rows: list[tuple[Any, ...]] = [
        (name, str(tuple(x.shape)), float(x.std()), float(x.min()), float(x.max())) for name, x in steps_taken
    ]
    rows.append(("largest weight in the last row, scaled", "", "", "", float(weights[0, 0, -1].max())))
    rows.append(("the same without scaling", "", "", "", float(unscaled[0, 0, -1].max())))
    rows.append(("difference to torch's fused kernel", "", "", "", float((output - fused).abs().max())))
    return Outcome(
        title=f"Attention step by step; the mask leaves {int(visible.sum())} of {visible.numel()} pairs",
        columns=("step", "shape", "std", "min", "max"),
        rows=tuple(rows),
        shows="dividing by sqrt(D) brings the spread of the scores from about sqrt(D) to about 1 and keeps the softmax "
        "from putting nearly everything on one position; the steps together are torch's fused kernel up to rounding.",
        does_not_show="what trained heads attend to: queries and keys are random here.",
        panels=(
            heat("Weights, scaled", "key", "query", weights[0, 0].tolist()),
            heat("Weights, not scaled", "key", "query", unscaled[0, 0].tolist()),
        ),
    )
