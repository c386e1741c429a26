"""Times and sizes by measurement: medians with their spread, after a warm-up, on any device."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

import torch
from torch import nn


@dataclass(frozen=True)
class Measured:
    """The middle of several measurements, and between which values their middle half lies."""

    median: float
    low: float
    high: float
    repeats: int

    def scaled(self, factor: float) -> Measured:
        return Measured(self.median * factor, self.low * factor, self.high * factor, self.repeats)

    def shifted(self, seconds: float) -> Measured:
        return Measured(self.median + seconds, self.low + seconds, self.high + seconds, self.repeats)

    def __str__(self) -> str:
        return f"{self.median:.4g} ({self.low:.4g} to {self.high:.4g})"


def summarize(values: list[float]) -> Measured:
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
    return Measured(median(values), low, high, len(values))


def measure_seconds(action: Callable[[], object], device: torch.device, repeats: int = 5, warm_up: int = 1) -> Measured:
    """The duration of `action`; a GPU is waited for, because it works behind the program's back."""
    for _ in range(warm_up):
        action()
    durations = []
    for _ in range(repeats):
        synchronize(device)
        began = time.perf_counter()
        action()
        synchronize(device)
        durations.append(time.perf_counter() - began)
    return summarize(durations)


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def peak_memory(device: torch.device) -> int:
    """The most bytes held so far: tensors on a GPU, the whole process on the CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kilobytes


def stored_bytes(model: nn.Module) -> int:
    """What the parameters and buffers take in memory, shared storage once."""
    tensors = {tensor.data_ptr(): tensor for tensor in (*model.parameters(), *model.buffers())}
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def bytes_for_backward(forward: Callable[[], object]) -> int:
    """What autograd keeps of a forward pass for its backward pass, each storage once: counted, not estimated."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = forward()  # alive until the hooks end, so that no storage is used twice
    del result
    return sum(kept.values())
