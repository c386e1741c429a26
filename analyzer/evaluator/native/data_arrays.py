"""NumPy arrays of which only shape and type are known, and sequences whose items may or may not be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.policy import Proxy

LISTED = 4096
"""Items of a tensor without contents that are listed one by one."""
WHOLE = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8)
SAME = (
    "cumsum",
    "sum",
    "max",
    "min",
    "mean",
    "prod",
    "argmax",
    "argmin",
    "argsort",
    "reshape",
    "flatten",
    "copy",
    "clip",
)
TENSOR_NAMES = {"copy": "clone"}


class PossibleItems(Proxy):
    """Items in order, each of which may be missing; only a `for` statement can go through them.

    `each_once`: any of them may be missing; otherwise only the last ones, so that their numbers are known.
    """

    def __init__(self, session: Any, items: list[Any], *, each_once: bool) -> None:
        self._session = session
        self.items = items
        self.each_once = each_once

    def numbered(self, start: Any = 0) -> PossibleItems:
        numbers = [
            self._session.oracle.data_number() if self.each_once else start + at for at in range(len(self.items))
        ]
        return PossibleItems(self._session, list(zip(numbers, self.items, strict=True)), each_once=self.each_once)

    def member(self, name: str) -> Any:
        raise CannotEvaluate("size_depends_on_data", name)


class DataArray(Proxy):
    """`tensor.numpy()` of a tensor without contents."""

    def __init__(self, session: Any, tensor: torch.Tensor) -> None:
        self.session = session
        self.tensor = tensor

    def member(self, name: str) -> Any:
        if name in ("shape", "ndim"):
            return getattr(self.tensor, name)
        if name == "tolist":
            return lambda: listed(self.session, self.tensor)
        if name == "item":
            return lambda: element(self.session, self.tensor)
        if name == "astype":
            return lambda dtype, **options: self
        if name not in SAME:
            raise CannotEvaluate("depends_on_data", f"numpy.ndarray.{name}")
        method = getattr(self.tensor, TENSOR_NAMES.get(name, name))
        return lambda *args, **kwargs: self._kept(method(*args, **kwargs))

    def _kept(self, value: Any) -> Any:
        return DataArray(self.session, value) if isinstance(value, torch.Tensor) else value

    def __getitem__(self, key: Any) -> Any:
        found = self.tensor[key]
        return element(self.session, found) if found.dim() == 0 else DataArray(self.session, found)

    def __len__(self) -> int:
        return int(self.session.number(self.tensor.shape[0]))

    def __iter__(self) -> Iterator[Any]:
        return iter(listed(self.session, self.tensor))


def element(session: Any, tensor: torch.Tensor) -> Any:
    """The only item of a tensor without contents, as a number that depends on data."""
    if tensor.dtype not in WHOLE:
        raise CannotEvaluate("depends_on_data", "item of a tensor")
    return session.oracle.data_number()


def listed(session: Any, tensor: torch.Tensor) -> Any:
    """Whole numbers that depend on data, in lists as long as the tensor is, or in as many as there may be."""
    if tensor.dtype not in WHOLE:
        raise CannotEvaluate("depends_on_data", "tolist of a tensor")
    if tensor.dim() == 0:
        return element(session, tensor)
    possible = possible_items(session, tensor, numbers=True)
    if possible is not None:
        return possible
    count = tensor.shape[0]
    if session.oracle.depends_on_data(count) or int(session.number(count)) > LISTED:
        raise CannotEvaluate("depends_on_data", "tolist of a tensor")
    return [listed(session, tensor[at]) for at in range(session.number(count))]


def possible_items(session: Any, value: Any, *, numbers: bool = False) -> PossibleItems | None:
    """The items of a sequence of unknown length that has at most so many; None for any other value."""
    if isinstance(value, PossibleItems):
        return value
    if isinstance(value, DataArray):
        return possible_items(session, value.tensor, numbers=True)
    if not isinstance(value, torch.Tensor) or not value.dim() or not session.oracle.depends_on_data(value.shape[0]):
        return None
    bound = session.oracle.bounds.of(value)
    if not 0 < (bound.length or 0) <= LISTED:
        return None
    rest = tuple(value.shape[1:])
    if bound.each_once and all(isinstance(size, int) and size == 1 for size in rest):
        rows: list[Any] = [torch.full(rest, at, dtype=value.dtype) for at in range(bound.length)]
        return PossibleItems(session, [int(row) for row in rows] if numbers else rows, each_once=True)
    whole = numbers and not rest
    made = [session.oracle.data_number() if whole else _row(session, value) for _ in range(bound.length)]
    return PossibleItems(session, made, each_once=False)


def _row(session: Any, tensor: torch.Tensor) -> Any:
    return session.oracle.shaped(tensor.shape[1:], tensor.dtype)
