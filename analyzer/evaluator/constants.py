"""How large tensors that are computed from constants alone came about, so that their contents can be had on demand.

A rotary table of 131,072 rows is kept as a shape; a branch on one of its elements computes it then, within a bound.
Whatever was written to since it was made has no contents here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakIdKeyDictionary

COMPUTED_ELEMENTS = 64_000_000
"""Elements of all intermediate results together that one look at contents may compute."""
HELD_ELEMENTS = 32_000_000
"""Elements of real tensors that are kept only because a large one is computed from them."""
CHAIN = 120


@dataclass(frozen=True)
class Recipe:
    """The operator call whose `position`-th result a tensor is; `writes` are the states of the storages in it."""

    function: Any
    args: Any
    kwargs: Mapping[str, Any]
    position: int
    writes: tuple[tuple[int, int], ...]

    @property
    def tensors(self) -> list[torch.Tensor]:
        return [leaf for leaf in leaves_of(self.args, self.kwargs) if isinstance(leaf, torch.Tensor)]


class Constants:
    """Recipes by tensor, and how often each storage was written to."""

    def __init__(self) -> None:
        self._recipes: Any = WeakIdKeyDictionary()
        self._writes: dict[int, int] = {}
        self._computed: dict[int, tuple[Recipe, torch.Tensor]] = {}
        self._held = 0

    def written(self, tensor: torch.Tensor) -> None:
        storage = storage_of(tensor)
        self._writes[storage] = self._writes.get(storage, 0) + 1

    def record(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], made: Any, real: Any) -> None:
        """Note how `made` came about if all its tensors are constants; `real(tensor)` says which have contents."""
        tensors = [leaf for leaf in leaves_of(args, kwargs) if isinstance(leaf, torch.Tensor)]
        kept = sum(tensor.numel() for tensor in tensors if real(tensor))
        if self._held + kept > HELD_ELEMENTS or not all(real(t) or t in self._recipes for t in tensors):
            return
        self._held += kept
        for position, result in enumerate(tree_leaves(made)):
            if isinstance(result, torch.Tensor):
                states = self._states([result, *tensors])
                self._recipes[result] = Recipe(function, tuple(args), dict(kwargs), position, states)

    def _states(self, tensors: Sequence[torch.Tensor]) -> tuple[tuple[int, int], ...]:
        return tuple((storage, self._writes.get(storage, 0)) for storage in map(storage_of, tensors))

    def computable(self, tensor: torch.Tensor) -> bool:
        """Whether the contents can be had: nothing was written since, and the work is within the bound."""
        budget = COMPUTED_ELEMENTS
        pending, seen = [(tensor, 0)], set()
        while pending:
            part, depth = pending.pop()
            recipe = self._recipes.get(part)
            if recipe is None or id(recipe) in seen:
                if recipe is None and part is tensor:
                    return False
                continue
            seen.add(id(recipe))
            budget -= part.numel()
            if depth > CHAIN or budget < 0 or any(self._writes.get(key, 0) != count for key, count in recipe.writes):
                return False
            pending += [(source, depth + 1) for source in recipe.tensors]
        return True

    def has_recipe(self, tensor: torch.Tensor) -> bool:
        return tensor in self._recipes

    def recipe_of(self, tensor: torch.Tensor) -> Recipe:
        """How a tensor came about that is `computable`."""
        found: Recipe = self._recipes[tensor]
        return found

    def compute(self, tensor: torch.Tensor) -> torch.Tensor:
        """The contents of a tensor that is `computable`; one that has no recipe is real."""
        recipe = self._recipes.get(tensor)
        if recipe is None:
            return tensor
        known = self._computed.get(id(recipe))
        if known is not None:
            return known[1]
        args, kwargs = tree_map(self._real, (recipe.args, dict(recipe.kwargs)))
        value = tree_leaves(recipe.function(*args, **kwargs))[recipe.position]
        assert isinstance(value, torch.Tensor)
        if sum(kept.numel() for _, kept in self._computed.values()) + value.numel() > COMPUTED_ELEMENTS:
            self._computed.clear()
        self._computed[id(recipe)] = (recipe, value)
        return value

    def _real(self, value: Any) -> Any:
        return self.compute(value) if isinstance(value, torch.Tensor) else value


def leaves_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """What an operator is given, its lists and tuples opened; it takes no other containers."""
    found: list[Any] = []
    for value in (*args, *kwargs.values()):
        if isinstance(value, (list, tuple)):
            found += leaves_of(value, {})
        elif value is not None:
            found.append(value)
    return found


def storage_of(tensor: torch.Tensor) -> int:
    """What tensors that share memory have in common; a sparse tensor shares with none."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        return id(tensor)
