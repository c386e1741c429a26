"""Do an evaluated model and a run of the real one say the same? Totals, each module's calls, the output.

A size that the evaluation leaves open, or a call that it made under a condition on data, contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.records.evidence import Known
from analyzer.records.executions import Comparison, Verdict
from analyzer.records.tensors import ModelShapes, ModuleCall, ModuleRecord, TensorSpec, Trace

NONE = "—"


def compare_totals(model: ModelShapes, built: Mapping[str, int]) -> tuple[Comparison, ...]:
    """Parameters, those that train, and elements of buffers."""
    assert isinstance(model.parameters, Known)
    counts = model.parameters.value
    evaluated = {"parameters": counts.total, "trainable": counts.trainable, "buffers": counts.buffers}
    return tuple(
        Comparison(name, "unknown", NONE, f"{built[name]:,}")
        if name == "buffers" and counts.unknown_buffers
        else Comparison(name, "agree" if built[name] == count else "differ", f"{count:,}", f"{built[name]:,}")
        for name, count in evaluated.items()
    )


def compare_calls(
    trace: Trace, modules: Sequence[ModuleRecord], output: tuple[TensorSpec, ...] | None
) -> tuple[Comparison, ...]:
    """Every module of either side in the evaluation's order, those never called by either left out; last the output.

    `output` is None where the run raised: modules that it did not reach are then open.
    """
    real = {module.path: module for module in modules}
    evaluated = {module.path: module for module in trace.modules}
    found = [
        compare_module(path, evaluated.get(path), real.get(path), reached_end=output is not None)
        for path in dict.fromkeys((*evaluated, *real))
    ]
    kept = [comparison for comparison in found if comparison is not None]
    if output is not None:
        kept.append(compare_output(trace.output, output))
    return tuple(kept)


def compare_output(evaluated: tuple[TensorSpec, ...], real: tuple[TensorSpec, ...]) -> Comparison:
    return Comparison("output", verdict_of(evaluated, real), text_of(evaluated), text_of(real))


def compare_module(
    path: str, evaluated: ModuleRecord | None, real: ModuleRecord | None, *, reached_end: bool
) -> Comparison | None:
    """None where neither side called the module and both have it."""
    if evaluated is None or real is None:
        there = evaluated or real
        assert there is not None
        return Comparison(
            path, "differ", *((NONE, there.class_name) if evaluated is None else (there.class_name, NONE))
        )
    if (evaluated.class_name, evaluated.parameters) != (real.class_name, real.parameters):
        sides = (f"{side.class_name}, {side.parameters:,}" for side in (evaluated, real))
        return Comparison(path, "differ", *sides)
    calls = tuple(call for call in evaluated.calls if call.hooked)  # the run is watched by hooks
    if not calls and not real.calls:
        return None
    verdict = verdict_of_calls(calls, real.calls, reached_end=reached_end)
    return Comparison(path, verdict, text_of_calls(calls), text_of_calls(real.calls))


def verdict_of_calls(evaluated: Sequence[ModuleCall], real: Sequence[ModuleCall], *, reached_end: bool) -> Verdict:
    is_open = any(call.under or call.takes_unknown or not call.known for call in evaluated)
    if len(evaluated) != len(real):
        return "unknown" if is_open or (not reached_end and len(real) < len(evaluated)) else "differ"
    verdicts = [
        verdict
        for one, other in zip(evaluated, real, strict=True)
        for verdict in (
            "unknown" if one.takes_unknown else verdict_of(one.inputs, other.inputs),
            verdict_of(one.outputs, other.outputs) if one.known else "unknown",
        )
    ]
    return "differ" if "differ" in verdicts else "unknown" if "unknown" in verdicts else "agree"


def verdict_of(evaluated: Sequence[TensorSpec], real: Sequence[TensorSpec]) -> Verdict:
    """Number of tensors, their types and sizes."""
    if len(evaluated) != len(real):
        return "differ"
    is_open = False
    for one, other in zip(evaluated, real, strict=True):
        if one.dtype != other.dtype or len(one.shape) != len(other.shape):
            return "differ"
        sizes = [(mine.value, its.value) for mine, its in zip(one.shape, other.shape, strict=True)]
        if any(mine not in (None, its) for mine, its in sizes):
            return "differ"
        is_open = is_open or any(mine is None for mine, _ in sizes)
    return "unknown" if is_open else "agree"


def text_of_calls(calls: Sequence[ModuleCall]) -> str:
    if not calls:
        return NONE
    first = f"{text_of(calls[0].inputs)} → {text_of(calls[0].outputs) if calls[0].known else '?'}"
    return first if len(calls) == 1 else f"{len(calls)} × {first}"


def text_of(tensors: Sequence[TensorSpec]) -> str:
    shown = ("(" + ", ".join("?" if dim.value is None else str(dim.value) for dim in t.shape) + ")" for t in tensors)
    return " ".join(shown) or NONE
