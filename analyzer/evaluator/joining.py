"""One value for two paths of which it is not known which is taken: what both have in common stays known.

Sizes and whole numbers that differ become numbers that depend on data; whatever else differs becomes unknown.
The first value itself is the answer where it covers the second, so that a caller sees when nothing new came in.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from analyzer.evaluator.errors import Cause
from analyzer.evaluator.oracle import SYMBOLIC, Oracle
from analyzer.evaluator.values import OptionalTensor, PartlessUnknown, UnknownRest, UnknownValue, is_optional, plain

PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
CONTAINERS = (list, tuple, dict)
DEPTH = 8


class Joiner:
    """Joins values under one undecided condition; `cause` says where knowledge ended."""

    def __init__(self, oracle: Oracle, cause: Cause, *, sizes: bool = True) -> None:
        self._oracle = oracle
        self._cause = cause
        self._sizes = sizes
        """Whether numbers that differ become numbers that depend on data; without, they become unknown."""

    @property
    def unknown(self) -> UnknownValue:
        return UnknownValue(self._cause)

    @property
    def rest(self) -> UnknownRest:
        return UnknownRest(self._cause)

    def join(self, first: Any, second: Any, depth: int = 0) -> Any:
        if first is second:
            return first
        if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
            return self._tensors(first, second)
        if _may_be_none(first) and _may_be_none(second):
            return self._optional(first, second)
        if isinstance(first, UnknownValue):
            return self._unknowns(first, second)
        if _is_whole(first) and _is_whole(second):
            return self._numbers(first, second)
        if isinstance(first, PLAIN) and type(first) is type(second) and first == second:
            return first
        if type(first) is type(second) and type(first) in CONTAINERS and depth < DEPTH and len(first) == len(second):
            return self._containers(first, second, depth + 1)
        return self.unknown

    def _unknowns(self, first: UnknownValue, second: Any) -> Any:
        """What is known of one path's value need not hold of the other's."""
        if isinstance(first, OptionalTensor):
            return self.unknown
        is_part = not isinstance(second, (*PLAIN, torch.Tensor, PartlessUnknown)) or isinstance(second, nn.Parameter)
        return plain(first) if is_part else first

    def _containers(self, first: Any, second: Any, depth: int) -> Any:
        if isinstance(first, dict):
            if first.keys() != second.keys():
                return self.unknown
            joined: Any = {key: self.join(value, second[key], depth) for key, value in first.items()}
            same = all(joined[key] is value for key, value in first.items())
        else:
            joined = type(first)(self.join(one, other, depth) for one, other in zip(first, second, strict=True))
            same = all(one is other for one, other in zip(joined, first, strict=True))
        return first if same else joined

    def _numbers(self, first: Any, second: Any) -> Any:
        if self._same_size(first, second) or self._oracle.depends_on_data(first):
            return first
        return self._oracle.data_number() if self._sizes else self.unknown

    def _tensors(self, first: torch.Tensor, second: torch.Tensor) -> Any:
        if first.dtype != second.dtype or first.dim() != second.dim():
            return self.unknown
        pairs = list(zip(first.shape, second.shape, strict=True))
        if all(self._same_size(one, other) for one, other in pairs):
            return self._oracle.as_fake(first)
        if not self._sizes:
            return self.unknown
        if all(self._same_size(one, other) or self._oracle.depends_on_data(one) for one, other in pairs):
            return self._oracle.as_fake(first)
        return self._oracle.shaped(
            [one if self._same_size(one, other) else self._oracle.data_size() for one, other in pairs], first.dtype
        )

    def _optional(self, first: Any, second: Any) -> Any:
        """A tensor on one path that is missing on the other."""
        tensors = [value.tensor if isinstance(value, OptionalTensor) else value for value in (first, second)]
        known = [tensor for tensor in tensors if tensor is not None]
        joined = self._tensors(known[0], known[1]) if len(known) == 2 else self._oracle.as_fake(known[0])
        if isinstance(joined, UnknownValue):
            return joined
        same = isinstance(first, OptionalTensor) and joined is first.tensor
        return first if same else OptionalTensor(self._cause, joined)

    def _same_size(self, one: Any, other: Any) -> bool:
        if isinstance(one, SYMBOLIC) or isinstance(other, SYMBOLIC):
            return bool(self._oracle.expression(one) == self._oracle.expression(other))
        return bool(one == other)


def _may_be_none(value: Any) -> bool:
    return value is None or isinstance(value, torch.Tensor) or is_optional(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, torch.SymInt)) and not isinstance(value, bool)


def difference(oracle: Oracle, first: Any, second: Any) -> str:
    """The forms of two tensors, where they differ in more than sizes that depend on data; empty otherwise."""
    if not isinstance(first, torch.Tensor) or not isinstance(second, torch.Tensor):
        return ""
    forms = [_form(oracle, tensor) for tensor in (first, second)]
    return " | ".join(forms) if forms[0] != forms[1] and "?" not in "".join(forms) else ""


def _form(oracle: Oracle, tensor: torch.Tensor) -> str:
    sizes = ("?" if oracle.depends_on_data(size) else oracle.text(size) for size in tensor.shape)
    return f"{str(tensor.dtype).removeprefix('torch.')}[{', '.join(sizes)}]"
