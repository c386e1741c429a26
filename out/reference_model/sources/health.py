"""Signs that a training run goes well or badly: norms of gradients and weights, hidden units that never fire.

It measures a model as it is; what to do about it is the reader's decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from reference_model.model import FeedForward, SwiGLU

DEAD_BELOW = 1e-6  # an activation that stays smaller than this moves nothing behind it


def find_parts(model: nn.Module) -> Iterator[tuple[str, list[nn.Parameter]]]:
    """The parameters by part: each block of a list of blocks by itself, every other child as a whole."""
    seen: set[int] = set()
    for name, child in model.named_children():
        parts = child.named_children() if isinstance(child, nn.ModuleList) else [("", child)]
        for index, part in parts:
            own = [parameter for parameter in part.parameters() if id(parameter) not in seen]
            seen |= {id(parameter) for parameter in own}
            if own:  # a tied matrix belongs to the part that comes first
                yield f"{name}.{index}" if index else name, own


def gradient_norms(model: nn.Module) -> dict[str, float]:
    """The norm of each part's gradient as the optimizer saw it: after clipping; nothing before the first step."""
    norms = {}
    for name, parameters in find_parts(model):
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if gradients:
            norms[name] = float(nn.utils.get_total_norm(gradients))
    return norms


def weight_norm(model: nn.Module) -> float:
    """The norm of all parameters as one long vector."""
    return float(nn.utils.get_total_norm([parameter.detach() for parameter in model.parameters()]))


@contextmanager
def record_dead_units(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Per feed-forward layer (F,), True for each hidden unit that stayed at zero in every forward pass in `with`."""
    dead: dict[str, Tensor] = {}

    def record(name: str, hidden: Tensor) -> None:
        quiet = (hidden.detach().abs() < DEAD_BELOW).flatten(0, -2).all(dim=0)  # (..., F) -> (F,)
        dead[name] = dead[name] & quiet if name in dead else quiet

    def hook(name: str) -> Any:
        return lambda module, arguments: record(name, arguments[0])

    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, (FeedForward, SwiGLU))}
    handles = [layer.down.register_forward_pre_hook(hook(name)) for name, layer in layers.items()]
    try:
        yield dead
    finally:
        for handle in handles:
            handle.remove()


def dead_share(dead: dict[str, Tensor]) -> float:
    """The share of hidden units that are dead; 0 where nothing was recorded."""
    return float(torch.cat(list(dead.values())).float().mean()) if dead else 0.0
