"""One evaluated model as `deepdive/shapes/1`: the JSON of `deepdive shapes`, from records alone."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.records.evidence import Arguments, Assumption, Condition, Gap, Known, Unknown
from analyzer.records.missing_packages import MissingPackage, joined, missing_packages
from analyzer.records.source import Span
from analyzer.records.tensors import (
    Cost,
    Dim,
    ModelShapes,
    ModuleCall,
    ModuleRecord,
    ReferenceTrace,
    ShapeRow,
    ShapeTarget,
    TensorSpec,
    Trace,
)

SCHEMA = "deepdive/shapes/1"
COSTS = ("flops", "activation_bytes", "kv_bytes_per_token", "optimizer_bytes")
Json = object


def shapes_json(model: ModelShapes, trace: Trace | None = None) -> dict[str, Json]:
    """The contract's object for a model and one of its traces (the first unless another is given)."""
    trace = trace or (model.traces[0] if model.traces else None)
    counts = model.parameters.value if isinstance(model.parameters, Known) else None
    gaps = (*model.gaps, *(trace.gaps if trace else ()))
    return {
        "schema": SCHEMA,
        "class": model.class_name,
        "build": {
            "expression": model.build_expression,
            "origin": model.build_origin,
            "source": _place(model.build_where),
        },
        "inputs": [{"name": i.name, "value": str(i.value), "reason": i.reason} for i in trace.inputs] if trace else [],
        "mode": trace.mode if trace else None,
        "variables": dict(model.variables),
        "unstated": [size.name for size in model.unstated],
        "parameters": {"total": counts.total, "trainable": counts.trainable} if counts else None,
        "active_parameters": counts.active if counts and isinstance(counts.active, int) else None,
        "buffers": counts.buffers if counts and not counts.unknown_buffers else None,
        "ties": [list(pair) for pair in model.ties],
        "modules": [_module(record, not model.unstated) for record in (trace.modules if trace else model.modules)],
        "lines": [_line(row) for row in trace.rows] if trace else [],
        "output": _output(trace) if trace else [],
        "cost": _costs(model),
        "formulas": formulas_json(model),
        "shares": shares_json(model),
        "conditions": [_condition(condition) for condition in trace.conditions] if trace else [],
        "assumptions": [_assumption(item) for item in _unique(model.assumptions, trace)],
        "unknown": _unknown(model, gaps),
        "missing_packages": [_package(item) for item in missing_packages(joined(gaps))],
        "nets": list(model.nets),
    }


def trace_json(trace: ReferenceTrace) -> dict[str, Json]:
    """`deepdive/trace/1`: the reference GPT's real shapes, rows as in `modules`, and its yardstick quantities."""
    counts = trace.parameters
    return {
        "schema": "deepdive/trace/1",
        "preset": trace.preset,
        "inputs": {"B": trace.batch, "T": trace.length},
        "configuration": dict(trace.configuration),
        "parameters": {"total": counts.total, "trainable": counts.trainable, "tied": counts.tied},
        "buffers": counts.buffers,
        "flops_forward": {"value": trace.flops_forward, "formula": trace.flops_formula},
        "kv_bytes_per_token": {"value": trace.kv_bytes_per_token, "formula": trace.kv_formula},
        "training": [_module(record) for record in trace.training],
        "inference": [_module(record) for record in trace.inference],
        "decode": [_module(record) for record in trace.decode],
    }


def _place(where: Span | None) -> Json:
    return None if where is None else {"path": where.path, "line": where.first_line}


def _dim(dim: Dim) -> Json:
    if dim.value is None:
        return None
    return dim.value if dim.expression is None else {"expr": dim.expression, "value": dim.value}


def _shape(tensor: TensorSpec) -> Json:
    return [_dim(dim) for dim in tensor.shape]


def _module(record: ModuleRecord, counted: bool = True) -> Json:
    return {
        "path": record.path,
        "class": record.class_name,
        "parameters": record.parameters if counted else None,
        "source": _place(record.created_at),
        "calls": [_call(call) for call in record.calls if call.hooked],  # as hooks of torch see them
    }


def _call(call: ModuleCall) -> Json:
    return {
        "inputs": [_shape(tensor) for tensor in call.inputs],
        "outputs": [_shape(tensor) for tensor in call.outputs] if call.known else None,
        **({"takes_unknown": True} if call.takes_unknown else {}),
        **(
            {
                "under": [
                    {"text": part.text, "path": part.where.path, "line": part.where.first_line} for part in call.under
                ]
            }
            if call.under
            else {}
        ),
    }


def _output(trace: Trace) -> Json:
    """What the traced call gave; null where it did not finish or gave what is not known."""
    root = next((record for record in trace.modules if record.path == ""), None)
    if trace.method == "forward" and root is not None and not all(call.known for call in root.calls if call.hooked):
        return None
    return [_shape(tensor) for tensor in trace.output]


def _line(row: ShapeRow) -> Json:
    return {
        "path": row.where.path,
        "line": row.where.first_line,
        "module": row.module,
        "modules": list(row.modules),
        "times": row.times,
        "targets": {target.name: _target(target) for target in row.targets},
    }


def _target(target: ShapeTarget) -> Json:
    tensors = [{"shape": _shape(tensor), "dtype": tensor.dtype} for tensor in target.tensors]
    return tensors[0] if len(tensors) == 1 and not target.nested else {"tensors": tensors}


def _costs(model: ModelShapes) -> Json:
    costs = dict(model.costs)
    return {name: _cost(costs[name]) for name in (*COSTS, *sorted(set(costs) - set(COSTS))) if name in costs}


def _cost(cost: Cost) -> Json:
    value = cost.value.value if isinstance(cost.value, Known) else None
    described: dict[str, Json] = {"value": value, "formula": cost.formula, "convention": cost.convention}
    if isinstance(cost.value, Unknown):
        described["unknown"] = reason_text(cost.value.reason, cost.value.arguments)
    if cost.basis is not None:
        described["basis"] = {
            "mode": cost.basis.mode,
            "method": cost.basis.method,
            "variables": dict(cost.basis.variables),
            "notes": list(cost.basis.notes),
        }
    if cost.formula is not None:
        described |= {"variables": _variables(cost), "checked": cost.checked}
    if cost.no_formula is not None:
        described["no_formula"] = reason_text(cost.no_formula.reason, cost.no_formula.arguments)
    return described


def _variables(cost: Cost) -> Json:
    return {v.name: {"value": v.value, "smallest": v.smallest, "largest": v.largest} for v in cost.variables}


def formulas_json(model: ModelShapes) -> list[Json]:
    """Every closed formula of a model as Python over names, with the values between which it was checked."""
    return [
        {
            "name": name,
            "expression": cost.formula,
            "variables": _variables(cost),
            "value": cost.value.value,
            "checked": cost.checked,
        }
        for name, cost in model.costs
        if cost.formula is not None and isinstance(cost.value, Known)
    ]


def shares_json(model: ModelShapes) -> list[Json]:
    """Parameters and products of every module, its parts included; of repeated blocks, one of them."""
    return [
        {
            "path": share.path,
            "class": share.class_name,
            "instances": share.instances,
            "parameters": share.parameters,
            **({"parameters_formula": share.parameters_formula} if share.parameters_formula else {}),
            "flops": dict(share.flops),
            "flops_formulas": dict(share.flops_formulas),
        }
        for share in model.shares
    ]


def _condition(condition: Condition) -> Json:
    return {"text": condition.text, **_at(condition.where), "decided": condition.decided}


def _assumption(item: Assumption) -> Json:
    return {"kind": item.kind, "text": item.text, **_at(item.where), "rows": item.rows}


def _at(where: Span | None) -> dict[str, Json]:
    return {"path": where.path if where else None, "line": where.first_line if where else None}


def _unique(own: Iterable[Assumption], trace: Trace | None) -> list[Assumption]:
    """Assumptions of the build and of the trace, each once, with the larger number of rows."""
    merged: dict[tuple[str, str, Span | None], Assumption] = {}
    for item in (*own, *(trace.assumptions if trace else ())):
        key = (item.kind, item.text, item.where)
        if key not in merged or merged[key].rows < item.rows:
            merged[key] = item
    return list(merged.values())


def _unknown(model: ModelShapes, gaps: Iterable[Gap]) -> Json:
    listed = [{"where": g.where, "reason": reason_text(g.reason, g.arguments), "unlocks": g.unlocks} for g in gaps]
    if isinstance(model.parameters, Unknown):
        first = model.parameters.root()
        reason = reason_text(first.reason, first.arguments)
        where = str(first.where) if first.where else model.where.path
        if not any(item["reason"] == reason for item in listed):
            listed.insert(0, {"where": where, "reason": reason, "unlocks": 0})
    return listed


def _package(item: MissingPackage) -> Json:
    return {"name": item.name, "wanted": list(item.wanted), "rows": item.rows, "where": list(item.where)}


def reason_text(reason: str, arguments: Arguments) -> str:
    """A reason as one machine-readable line: its identifier and what it was about."""
    values = ", ".join(value for _, value in arguments)
    return f"{reason}: {values}" if values else reason
