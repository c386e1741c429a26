"""Inputs whose form the source does not state, found by following what the layers demand that refuse them.

Starts from inputs that were refused, changes one tensor at a time as the refusal says, and goes on from those with
which the call came farthest. The number of calls is bounded. That a form was found so is the reason it is given.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.evaluator import TargetRaised
from analyzer.shapes.demands import Demand, demands_of, demands_of_check
from analyzer.shapes.input_spec import (
    DEFAULT_SIZES,
    DimSpec,
    InputSpec,
    InputSpecError,
    InputValue,
    MappingValue,
    SequenceValue,
    TensorValue,
)
from analyzer.shapes.inputs import Plan, PlannedInput
from analyzer.shapes.runs import RawTrace

REASON = "demanded_by_layers"
MOST_CALLS = 28
MOST_WORK = 6000
"""Statements and modules that all these calls together may come through: large models are not tried for long."""
STATED = ("unpacked", "docstring", "documented_call", "user")
"""Reasons for which the number of axes is not put into question."""
OWN_CHECK = (Demand("three"),)
SPATIAL = ("H", "W", "D")
LARGEST_SIDE = 256
Call = Callable[[Plan], RawTrace]


@dataclass(frozen=True)
class _Refused:
    """A plan with the call that it led to."""

    plan: Plan
    raw: RawTrace

    @property
    def progress(self) -> int:
        """How far the call came: statements that bound tensors, and calls of modules that ended."""
        ended = sum(outputs is not None for calls in self.raw.calls.values() for _, outputs in calls)
        return len(self.raw.lines) + ended

    def demands(self) -> tuple[Demand, ...]:
        """What the refusal says; where it is the target's own, what the numbers that it compares or names say, or that
        some axis is one of coordinates or colours.
        """
        error = self.raw.recording.error
        if not isinstance(error, TargetRaised):
            return ()
        return demands_of(str(error.error)) or demands_of_check(error.error, self.sizes()) or OWN_CHECK

    def sizes(self) -> set[int]:
        """Sizes of the tensors but for their batches."""
        values = [planned.spec.value for planned in self.plan]
        return {dim.number({}) for v in values if isinstance(v, TensorValue) for dim in v.dims if dim.name != "B"}


def demanded_plan(refused: Sequence[tuple[Plan, RawTrace]], optional: Plan, call: Call) -> tuple[Plan, RawTrace] | None:
    """The first plan with which the call finishes; None where none is found. `optional` are arguments that the call
    does without at first.
    """
    queue: list[tuple[int, int, _Refused]] = []
    seen = {_text(plan) for plan, _ in refused}
    for number, (plan, raw) in enumerate(refused):
        heapq.heappush(queue, (-_Refused(plan, raw).progress, number, _Refused(plan, raw)))
    calls, order, work = 0, len(queue), 0
    while queue and calls < MOST_CALLS and work < MOST_WORK:
        before = heapq.heappop(queue)[2]
        for plan in _changed(before, optional):
            if _text(plan) in seen or calls >= MOST_CALLS or work >= MOST_WORK:
                continue
            seen.add(_text(plan))
            calls, order = calls + 1, order + 1
            try:
                raw = call(plan)
            except InputSpecError:  # one name, two sizes
                continue
            if raw.stopped is None:
                return plan, raw
            refusal = _Refused(plan, raw)
            work += refusal.progress
            heapq.heappush(queue, (-refusal.progress, order, refusal))
    return None


def _text(plan: Plan) -> str:
    return str([str(planned.spec) for planned in plan])


def _changed(before: _Refused, optional: Plan) -> Iterator[Plan]:
    """The plan with one tensor changed as a demand says, or with an argument more."""
    given = {planned.spec.name for planned in before.plan}
    for demand in before.demands():
        if demand.kind == "given":
            yield from ((*before.plan, planned) for planned in optional if planned.spec.name not in given)
        if demand.kind == "larger":
            yield from _enlarged(before.plan)
            continue
        for planned in before.plan:
            for value in _variants(planned.spec.value, demand, planned.reason not in STATED):
                yield _with(before.plan, [p for p in before.plan if p.spec.value == planned.spec.value], value)
                yield _with(before.plan, [planned], value)


def _with(plan: Plan, changed: Sequence[PlannedInput], value: InputValue) -> Plan:
    """The plan with another value of these arguments: arguments of one form are likely to stay alike."""
    return tuple(replace(p, spec=InputSpec(p.spec.name, value), reason=REASON) if p in changed else p for p in plan)


def _variants(value: InputValue, demand: Demand, may_grow: bool) -> Iterator[InputValue]:
    """The value with one of its tensors changed."""
    if isinstance(value, TensorValue):
        yield from _forms(value, demand, may_grow)
    elif isinstance(value, SequenceValue):
        for at, item in enumerate(value.items):
            for changed in _variants(item, demand, may_grow):
                yield SequenceValue(value.kind, (*value.items[:at], changed, *value.items[at + 1 :]))
    elif isinstance(value, MappingValue):
        for at, (key, item) in enumerate(value.items):
            for changed in _variants(item, demand, may_grow):
                yield MappingValue((*value.items[:at], (key, changed), *value.items[at + 1 :]))


def _forms(value: TensorValue, demand: Demand, may_grow: bool) -> Iterator[TensorValue]:
    if demand.kind == "integer" and value.dtype.startswith("float"):
        yield TensorValue("int64", value.dims)
    elif demand.kind == "float" and not value.dtype.startswith("float"):
        yield TensorValue("float32", value.dims)
    elif demand.kind == "three" and may_grow:
        yield from (_of_size(value, axis, 3) for axis in range(len(value.dims) - 1, 0, -1))
    elif demand.kind == "size":
        yield from _resized(value, demand, may_grow)
    elif demand.kind == "axes" and may_grow and demand.wanted != len(value.dims):
        yield from (TensorValue(value.dtype, dims) for dims in _of_axes(value, demand.wanted))


def _resized(value: TensorValue, demand: Demand, may_grow: bool) -> Iterator[TensorValue]:
    """Two axes changed about, where the wanted size stands on another one; then each axis from which the refused size
    can have come: it is that size, or what came of it is a multiple. The batch stays, and gets an axis beside it.
    """
    sizes = [dim.number({}) for dim in value.dims]
    if len(sizes) == 1 and may_grow:
        wanted = _wanted(sizes[0], demand)
        if wanted is not None:
            yield TensorValue(value.dtype, (*value.dims, DimSpec(None, wanted)))
    if demand.got in sizes[1:] and demand.wanted in sizes[1:]:
        one, other = sizes.index(demand.got, 1), sizes.index(demand.wanted, 1)
        dims = list(value.dims)
        dims[one], dims[other] = dims[other], dims[one]
        yield TensorValue(value.dtype, tuple(dims))
    order = sorted(range(len(value.dims)), key=lambda axis: (value.dims[axis].name is not None, axis))
    for axis in order:
        dim, wanted = value.dims[axis], _wanted(sizes[axis], demand)
        if wanted is not None and wanted != sizes[axis] and dim.name != "B":
            yield _of_size(value, axis, wanted)


def _of_size(value: TensorValue, axis: int, size: int) -> TensorValue:
    dim = value.dims[axis]
    changed = DimSpec(dim.name if dim.name in (*SPATIAL, "T", "L") else None, size)
    return TensorValue(value.dtype, (*value.dims[:axis], changed, *value.dims[axis + 1 :]))


def _wanted(size: int, demand: Demand) -> int | None:
    if size == demand.got:
        return demand.wanted
    factor, rest = divmod(demand.got, size) if size else (0, 1)
    if factor > 1 and not rest and demand.wanted % factor == 0 and demand.wanted:
        return demand.wanted // factor
    grown = size + demand.wanted - demand.got
    return grown if size < demand.got and 0 < grown <= 4 * size else None


def _of_axes(value: TensorValue, axes: int) -> Iterator[tuple[DimSpec, ...]]:
    """The usual forms of so many axes, with the width that is known of it."""
    batch, length = DimSpec("B", DEFAULT_SIZES["B"]), DimSpec("T", DEFAULT_SIZES["T"])
    height, width = DimSpec("H", DEFAULT_SIZES["H"]), DimSpec("W", DEFAULT_SIZES["W"])
    known = [dim for dim in value.dims[1:] if dim.name is None]
    is_index = value.dtype == "int64"
    for feature in dict.fromkeys([*known[:1], DimSpec(None, 3)]):
        forms: dict[int, list[tuple[DimSpec, ...]]] = {
            1: [(batch,)],
            2: [(batch, length)] if is_index else [(batch, feature), (batch, length)],
            3: [(batch, length, feature), (batch, feature, length)],
            4: [(batch, feature, height, width), (batch, length, height, feature)],
            5: [(batch, feature, DimSpec("D", 8), height, width), (batch, length, feature, height, width)],
        }
        yield from forms.get(axes, ())


def _enlarged(plan: Plan) -> Iterator[Plan]:
    """Twice the pixels, or four times the samples, of every tensor."""
    batch = TensorValue("float32", (DimSpec("B", DEFAULT_SIZES["B"]),))
    if any(
        p.spec.value == batch and p.reason not in STATED for p in plan
    ):  # a signal, of which only the batch is there
        signal = TensorValue("float32", (*batch.dims, DimSpec("T", 4 * DEFAULT_SIZES["T"])))
        yield _with(plan, [p for p in plan if p.spec.value == batch], signal)
        return
    sides = {
        d.number({})
        for p in plan
        if isinstance(p.spec.value, TensorValue)
        for d in p.spec.value.dims
        if d.name in SPATIAL
    }
    factor = 2 if sides else 4
    if sides and max(sides) * factor > LARGEST_SIDE:
        return

    def larger(dim: DimSpec) -> DimSpec:
        named = dim.name in (*SPATIAL, "T", "L")
        return replace(dim, size=dim.number({}) * factor) if named else dim

    yield tuple(
        replace(p, spec=InputSpec(p.spec.name, TensorValue(p.spec.value.dtype, tuple(map(larger, p.spec.value.dims)))))
        if isinstance(p.spec.value, TensorValue)
        else p
        for p in plan
    )
