"""Indexing a tensor by a number that only data know: any entry has the form of every other, none its contents."""

from __future__ import annotations

from typing import Any

import torch

WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8)


def without_scalars(oracle: Any, value: Any, key: Any) -> Any:
    """The key with 0 for each such number; the key itself where it has none."""
    if not isinstance(value, torch.Tensor):
        return key
    parts = key if isinstance(key, tuple) else (key,)
    if not any(_is_open(oracle, part) for part in parts):
        return key
    chosen = tuple(0 if _is_open(oracle, part) else part for part in parts)
    return chosen if isinstance(key, tuple) else chosen[0]


def _is_open(oracle: Any, part: Any) -> bool:
    is_number = isinstance(part, torch.Tensor) and part.dim() == 0 and part.dtype in WHOLE
    return is_number and not oracle.has_contents(part)
