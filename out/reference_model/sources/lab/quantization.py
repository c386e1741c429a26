"""`quantization`: the error of eight and fewer bits, of weights and of the bundled model's loss."""

from __future__ import annotations

import torch
from torch import nn

from reference_model.checkpoint import load_model
from reference_model.data import ASSETS, load_text
from reference_model.figures import lines
from reference_model.lab.experiment import Outcome, loss_at

BITS = (8, 6, 5, 4, 3, 2)
BATCHES = 2


@torch.no_grad()
def run(steps: int, seeds: int) -> Outcome:
    """Weights of all linear layers rounded row by row; activations stay as they are."""
    rows = []
    whole, tokenizer = load_model(ASSETS / "tiny.pt", torch.device("cpu"))
    text = load_text("opticks")
    validation = torch.tensor(tokenizer.encode(text[len(text) * 9 // 10 :]))
    length = whole.config.context_length
    baseline = loss_at(whole.eval(), validation, length, BATCHES)
    for bits in BITS:
        model, _ = load_model(ASSETS / "tiny.pt", torch.device("cpu"))
        errors = [round_weight(layer, bits) for layer in model.modules() if isinstance(layer, nn.Linear)]
        loss = loss_at(model.eval(), validation, length, BATCHES)
        rows.append((bits, sum(errors) / len(errors), loss, loss - baseline))
    curve = {"loss": ([float(row[0]) for row in rows], [row[2] for row in rows])}
    return Outcome(
        title=f"Rounded weights of the bundled model; its loss as it is: {baseline:.4f}",
        columns=("bits", "relative error of the weights", "validation loss", "change"),
        rows=tuple(rows),
        shows="each bit less doubles the rounding error; the loss stays flat for a while and then rises steeply.",
        does_not_show="what better rounding (per group, GPTQ, AWQ) saves, or how larger models with outliers behave.",
        panels=(lines("Loss by bits", "bits per weight", "validation loss", curve),),
    )


def round_weight(layer: nn.Linear, bits: int) -> float:
    """Round in place to 2^bits - 1 levels per output row; returns the relative error."""
    weight = layer.weight
    scale = weight.abs().amax(dim=-1, keepdim=True) / (2 ** (bits - 1) - 1)  # (out, 1)
    rounded = (weight / scale).round() * scale  # (out, in)
    error = float((rounded - weight).norm() / weight.norm())
    weight.copy_(rounded)
    return error
