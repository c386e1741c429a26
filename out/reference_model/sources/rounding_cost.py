"""What linear layers in eight bits save and cost, by measurement: file, speed, loss, and the logits themselves."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from reference_model.checkpoint import write_weights
from reference_model.config import TrainingConfig
from reference_model.errors import UserError
from reference_model.measurement import Measured, measure_seconds
from reference_model.model import GPT
from reference_model.quantize import quantize_model
from reference_model.tokenizer import Tokenizer
from reference_model.train import evaluate


@dataclass(frozen=True)
class Comparison:
    """The same model before and after; losses in nats per token on the same batches."""

    file_bytes: tuple[int, int]
    prefill_seconds: tuple[Measured, Measured]
    loss: tuple[float, float]
    logit_error: float  # root of the mean squared difference, over that of the logits around their mean
    changed_tokens: float  # share of positions whose likeliest token is another


@torch.no_grad()
def compare(model: GPT, tokenizer: Tokenizer, tokens: Tensor, folder: Path, repeats: int = 5) -> Comparison:
    """Quantize a copy, save both into `folder` for `load_model`, run both on `tokens` (N,)."""
    device = next(model.parameters()).device
    small = quantize_model(copy.deepcopy(model)).eval()
    make_folder(folder)
    sizes = [
        write_weights(folder / name, each, tokenizer) for each, name in ((model, "float32.pt"), (small, "int8.pt"))
    ]
    length = min(model.config.context_length, len(tokens) - 1)
    x = tokens[None, :length].to(device)  # (1, T)
    times = [measure_seconds(partial(each.eval(), x, x), device, repeats) for each in (model, small)]
    whole, rounded = (F.log_softmax(each.eval()(x, x)[0][0].float(), dim=-1) for each in (model, small))  # (T, V)
    config = TrainingConfig(batch_size=8, eval_batches=8)
    losses = [evaluate(each, tokens, config, device) for each in (model, small)]
    spread = float((whole - whole.mean(dim=-1, keepdim=True)).pow(2).mean().sqrt())
    return Comparison(
        file_bytes=(sizes[0], sizes[1]),
        prefill_seconds=(times[0], times[1]),
        loss=(losses[0], losses[1]),
        logit_error=float((whole - rounded).pow(2).mean().sqrt()) / spread,
        changed_tokens=float((whole.argmax(-1) != rounded.argmax(-1)).float().mean()),
    )


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"{folder}: cannot be made: {problem.strerror}") from None


def describe(comparison: Comparison) -> str:
    (large, small), (slow, fast) = comparison.file_bytes, comparison.prefill_seconds
    before, after = comparison.loss
    ratio = fast.median / slow.median
    return "\n".join(
        (
            f"{'':<28}{'float32':>26}{'int8':>26}",
            f"{'file, bytes':<28}{large:>26,}{small:>26,}   x {small / large:.2f}",
            f"{'prefill, ms':<28}{slow.scaled(1000)!s:>26}{fast.scaled(1000)!s:>26}   x {ratio:.2f}",
            f"{'loss, nats per token':<28}{before:>26.4f}{after:>26.4f}   {after - before:+.4f}",
            f"relative error of the logits {comparison.logit_error:.4f}; "
            f"the likeliest token is another at {comparison.changed_tokens:.2%} of the positions",
        )
    )
