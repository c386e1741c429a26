"""Is a model what it should be? Checks of any module object, each by running it.

    checks = validate(GPT(config), (tokens, targets), expected_shape=(2, 16, 78), expected_parameters=748_416)

It reports; it raises nothing about the model. An input that the model refuses is a failed check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reference_model.config import PRESETS
from reference_model.measurement import bytes_for_backward, stored_bytes
from reference_model.model import GPT


@dataclass(frozen=True)
class Check:
    name: str
    passed: bool
    detail: str


def validate(
    model: nn.Module,
    inputs: Sequence[Any],
    expected_shape: tuple[int, ...] | None = None,
    expected_parameters: int | None = None,
    expected_range: tuple[float, float] | None = None,
) -> list[Check]:
    """Forward on `inputs`, output shape, numbers and range, parameter count, gradients, memory."""
    return list(find_checks(model, inputs, expected_shape, expected_parameters, expected_range))


def find_checks(
    model: nn.Module,
    inputs: Sequence[Any],
    expected_shape: tuple[int, ...] | None,
    expected_parameters: int | None,
    expected_range: tuple[float, float] | None,
) -> Iterator[Check]:
    count = sum(parameter.numel() for parameter in model.parameters())
    if expected_parameters is not None:
        yield Check("parameters", count == expected_parameters, f"{count:,}, expected {expected_parameters:,}")
    try:
        output = first_floating(model(*inputs))
    except Exception as problem:  # whatever a foreign model raises is the finding
        yield Check("forward", False, f"{type(problem).__name__}: {problem}".splitlines()[0])
        return
    yield Check("forward", output is not None, "runs" if output is not None else "returns no floating tensor")
    if output is None:
        return
    if expected_shape is not None:
        yield Check("shape", tuple(output.shape) == expected_shape, f"{tuple(output.shape)}, expected {expected_shape}")
    yield check_finite(output)
    if expected_range is not None:
        yield check_range(output, expected_range)
    yield check_gradients(model, inputs)
    kept = bytes_for_backward(lambda: model(*inputs))
    yield Check("memory", True, f"{stored_bytes(model):,} bytes of weights, {kept:,} kept for the backward pass")


def first_floating(output: Any) -> Tensor | None:
    """The first floating tensor inside what a model returned."""
    if isinstance(output, Tensor):
        return output if output.is_floating_point() else None
    items = output.values() if isinstance(output, dict) else output if isinstance(output, (tuple, list)) else ()
    return next((found for item in items if (found := first_floating(item)) is not None), None)


def check_finite(output: Tensor) -> Check:
    broken = int((~output.isfinite()).sum())
    return Check("finite", broken == 0, f"{broken:,} of {output.numel():,} numbers are not finite")


def check_range(output: Tensor, expected: tuple[float, float]) -> Check:
    low, high = output.detach().aminmax()
    inside = expected[0] <= float(low) and float(high) <= expected[1]
    return Check(
        "range", inside, f"{float(low):.4g} to {float(high):.4g}, expected within {expected[0]:g} to {expected[1]:g}"
    )


def check_gradients(model: nn.Module, inputs: Sequence[Any]) -> Check:
    """Every trainable parameter takes part: a random weighting of the output reaches each with a non-zero gradient."""
    model.zero_grad(set_to_none=True)
    output = first_floating(model(*inputs))
    assert output is not None
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(output.shape, generator=generator).to(output.device, output.dtype)
    torch.autograd.backward((output * weights).sum())
    trainable = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    silent = [name for name, p in trainable if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    model.zero_grad(set_to_none=True)
    detail = f"reach all {len(trainable)} tensors" if not silent else f"do not reach {', '.join(silent)}"
    return Check("gradients", not silent, detail)


def validate_preset(name: str, expected_parameters: int | None = None) -> list[Check]:
    """A preset of this package on random tokens."""
    config = PRESETS[name]
    torch.manual_seed(0)
    model = GPT(config).eval()
    tokens = torch.randint(config.vocab_size, (2, min(16, config.context_length)))  # (B, T)
    shape = (*tokens.shape, config.vocab_size)
    return validate(model, (tokens, tokens), expected_shape=shape, expected_parameters=expected_parameters)
