"""Evaluates Python model source without importing or running it: values, modules, shapes on fake tensors.

Names are resolved on first use, because they bring torch with them.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Budget": "budget",
    "BudgetExhausted": "errors",
    "CannotEvaluate": "errors",
    "Interpreter": "interpreter",
    "Place": "errors",
    "Recording": "recorder",
    "TargetRaised": "errors",
    "UnknownValue": "values",
}
__all__ = [
    "Budget", "BudgetExhausted", "CannotEvaluate", "Interpreter", "Place", "Recording",
    "TargetRaised", "UnknownValue",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"analyzer.evaluator.{_HOMES[name]}"), name)
