"""Inside each key module: the data flow of its own `forward`, with shapes on the arrows."""

from __future__ import annotations

import re

from analyzer.document.diagrams.describe import drawn_model, of_instance, trace_of
from analyzer.document.diagrams.drawing import draw_flow
from analyzer.document.diagrams.flow import Flow
from analyzer.document.diagrams.forwards import Forwards
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram
from analyzer.records.techniques import Text
from analyzer.records.tensors import ModuleRecord, ShapeRow, Trace

MOST_MODULES = 12


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    """One drawing per class of the repository that ran, those with most parameters first."""
    model = drawn_model(analysis)
    trace = trace_of(model, "inference", "prefill", "training") if model else None
    if trace is None:
        return ()
    forwards = Forwards(analysis, trace)
    drawings: list[Diagram] = []
    names: set[str] = set()
    for record, row in _first_of_each_class(trace):
        flow = forwards.flow(record.path)
        if flow is not None and _is_worth_drawing(flow) and len(drawings) < MOST_MODULES:
            name = _unique(f"module_{record.class_name}", row.where.path, names)
            which = of_instance(trace.modules, record)
            title = Text(f"Inside {record.class_name}{which.en}", f"{record.class_name} 的内部{which.zh}")
            drawings.append(draw_flow(name, title, flow, (row.where,)))
    return tuple(drawings)


def _first_of_each_class(trace: Trace) -> list[tuple[ModuleRecord, ShapeRow]]:
    """The first instance of every class below the root, with a row of its code."""
    records = {record.path: record for record in trace.modules}
    found: dict[tuple[str, str], tuple[ModuleRecord, ShapeRow]] = {}
    for row in trace.rows:
        record = records.get(row.module)
        if record is not None and record.path:
            home = record.defined_at or row.where  # code of other files may run for it: a lambda that it was handed
            found.setdefault((home.path, record.class_name), (record, row))
    return sorted(found.values(), key=lambda pair: -pair[0].parameters)


def _is_worth_drawing(flow: Flow) -> bool:
    return sum(step.kind not in ("input", "output") for step in flow.steps) > 1 and bool(flow.edges)


def _unique(name: str, path: str, names: set[str]) -> str:
    """Two classes of one name, or names that differ in case only, get their file's name too."""
    if name.casefold() in names:
        name = f"{name}_{re.sub(r'[^A-Za-z0-9]+', '_', path)}"
    names.add(name.casefold())
    return name
