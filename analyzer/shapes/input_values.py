"""The Python value that an input specification stands for; how a tensor of a form is made is the caller's choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.shapes.input_spec import ContentsValue, InputValue, LiteralValue, MappingValue, SequenceValue, TensorValue


def input_value(value: InputValue, tensor_of: Callable[[TensorValue], Any]) -> Any:
    """Containers and literals as they are written, tensors with stated contents as real ones, others by `tensor_of`."""
    if isinstance(value, TensorValue):
        return tensor_of(value)
    if isinstance(value, ContentsValue):
        import torch  # the process that serves the command line stays without it

        return torch.tensor(value.contents, dtype=getattr(torch, value.dtype))
    if isinstance(value, SequenceValue):
        items = [input_value(item, tensor_of) for item in value.items]
        return items if value.kind == "list" else tuple(items)
    if isinstance(value, MappingValue):
        return {key: input_value(item, tensor_of) for key, item in value.items}
    assert isinstance(value, LiteralValue)
    return value.value
