"""What one call costs: floating-point operations, bytes of activations, of the cache, of optimizer and weights.

Operators are counted as torch runs them on tensors without contents; one multiply-add is two operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span
from analyzer.records.tensors import Cost, ParameterCounts

ADAMW_STATES = 2
FLOAT32_BYTES = 4


class OperatorCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up what operators do while it is active."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.activation_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        count = flop_registry.get(packet) or _CPU_ATTENTION.get(str(packet))
        if count is not None:
            self.flops += int(count(*args, **(kwargs or {}), out_val=result))
        if not func._schema.is_mutable and not _is_view(func):
            self.activation_bytes += sum(_bytes(leaf) for leaf in torch.utils._pytree.tree_leaves(result))
        return result


def _is_view(func: Any) -> bool:
    return any(returned.alias_info is not None for returned in func._schema.returns)


def _bytes(value: object) -> int:
    return value.numel() * value.element_size() if isinstance(value, torch.Tensor) else 0


def _attention_flops(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any) -> int:
    """Two matrix products over all positions, as torch counts its other attention kernels."""
    batch, heads, queries, width = query.shape
    keys, value_width = key.shape[2], value.shape[3]
    return 2 * batch * heads * queries * keys * (width + value_width)


_CPU_ATTENTION: dict[str, Callable[..., int]] = {
    "aten._scaled_dot_product_flash_attention_for_cpu": _attention_flops,
    "aten._scaled_dot_product_fused_attention_overrideable": _attention_flops,
}


@contextmanager
def counting(interpreter: Any) -> Iterator[OperatorCounter]:
    """Count the operators of a call inside."""
    counter = OperatorCounter()
    with interpreter.session.oracle.active(), counter:
        yield counter


def weight_costs(counts: ParameterCounts, parameter_bytes: int, where: Span) -> tuple[tuple[str, Cost], ...]:
    """Bytes of the weights as they are, and of AdamW's two float32 states per trainable number."""
    states = counts.trainable * ADAMW_STATES * FLOAT32_BYTES
    return (
        ("parameter_bytes", Cost(Known(parameter_bytes, (where,), "counted"), None, "parameter_dtypes")),
        ("optimizer_bytes", Cost(Known(states, (where,), "counted"), None, "adamw_two_float32_states")),
    )


def call_costs(counter: OperatorCounter, where: Span) -> tuple[tuple[str, Cost], ...]:
    return (
        ("flops", Cost(Known(counter.flops, (where,), "counted"), None, "one_multiply_add_is_two_flops")),
        ("activation_bytes", Cost(Known(counter.activation_bytes, (where,), "counted"), None, "operator_outputs")),
    )


def unknown_costs(reason: Unknown, *names: str) -> tuple[tuple[str, Cost], ...]:
    return tuple((name, Cost(reason, None, _CONVENTIONS[name])) for name in names)


_CONVENTIONS = {
    "flops": "one_multiply_add_is_two_flops",
    "activation_bytes": "operator_outputs",
    "kv_bytes_per_token": "cache_dtypes",
    "optimizer_bytes": "adamw_two_float32_states",
    "parameter_bytes": "parameter_dtypes",
}
