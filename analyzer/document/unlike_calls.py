"""Shapes of modules and lines that run more than once: the one that all have, or the first and the last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.document.inline import codes
from analyzer.records.document import Line, Plain
from analyzer.records.tensors import ModuleRecord, TensorSpec

MOST_TENSORS = 4


def call_shapes(records: Iterable[ModuleRecord]) -> tuple[Line, Line]:
    """What the calls of these modules take and return."""
    calls = [call for record in records for call in record.calls]
    return _ends([_texts(call.inputs) for call in calls]), _ends([_texts(call.outputs) for call in calls])


def _texts(specs: Sequence[TensorSpec]) -> tuple[str, ...]:
    return tuple(str(spec) for spec in specs[:MOST_TENSORS])


def _ends(shapes: Sequence[tuple[str, ...]]) -> Line:
    """One shape as it is; of several the first and the last, in the order of the modules and their calls."""
    first, last = shapes[0], shapes[-1]
    if len(set(shapes)) == 1:
        return codes(first)
    last = last if last != first else next(one for one in shapes if one != first)
    return (*codes(first), Plain(" … "), *codes(last))
