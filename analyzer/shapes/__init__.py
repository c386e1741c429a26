"""Exact parameters and named shapes of a repository's models, from source alone, evaluated in a worker.

`derive_shapes` serves the analysis, `derive_model_shapes` and `derive_main_model` the command `deepdive shapes`.
Torch is imported in the worker only.
"""

from analyzer.shapes.derivation import (
    ShapesOptions,
    UnknownModel,
    derive_main_model,
    derive_model_shapes,
    derive_shapes,
)
from analyzer.shapes.input_spec import InputSpecError

__all__ = [
    "InputSpecError", "ShapesOptions", "UnknownModel", "derive_main_model", "derive_model_shapes", "derive_shapes",
]  # fmt: skip
