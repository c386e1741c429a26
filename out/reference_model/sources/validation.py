"""Is a model what it should be? Checks of any module object, each by running it.

    checks = validate(GPT(config), (tokens, targets), expected_shape=(2, 16, 78), expected_parameters=748_416)

It reports; it raises nothing about the model. An input that the model refuses is a failed check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reference_model.config import PRESETS
from reference_model.measurement import bytes_for_backward, stored_bytes
from reference_model.model import GPT

NAMED = 5  # tensors without a gradient that are named


@dataclass(frozen=True)
class Check:
    name: str
    passed: bool
    detail: str


def validate(
    model: nn.Module,
    inputs: Sequence[Any],
    keywords: Mapping[str, Any] | None = None,
    expected_shape: tuple[int, ...] | None = None,
    expected_parameters: int | None = None,
    expected_range: tuple[float, float] | None = None,
) -> list[Check]:
    """Parameter count; forward on `inputs` and `keywords`, its shape, numbers and range; gradients; memory."""
    checks = [] if expected_parameters is None else [check_parameters(model, expected_parameters)]

    def call() -> Any:
        return model(*inputs, **(keywords or {}))

    try:
        output = first_floating(call())
    except Exception as problem:  # whatever a foreign model raises is the finding
        return [*checks, Check("forward", False, f"{type(problem).__name__}: {problem}".splitlines()[0])]
    if output is None:
        return [*checks, Check("forward", False, "returns no floating tensor")]
    checks += [Check("forward", True, "runs"), *check_output(output, expected_shape, expected_range)]
    return [*checks, check_gradients(model, call), check_memory(model, call)]


def check_parameters(model: nn.Module, expected: int) -> Check:
    count = sum(parameter.numel() for parameter in model.parameters())
    return Check("parameters", count == expected, f"{count:,}, expected {expected:,}")


def check_output(
    output: Tensor, expected_shape: tuple[int, ...] | None, expected_range: tuple[float, float] | None
) -> Iterator[Check]:
    """Shape, finite numbers, and the range, which is told where none is expected."""
    shape = tuple(output.shape)
    detail = str(shape) if expected_shape is None else f"{shape}, expected {expected_shape}"
    yield Check("shape", expected_shape in (None, shape), detail)
    yield check_finite(output)
    yield check_range(output, expected_range)


def first_floating(output: Any) -> Tensor | None:
    """The first floating tensor inside what a model returned."""
    if isinstance(output, Tensor):
        return output if output.is_floating_point() else None
    items = output.values() if isinstance(output, dict) else output if isinstance(output, (tuple, list)) else ()
    return next((found for item in items if (found := first_floating(item)) is not None), None)


def check_finite(output: Tensor) -> Check:
    broken = int((~output.isfinite()).sum())
    return Check("finite", broken == 0, f"{broken:,} of {output.numel():,} numbers are not finite")


def check_range(output: Tensor, expected: tuple[float, float] | None) -> Check:
    low, high = (float(end) for end in output.detach().aminmax())
    found = f"{low:.4g} to {high:.4g}"
    if expected is None:
        return Check("range", True, found)
    inside = expected[0] <= low and high <= expected[1]
    return Check("range", inside, f"{found}, expected within {expected[0]:g} to {expected[1]:g}")


def check_gradients(model: nn.Module, call: Callable[[], Any]) -> Check:
    """Every trainable parameter takes part: a random weighting of the output reaches each with a non-zero gradient."""
    model.zero_grad(set_to_none=True)
    output = first_floating(call())
    assert output is not None
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(output.shape, generator=generator).to(output.device, output.dtype)
    try:
        torch.autograd.backward((output * weights).sum())
    except RuntimeError as problem:
        return Check("gradients", False, f"there is no way back from the output: {problem}".splitlines()[0])
    trainable = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    silent = [name for name, p in trainable if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    model.zero_grad(set_to_none=True)
    return Check("gradients", not silent, describe_gradients(silent, len(trainable)))


def describe_gradients(silent: list[str], count: int) -> str:
    if not silent:
        return f"reach all {count} tensors"
    more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
    return f"do not reach {len(silent)} of {count} tensors: {', '.join(silent[:NAMED])}{more}"


def check_memory(model: nn.Module, call: Callable[[], Any]) -> Check:
    """Bytes as they are: nothing is expected of them."""
    kept = bytes_for_backward(call)
    return Check("memory", True, f"{stored_bytes(model):,} bytes of weights, {kept:,} kept for the backward pass")


def validate_preset(name: str, expected_parameters: int | None = None) -> list[Check]:
    """A preset of this package on random tokens."""
    config = PRESETS[name]
    torch.manual_seed(0)
    model = GPT(config).eval()
    tokens = torch.randint(config.vocab_size, (2, min(16, config.context_length)))  # (B, T)
    shape = (*tokens.shape, config.vocab_size)
    return validate(model, (tokens, tokens), expected_shape=shape, expected_parameters=expected_parameters)
