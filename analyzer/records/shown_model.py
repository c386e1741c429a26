"""Which model the article goes deep into: the main one, or what stands in for it where it could not be evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.records.evidence import Known
from analyzer.records.tensors import ModelShapes


def main_model(models: Sequence[ModelShapes]) -> ModelShapes | None:
    """The main model, or the first that was built."""
    return next((model for model in models if model.main), models[0] if models else None)


def shown_model(models: Sequence[ModelShapes]) -> ModelShapes | None:
    """The main model; where it was neither counted nor called, the largest other that was both."""
    main = main_model(models)
    if main is None or isinstance(main.parameters, Known) or any(trace.output for trace in main.traces):
        return main
    return max((model for model in models if _is_complete(model)), key=_size, default=main)


def _is_complete(model: ModelShapes) -> bool:
    return _size(model) > 0 and any(trace.output for trace in model.traces)


def _size(model: ModelShapes) -> int:
    return model.parameters.value.total if isinstance(model.parameters, Known) else 0
