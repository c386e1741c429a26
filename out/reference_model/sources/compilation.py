"""torch.compile, tried on one addition first: a machine that cannot compile says so before the training begins."""

from __future__ import annotations

import torch
from torch import nn

from reference_model.errors import UserError


def compile_network(network: nn.Module, device: torch.device) -> nn.Module:
    """The network with its forward and backward pass fused at the first call of each shape."""
    try:
        torch.compile(add_one)(torch.zeros(2, device=device))
    except Exception as problem:  # what a compiler chain raises is its own affair; the reason is in the first line
        reason = next(iter(str(problem).splitlines()), type(problem).__name__)
        raise UserError(
            f"--compile: torch cannot compile for {device} on this machine ({reason}); "
            "a CPU needs a C++ compiler such as g++, a GPU triton"
        ) from None
    compiled: nn.Module = torch.compile(network)  # type: ignore[assignment]  # it has the same call
    return compiled


def add_one(x: torch.Tensor) -> torch.Tensor:
    return x + 1
