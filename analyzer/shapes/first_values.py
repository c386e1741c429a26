"""Which statements gave the parameters of a built model their first values, and which were written over afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import nn

from analyzer.evaluator.errors import Place
from analyzer.records.source import Span
from analyzer.records.tensors import FirstValues


@dataclass
class _Statement:
    tensors: int = 0
    elements: int = 0
    replaced: Counter[Span] = field(default_factory=Counter)


def derive_first_values(
    model: nn.Module,
    writes_to: Callable[[torch.Tensor], Sequence[Place]],
    span_of: Callable[[Place], Span | None],
) -> tuple[FirstValues, ...]:
    """One row per statement; a parameter that no statement of the repository wrote to is in none."""
    found: dict[Span, _Statement] = {}
    span_of = cache(span_of)
    for parameter in model.parameters():
        places = [span for place in writes_to(parameter) if (span := span_of(place)) is not None]
        for span in dict.fromkeys(places):
            statement = found.setdefault(span, _Statement())
            if span == places[-1]:
                statement.tensors += 1
                statement.elements += parameter.numel()
            else:
                statement.replaced[places[-1]] += 1
    return tuple(_row(span, found[span]) for span in sorted(found))


def _row(span: Span, item: _Statement) -> FirstValues:
    return FirstValues(span, item.tensors, item.elements, item.replaced.total(), tuple(sorted(item.replaced)))
