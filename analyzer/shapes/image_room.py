"""Whether an example image is large enough for a model: a small one that convolutions shrink to a single place says of
every size behind it that it is one, which it is for no image that the model is made for.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from analyzer.evaluator.recorder import TensorShape
from analyzer.shapes.input_spec import tensors_of
from analyzer.shapes.inputs import Plan
from analyzer.shapes.runs import RawTrace

SHRINKING = (nn.Conv2d, nn.MaxPool2d)
EXAMPLE_SIDES = {"H", "W"}


def has_example_sides(plan: Plan) -> bool:
    """Whether the sides of an image are ours to choose, and not the code's or the documents'."""
    dims = (dim for given in plan for tensor in tensors_of(given.spec.value) for dim in tensor.dims)
    return any(dim.name in EXAMPLE_SIDES for dim in dims)


def is_used_up(model: nn.Module, raw: RawTrace) -> bool:
    """Whether a convolution or a pooling with strides leaves one place of several."""
    modules = dict(model.named_modules())
    return any(
        isinstance(modules.get(path), SHRINKING) and _shrinks_to_one(inputs, outputs or ())
        for path, calls in raw.calls.items()
        for inputs, outputs in calls
    )


def _shrinks_to_one(inputs: Sequence[TensorShape], outputs: Sequence[TensorShape]) -> bool:
    if not inputs or not outputs:
        return False
    before, after = (_sides(tensors[0]) for tensors in (inputs, outputs))
    return after == (1, 1) and before is not None and min(before) > 1


def _sides(tensor: TensorShape) -> tuple[int, int] | None:
    if len(tensor.shape) != 4:
        return None
    sides = [size if isinstance(size, int) else size.value for size in tensor.shape[-2:]]
    return (sides[0], sides[1]) if sides[0] is not None and sides[1] is not None else None
