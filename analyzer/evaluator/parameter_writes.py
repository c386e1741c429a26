"""Which lines wrote to a tensor before any call of the model: the last of them left a parameter's first values.

It knows lines alone, neither what was written nor whether a constructor of the library did it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from analyzer.evaluator.constants import storage_of
from analyzer.evaluator.errors import Place


@dataclass
class ParameterWrites:
    """Places in the order of the writes, by storage; a storage that was written to is kept, so that no other takes its
    address.
    """

    place: Callable[[], Place | None]
    _places: dict[int, list[Place]] = field(default_factory=dict)
    _kept: dict[int, torch.UntypedStorage] = field(default_factory=dict)

    def note(self, tensor: torch.Tensor) -> None:
        here = self.place()
        if here is None:
            return
        key = storage_of(tensor)
        found = self._places.setdefault(key, [])
        if not found or found[-1] != here:
            found.append(here)
        if key not in self._kept and not tensor.is_sparse:
            self._kept[key] = tensor.untyped_storage()

    def to(self, tensor: torch.Tensor) -> tuple[Place, ...]:
        return tuple(self._places.get(storage_of(tensor), ()))
