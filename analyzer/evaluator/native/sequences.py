"""Packed sequences: padded batches without their padding, whose number of rows depends on the lengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.weak import WeakIdKeyDictionary

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.values import find_unknown

HOME = "torch.nn.utils.rnn"
_BATCHES: Any = WeakIdKeyDictionary()
"""Data of a packed sequence to the size of its batch, which the sequence itself does not hold."""


def provide(session: Any) -> Provided:
    names: dict[str, Any] = {
        f"{HOME}.pack_padded_sequence": _packer(session),
        f"{HOME}.pad_packed_sequence": _padder(session),
    }
    return names, {}, {}


def _packer(session: Any) -> Callable[..., Any]:
    def pack(input: torch.Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> Any:
        unknown = find_unknown((input, lengths, batch_first, enforce_sorted), {})
        if unknown is not None:
            return unknown
        batch = input.shape[0 if batch_first else 1]
        rows, steps = _extent(session, lengths)
        shaped = session.oracle.shaped
        order = None if enforce_sorted else shaped((batch,), torch.int64)
        data = shaped((rows, *input.shape[2:]), input.dtype)
        return _made(data, shaped((steps,), torch.int64), order, order, batch)

    return pack


def _extent(session: Any, lengths: Any) -> tuple[Any, Any]:
    """How many rows and steps: the sum of the lengths and the largest, where they are known."""
    if isinstance(lengths, torch.Tensor):
        if not session.oracle.has_contents(lengths):
            return session.oracle.data_size(), session.oracle.data_size()
        lengths = session.oracle.contents(lengths).tolist()
    numbers = [session.number(length) for length in lengths]
    return sum(numbers), max(numbers)


def _made(data: torch.Tensor, steps: torch.Tensor, order: Any, back: Any, batch: Any) -> PackedSequence:
    _BATCHES[data] = batch
    return PackedSequence(data, steps, order, back)


def _batch_of(packed: PackedSequence) -> Any:
    if packed.data not in _BATCHES:
        raise CannotEvaluate("size_depends_on_data", "PackedSequence")
    return _BATCHES[packed.data]


def _padder(session: Any) -> Callable[..., Any]:
    def pad(sequence: Any, batch_first: bool = False, padding_value: float = 0.0, total_length: Any = None) -> Any:
        unknown = find_unknown((sequence, total_length), {})
        if unknown is not None:
            return unknown
        batch = _batch_of(sequence)
        steps = sequence.batch_sizes.shape[0] if total_length is None else total_length
        sizes = (batch, steps) if batch_first else (steps, batch)
        shaped = session.oracle.shaped
        return shaped((*sizes, *sequence.data.shape[1:]), sequence.data.dtype), shaped((batch,), torch.int64)

    return pad


def is_packed(value: object) -> bool:
    return isinstance(value, PackedSequence)


def call_packed(session: Any, module: nn.RNNBase, args: Any, kwargs: dict[str, Any]) -> Any:
    """A recurrent layer on a packed sequence: its own `forward` would read the lengths."""

    def forward(packed: PackedSequence, hx: Any = None) -> Any:
        width = packed.data.shape[-1]
        if width != module.input_size:
            raise RuntimeError(f"input.size(-1) must be equal to input_size. Expected {module.input_size}, got {width}")
        ways, out = (2 if module.bidirectional else 1), module.proj_size or module.hidden_size
        batch, shaped, dtype = _batch_of(packed), session.oracle.shaped, packed.data.dtype
        data = shaped((packed.data.shape[0], ways * out), dtype)
        made = _made(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices, batch)
        state = shaped((module.num_layers * ways, batch, out), dtype)
        if not isinstance(module, nn.LSTM):
            return made, state
        return made, (state, shaped((module.num_layers * ways, batch, module.hidden_size), dtype))

    module.forward = forward  # type: ignore[method-assign]
    try:
        return module(*args, **kwargs)
    finally:
        del module.__dict__["forward"]
