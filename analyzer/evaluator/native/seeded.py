"""NumPy's generators of random numbers: with a seed their numbers are constants, without one they are unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.values import find_unknown

MAKERS = {"default_rng": np.random.default_rng, "RandomState": np.random.RandomState}


def provide(session: Any) -> Provided:
    return {f"numpy.random.{name}": _maker(session, name, make) for name, make in MAKERS.items()}, {}, {}


def _maker(session: Any, name: str, make: Callable[..., Any]) -> Callable[..., Any]:
    def generator(seed: Any = None) -> Any:
        unknown = find_unknown((seed,), {})
        if unknown is not None:
            return unknown
        return make(int(seed)) if isinstance(seed, int) else session.unknown("random_value", f"numpy.random.{name}")

    return generator
