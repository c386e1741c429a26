"""The bundled reference GPT beside an analysed model: traced at the model's own B and T, in a worker of its own."""

from __future__ import annotations

from analyzer.evaluator.worker import run_worker
from analyzer.records.codec import decode
from analyzer.records.evidence import Unknown
from analyzer.records.tensors import ModelShapes, ReferenceTrace

PRESET = "tiny"
"""The preset with committed weights, so that its attention and its tokens can be shown as they are."""
BATCH, LENGTH = 2, 16
LONGEST = 128
"""Longest sequence of the preset; a model traced at a longer one is shown beside the reference at `LENGTH`."""


def derive_reference(model: ModelShapes | None) -> ReferenceTrace | Unknown:
    """The reference GPT at the B and T of `model` where it has both, else at the stated defaults."""
    sizes = dict(model.variables) if model else {}
    batch, length = sizes.get("B", BATCH), sizes.get("T", LENGTH)
    payload = {"preset": PRESET, "batch": batch, "length": length if length <= LONGEST else LENGTH}
    outcome = run_worker("analyzer.shapes.tracer:trace", payload)
    if outcome.results:
        return decode(ReferenceTrace, outcome.results[0])
    return outcome.failure or Unknown("worker_ended")
