"""Which whole-number tensors without contents hold positions on an axis, so that what they count has an extent.

`topk` over 8 experts gives numbers below 8; `nonzero` of 8 flags gives some of the positions 0 to 7, each once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.weak import WeakIdKeyDictionary

SELECTING_TEXT = "topk sort argmax argmin max min multinomial nonzero _unique2 unique_dim bincount"
KEEPING_TEXT = """
view _unsafe_view reshape squeeze unsqueeze transpose permute t expand slice select clone _to_copy detach alias index
repeat contiguous flatten index_select gather lift_fresh
"""
SELECTING, KEEPING = frozenset(SELECTING_TEXT.split()), frozenset(KEEPING_TEXT.split())
RESHAPING = frozenset(
    {"view", "_unsafe_view", "reshape", "squeeze", "unsqueeze", "select", "clone", "_to_copy", "detach"}
)
LAST_POSITION = {"topk": 2, "sort": 1, "argmax": 1, "argmin": 1, "max": 1, "min": 1}
"""Where the axis stands among the arguments of an operator whose result holds positions on it."""


@dataclass(frozen=True)
class Bound:
    """All values are below `limit`; `each_once` where they are distinct and ascending; `length` is the most rows."""

    limit: int | None = None
    each_once: bool = False
    length: int | None = None


class Bounds:
    """What is known of tensors of whole numbers, besides their shape."""

    def __init__(self) -> None:
        self._known: Any = WeakIdKeyDictionary()

    def of(self, tensor: torch.Tensor) -> Bound:
        found: Bound = self._known.get(tensor, Bound())
        return found

    def note(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], made: Any) -> None:
        name = function._schema.name.rpartition("::")[2]
        if name in SELECTING:
            self._note_selected(name, args, made)
        elif name in KEEPING and isinstance(made, torch.Tensor) and args[0] in self._known:
            bound = self.of(args[0])
            same_rows = name in RESHAPING
            self._known[made] = replace(
                bound, each_once=bound.each_once and same_rows, length=bound.length if same_rows else None
            )
        elif name in ("cumsum", "bincount") and args[0] in self._known:
            self._known[made] = Bound(length=self.of(args[0]).length)

    def _note_selected(self, name: str, args: Sequence[Any], made: Any) -> None:
        source = args[0]
        if name in ("_unique2", "unique_dim"):
            limit = self.of(source).limit
            self._known[made[0]] = Bound(limit, each_once=source.dim() == 1, length=limit)
        elif name == "nonzero":
            if source.dim() == 1 and isinstance(source.shape[0], int):
                self._known[made] = Bound(source.shape[0], each_once=True, length=source.shape[0])
        elif name == "multinomial":
            self._put(made, source.shape[-1])
        elif len(args) > LAST_POSITION.get(name, 9) or name in ("topk", "sort"):
            axis = args[LAST_POSITION[name]] if len(args) > LAST_POSITION[name] else -1
            if isinstance(axis, int) and source.dim():
                self._put(made[1] if isinstance(made, (tuple, list)) else made, source.shape[axis])

    def _put(self, made: Any, limit: Any) -> None:
        if isinstance(made, torch.Tensor) and isinstance(limit, int):
            self._known[made] = Bound(limit)

    def count(self, tensor: torch.Tensor, least: int, data_size: Any) -> tuple[Any, int | None]:
        """How many entries `bincount` has, and how many at most."""
        limit = self.of(tensor).limit
        if limit is not None and least >= limit:
            return least, None
        return data_size(), limit

    def put(self, made: torch.Tensor, bound: Bound) -> None:
        if bound != Bound():
            self._known[made] = bound

    def put_length(self, made: torch.Tensor, length: int | None) -> None:
        if length is not None:
            self._known[made] = Bound(length=length)
