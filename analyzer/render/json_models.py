"""Evaluated models in facts.json: the keys of `deepdive shapes`, with full sources and without null."""

from __future__ import annotations

from typing import Any

from analyzer.records.evidence import Known, Unknown
from analyzer.records.tensors import ModelShapes, ModuleRecord, ParameterCounts, ReferenceTrace, Trace
from analyzer.render.json_values import Json, Object, source, unknown
from analyzer.render.shapes_json import shapes_json

COUNTS = ("parameters", "active_parameters", "buffers")


def model(item: ModelShapes) -> Object:
    main, *further = item.traces or (None,)
    described = _complete(item, main)
    if further:
        described["traces"] = [_trace(item, trace) for trace in further if trace is not None]
    return described


def _complete(item: ModelShapes, trace: Trace | None) -> Object:
    shapes: dict[str, Any] = dict(shapes_json(item, trace))
    del shapes["schema"], shapes["class"]
    build: Object = {"expression": item.build_expression, "origin": item.build_origin}
    if item.build_where is not None:
        build["source"] = source(item.build_where)
    shapes |= {"build": build}
    if isinstance(item.parameters, Unknown):
        shapes |= dict.fromkeys(COUNTS, unknown(item.parameters))
    else:
        shapes |= _unknown_counts(item.parameters.value, item)
    _name_cost_gaps(shapes["cost"], item)
    _give_module_sources(shapes, trace.modules if trace else item.modules)
    if trace is not None:
        _give_line_sources(shapes, trace)
    else:
        del shapes["mode"]
    head: Object = {
        "name": item.class_name, "qualified_name": item.qualified_name, "main": item.main, "how": "evaluated",
        "source": source(item.where),
    }  # fmt: skip
    return head | shapes


def _unknown_counts(counts: ParameterCounts, item: ModelShapes) -> Object:
    """Counts that are open although the total of parameters is known."""
    found: Object = {}
    if isinstance(counts.active, Unknown):
        found["active_parameters"] = unknown(counts.active)
    if counts.unknown_buffers:
        found["buffers"] = unknown(Unknown("unknown_buffers", (), item.where))
    return found


def _name_cost_gaps(costs: dict[str, Any], item: ModelShapes) -> None:
    for name, cost in item.costs:
        if isinstance(cost.value, Unknown):
            costs[name]["value"] = unknown(cost.value)
        if cost.formula is None:
            del costs[name]["formula"]
        if isinstance(cost.value, Known):
            costs[name]["how"] = cost.value.how


def _give_module_sources(shapes: dict[str, Any], records: tuple[ModuleRecord, ...]) -> None:
    for described, record in zip(shapes["modules"], records, strict=True):
        described.pop("source", None)
        if record.created_at is not None:
            described["source"] = source(record.created_at)
        if record.defined_at is not None:
            described["defined_at"] = source(record.defined_at)


def _give_line_sources(shapes: dict[str, Any], trace: Trace) -> None:
    for described, row in zip(shapes["lines"], trace.rows, strict=True):
        described["source"] = source(row.where)
    for key in ("conditions", "assumptions"):
        for described in shapes[key]:
            for name in [name for name, entry in described.items() if entry is None]:
                del described[name]


def _trace(item: ModelShapes, trace: Trace) -> Object:
    """A further trace: what differs from call to call, without the build."""
    shapes = _complete(item, trace)
    kept = ("mode", "inputs", "modules", "lines", "output", "conditions", "assumptions", "unknown")
    return {"method": trace.method, "how": "evaluated", **{key: shapes[key] for key in kept}}


def reference(item: ReferenceTrace) -> Object:
    """The bundled reference model beside which the report shows its figures."""
    counts: Json = {"total": item.parameters.total, "trainable": item.parameters.trainable}
    return {
        "preset": item.preset,
        "how": "traced",
        "batch": item.batch,
        "length": item.length,
        "configuration": dict(item.configuration),
        "parameters": counts,
        "flops_forward": item.flops_forward,
        "flops_formula": item.flops_formula,
        "kv_bytes_per_token": item.kv_bytes_per_token,
        "kv_formula": item.kv_formula,
    }
