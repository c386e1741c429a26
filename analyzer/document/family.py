"""What sort of model this is, so that the chapters speak its language: derived from inputs, outputs and techniques.

It reads ranks and dtypes of the traced call and the techniques that were found; names of files and classes play no
part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from analyzer.records.bundles import Analysis
from analyzer.records.tensors import ModelShapes, TensorSpec, Trace

Family = Literal[
    "language_model", "diffusion", "image_classifier", "image_to_image", "speech", "image_text", "sequence", "vector",
    "unknown",
]  # fmt: skip
INTEGER_TYPES = {"int64", "int32", "int16", "uint8", "long"}


def derive_family(analysis: Analysis) -> Family:
    """The family of the main model; `unknown` where no call could be traced."""
    model = next((item for item in analysis.shapes.models if item.main), None)
    model = model or (analysis.shapes.models[0] if analysis.shapes.models else None)
    trace = model.traces[0] if model and model.traces else None
    if trace is None:
        return "unknown"
    techniques = {found.sheet_id for found in analysis.findings.techniques if found.in_use}
    return _by_tensors(_inputs(trace), trace.output, techniques)


def _by_tensors(inputs: Sequence[TensorSpec], output: Sequence[TensorSpec], techniques: set[str]) -> Family:
    ranks = {len(spec.shape) for spec in inputs if not is_integer(spec)}
    tokens = any(is_integer(spec) and len(spec.shape) == 2 for spec in inputs)
    image = 4 in ranks
    if "diffusion_schedule" in techniques and image:
        return "diffusion"
    if tokens and 3 in ranks:
        return "speech"
    if tokens and image:
        return "image_text"
    if tokens:
        return "language_model"
    if image:
        return "image_classifier" if output and len(output[0].shape) == 2 else "image_to_image"
    return "sequence" if 3 in ranks else "vector"


def _inputs(trace: Trace) -> list[TensorSpec]:
    return [item.value for item in trace.inputs if isinstance(item.value, TensorSpec)]


def is_integer(spec: TensorSpec) -> bool:
    return spec.dtype in INTEGER_TYPES


def embedding_size(model: ModelShapes) -> tuple[int, int] | None:
    """(entries, width) of the embedding that reads the model's integer input."""
    for module in model.modules:
        if module.class_name == "Embedding" and module.detail:
            numbers = [part.strip() for part in module.detail.split(",")[:2]]
            if all(part.isdigit() for part in numbers):
                return int(numbers[0]), int(numbers[1])
    return None
