"""Linear layers in eight bits; what that saves and costs is measured in rounding_cost.py.

Weights are rounded once, one scale per output row; activations when they arrive, one scale per token (vector-wise
quantization: Dettmers et al., 2022, section 3.1). The product is of integers and exact; only the rounding loses.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reference_model.model import GPT

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


def is_quantized(model: nn.Module) -> bool:
    return any(isinstance(module, Int8Linear) for module in model.modules())
