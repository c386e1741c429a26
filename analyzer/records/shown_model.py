"""Which model the article goes deep into: the main one, or what stands in for it where it could not be evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.records.evidence import Known
from analyzer.records.tensors import ModelShapes

SMALLEST_SHARE = 0.05
"""Of the main model's parameters: a smaller one says nothing of it."""


def main_model(models: Sequence[ModelShapes]) -> ModelShapes | None:
    """The main model, or the first that was built."""
    return next((model for model in models if model.main), models[0] if models else None)


def shown_model(models: Sequence[ModelShapes]) -> ModelShapes | None:
    """The main model; where no call of it gave an output, the largest other that was counted and called, if more of it
    is known: a part of a main model that is only counted, anything where the main one was not even counted.
    """
    main = main_model(models)
    if main is None or any(trace.output for trace in main.traces):
        return main
    enough = SMALLEST_SHARE * _size(main)
    others = [model for model in models if model is not main and _is_complete(model) and _size(model) >= enough]
    best = max(others, key=_size, default=main)
    return best if _rows(best) > _rows(main) else main


def _is_complete(model: ModelShapes) -> bool:
    return _size(model) > 0 and any(trace.output for trace in model.traces)


def _rows(model: ModelShapes) -> int:
    return max((len(trace.rows) for trace in model.traces), default=0)


def _size(model: ModelShapes) -> int:
    return model.parameters.value.total if isinstance(model.parameters, Known) else 0
