"""What a repeated call gives: its result, and what stands in it where something stood in the evaluated one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from analyzer.evaluator.constants import storage_of
from analyzer.evaluator.recorder import Held
from analyzer.evaluator.snapshot import PLAIN, Snapshot, is_fixed, take_snapshot

MAXIMUM_DEPTH = 8


class Unusable(Exception):
    """The call did something of which it is not known that it can be repeated."""


@dataclass(frozen=True)
class Made:
    """The result of a repeated call; `made` are its new tensors, each with the one that it is like."""

    value: Any
    made: list[tuple[torch.Tensor, torch.Tensor]]


class Counterparts:
    """What stands in a repeated call where something stood in the one that was evaluated."""

    def __init__(self, before: Snapshot, now: Snapshot, made: dict[int, torch.Tensor]) -> None:
        self._before, self._now, self._made = before, now, made

    def __call__(self, value: Any) -> Any:
        """The module; for a storage the tensor that has it, or None where it is new in each call."""
        if isinstance(value, Held):
            number = self._before.storages.get(value.storage)
            return self._now.holders[number] if number is not None else self._made.get(value.storage)
        number = self._before.numbers.get(id(value))
        return value if number is None else self._now.objects[number]


Plan = Callable[[Snapshot, list[tuple[torch.Tensor, torch.Tensor]]], Any]


class Result:
    """How to make the result of a call for another call: parts that were there before are replaced by their
    counterparts, new tensors and containers are made anew.
    """

    def __init__(self, oracle: Any, before: Snapshot) -> None:
        self.oracle = oracle
        self.before = before
        self.storages = set(before.storages)

    def make(self, value: Any) -> Callable[[Snapshot], Made]:
        plan = self._plan(value)

        def make(now: Snapshot) -> Made:
            made: list[tuple[torch.Tensor, torch.Tensor]] = []
            return Made(plan(now, made), made)

        return make

    def _plan(self, value: Any, depth: int = 0) -> Plan:
        number = self.before.numbers.get(id(value))
        if number is not None:
            return lambda now, made: now.objects[number]
        if isinstance(value, torch.Tensor):
            return self._plan_tensor(value)
        kind = type(value)
        if kind in (list, tuple) and depth < MAXIMUM_DEPTH:
            items = [self._plan(item, depth + 1) for item in value]
            return lambda now, made: kind(item(now, made) for item in items)
        if kind is dict and depth < MAXIMUM_DEPTH and all(type(key) in PLAIN for key in value):
            parts = {key: self._plan(item, depth + 1) for key, item in value.items()}
            return lambda now, made: {key: part(now, made) for key, part in parts.items()}
        if is_fixed(value):
            return lambda now, made: value
        raise Unusable

    def _plan_tensor(self, value: torch.Tensor) -> Plan:
        self._check(value)

        def make(now: Snapshot, made: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
            new = self.oracle.alike(value)
            made.append((value, new))
            return new  # type: ignore[no-any-return]

        return make

    def _check(self, value: torch.Tensor) -> None:
        """A tensor may be made anew if it is nobody's parameter, view or constant."""
        storage = storage_of(value)
        lone = value.layout is torch.strided and storage not in self.storages and value.storage_offset() == 0
        self.storages.add(storage)
        known = not value.is_conj() and not value.is_neg() and not (value.is_leaf and value.requires_grad)
        plain = take_snapshot(self.oracle, (value,)).text  # refuses what cannot be described
        contents = self.oracle.has_contents(value)
        if not (lone and known and plain) or (contents and (self.oracle.is_fake(value) or not value.is_contiguous())):
            raise Unusable
