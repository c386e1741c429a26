"""Fine-tuning with few new parameters beside frozen ones: low-rank updates (LoRA) and bottleneck adapters.

Both begin as the identity: a model that was just given them computes what it computed before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from reference_model.errors import UserError
from reference_model.model import GPT, Block

LORA_TARGETS = ("query", "value")  # the projections that Hu et al. (2021, section 7.1) recommend for a small budget


class LoRALinear(nn.Module):
    """y = x W^T + scale * (x A^T) B^T with W frozen and A, B of rank r (Hu et al., 2021).

    B starts at zero, so that training starts from the model as it was; scale = alpha / r keeps the size of the update
    when r is changed. Shapes: W (out, in), A (r, in), B (out, r).
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        if not 1 <= rank <= min(linear.in_features, linear.out_features):
            smallest = min(linear.in_features, linear.out_features)
            raise UserError(f"a LoRA rank must lie between 1 and {smallest} here, not {rank}")
        self.linear = linear
        self.scale = alpha / rank
        self.down = nn.Parameter(linear.weight.new_empty(rank, linear.in_features))  # A (r, in)
        self.up = nn.Parameter(linear.weight.new_zeros(linear.out_features, rank))  # B (out, r)
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))  # as nn.Linear and the authors' loralib do

    def forward(self, x: Tensor) -> Tensor:
        update = (x @ self.down.T) @ self.up.T  # (..., in) -> (..., r) -> (..., out)
        out: Tensor = self.linear(x) + self.scale * update  # (..., out)
        return out

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """The plain layer with the update added to its weight: the same function, no extra work per token."""
        self.linear.weight += self.scale * (self.up @ self.down)  # (out, in)
        return self.linear


class Adapter(nn.Module):
    """x + up(ReLU(down(x))): a narrow layer after a frozen one (Houlsby et al., 2019); `up` starts at zero."""

    def __init__(self, d_model: int, width: int) -> None:
        super().__init__()
        if width < 1:
            raise UserError(f"an adapter's width must be at least 1, not {width}")
        self.down = nn.Linear(d_model, width)
        self.up = nn.Linear(width, d_model)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.down(x))  # (B, T, width)
        out: Tensor = x + self.up(hidden)  # (B, T, C)
        return out


def add_lora(model: GPT, rank: int, alpha: float | None = None, targets: Sequence[str] = LORA_TARGETS) -> GPT:
    """Freeze `model` and put a low-rank update beside each of its attention's `targets`; alpha defaults to 2 * rank."""
    model.requires_grad_(False)
    for block in find_blocks(model):
        for name in targets:
            linear = getattr(block.attention, name, None)
            if not isinstance(linear, nn.Linear):
                raise UserError(f"the attention has no linear layer {name!r}")
            setattr(block.attention, name, LoRALinear(linear, rank, 2.0 * rank if alpha is None else alpha))
    return model


def add_adapters(model: GPT, width: int) -> GPT:
    """Freeze `model` and put an adapter after each attention and feed-forward layer, inside the residual branch."""
    model.requires_grad_(False)
    like = model.token_embedding.weight
    for block in find_blocks(model):
        for name in ("attention", "feed_forward"):
            adapter = Adapter(model.config.d_model, width).to(like.device, like.dtype)
            getattr(block, name).register_module("adapter", adapter)
            getattr(block, name).register_forward_hook(apply_adapter)
    return model


def apply_adapter(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
    adapter = module.get_submodule("adapter")
    out: Tensor = adapter(output)
    return out


def merge_lora(model: GPT) -> GPT:
    """Turn every LoRA layer back into a plain one; the model then has the form that any checkpoint has."""
    for block in find_blocks(model):
        for name, layer in list(block.attention.named_children()):
            if isinstance(layer, LoRALinear):
                setattr(block.attention, name, layer.merged())
    return model.requires_grad_(True)


def find_blocks(model: GPT) -> list[Block]:
    return [block for block in model.modules() if isinstance(block, Block)]


def count_trainable(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
