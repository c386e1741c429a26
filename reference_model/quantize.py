"""Linear layers in eight bits: what it saves and what it costs, by measurement.

Weights are rounded once, one scale per output row; activations when they arrive, one scale per token (vector-wise
quantization: Dettmers et al., 2022, section 3.1). The product is of integers and exact; only the rounding loses.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reference_model.config import TrainingConfig
from reference_model.errors import UserError
from reference_model.measurement import Measured, measure_seconds
from reference_model.model import GPT
from reference_model.tokenizer import Tokenizer

LARGEST = 127  # symmetric: -128 is not used, so that a sign changes nothing


def round_rows(x: Tensor) -> tuple[Tensor, Tensor]:
    """Each row of `x` (N, K) as int8 (N, K) and its scale (N, 1): x = int8 * scale, up to half a scale."""
    scale = (x.abs().amax(dim=-1, keepdim=True) / LARGEST).clamp(min=torch.finfo(torch.float32).tiny)
    return (x / scale).round().to(torch.int8), scale


class Int8Linear(nn.Module):
    """A linear layer whose weight is int8 and whose inputs become int8 on the way in."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = round_rows(linear.weight.detach().float())
        self.register_buffer("weight", weight)  # (out, in), int8
        self.register_buffer("scale", scale.squeeze(-1))  # (out,)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().float())

    def forward(self, x: Tensor) -> Tensor:
        rows, row_scale = round_rows(x.float().reshape(-1, x.size(-1)))  # (N, in), (N, 1)
        y = multiply_integers(rows, self.weight.T).float() * row_scale * self.scale  # (N, out)
        y = y if self.bias is None else y + self.bias
        return y.view(*x.shape[:-1], -1).type_as(x)


def multiply_integers(a: Tensor, b: Tensor) -> Tensor:
    """A @ b (N, K) x (K, M) in int32: by torch's kernel on the CPU, in float64, which is exact too, elsewhere."""
    if a.device.type == "cpu":
        return torch._int_mm(a, b.contiguous())
    return (a.double() @ b.double()).to(torch.int32)


def quantize_model(model: GPT) -> GPT:
    """Every linear layer in place, but for a head that is tied to the embedding, which stays as it is."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            is_tied = child is model.head and model.config.tie_weights
            if isinstance(child, nn.Linear) and not is_tied:
                setattr(parent, name, Int8Linear(child))
    return model


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
    from reference_model.checkpoint import write_weights
    from reference_model.train import evaluate

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


def is_quantized(model: nn.Module) -> bool:
    return any(isinstance(module, Int8Linear) for module in model.modules())


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
