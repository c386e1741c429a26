"""The shape path of the whole model, the steps of its attention, and its residual structure.

All three are the data flow of a `forward` as it ran, at the level of single names.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from analyzer.document.diagrams.describe import drawn_model, of_instance, trace_of
from analyzer.document.diagrams.drawing import draw_flow
from analyzer.document.diagrams.flow import Flow, without_functions
from analyzer.document.diagrams.forwards import Forwards
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram
from analyzer.records.techniques import Text
from analyzer.records.tensors import ModelShapes, ModuleRecord

ATTENTION = "attention"
MOST_INSTANCES = 4
"""Of one class that are looked at: the first of a stage often maps what it adds."""


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    model = drawn_model(analysis)
    trace = trace_of(model, "inference", "prefill", "training") if model else None
    if model is None or trace is None:
        return ()
    forwards = Forwards(analysis, trace)
    return (
        *_shape_path(analysis, model),
        *_attention_steps(analysis, forwards),
        *_residual(forwards),
    )


def _shape_path(analysis: Analysis, model: ModelShapes) -> tuple[Diagram, ...]:
    """Of the call that the tables of shapes tell; the last step of decoding says less than the whole."""
    trace = trace_of(model, "training", "inference", "prefill")
    forwards = Forwards(analysis, trace) if trace else None
    flow = forwards.values(forwards.unwrapped) if forwards else None
    if flow is None or len(flow.steps) < 3:
        return ()
    title = Text(f"Shapes on the way through {model.class_name}", f"{model.class_name} 中的 shape 变化")
    return (draw_flow("tensor_shapes", title, flow),)


def _attention_steps(analysis: Analysis, forwards: Forwards) -> tuple[Diagram, ...]:
    record = _attention_module(analysis, forwards)
    flow = forwards.values(record.path) if record else None
    if record is None or flow is None or len(flow.steps) < 4:
        return ()
    which = of_instance(forwards.trace.modules, record)
    title = Text(f"Steps of {record.class_name}{which.en}", f"{record.class_name} 的计算步骤{which.zh}")
    return (draw_flow("attention_steps", title, flow),)


def _attention_module(analysis: Analysis, forwards: Forwards) -> ModuleRecord | None:
    """The first traced module whose class contains an attention technique."""
    sheets = {sheet.id for sheet in analysis.findings.sheets if sheet.category == ATTENTION}
    found = {
        name.rpartition(":")[2].split(".")[0]
        for finding in analysis.findings.techniques
        if finding.sheet_id in sheets and finding.in_use
        for name in finding.models
    }
    traced = {row.module for row in forwards.trace.rows}
    records = [record for record in forwards.records.values() if record.path in traced]
    return next((record for record in records if record.class_name in found), None)


def _residual(forwards: Forwards) -> tuple[Diagram, ...]:
    """The class whose forward adds most often what it had before; its first instance that carries it on unchanged."""
    best: tuple[int, ModuleRecord, Flow] | None = None
    tried: Counter[str] = Counter()
    told: set[str] = set()
    for record in forwards.records.values():
        if record.class_name in told or tried[record.class_name] >= MOST_INSTANCES or not record.path:
            continue
        tried[record.class_name] += 1
        flow = forwards.flow(record.path)
        skips = _skips(flow) if flow else 0
        told |= {record.class_name} if skips else set()
        if flow is not None and skips and (best is None or skips > best[0]):
            best = (skips, record, flow)
    if best is None:
        return ()
    _, record, flow = best
    bare = without_functions(flow)
    bare.edges = [replace(edge, label="") for edge in bare.edges]
    title = Text(f"Residual structure of {record.class_name}", f"{record.class_name} 的残差结构")
    return (draw_flow("residual", title, bare),)


def _skips(flow: Flow) -> int:
    """Additions of which one side is an earlier value that the other side was computed from by a module."""
    return sum(_is_skip(flow, step.id) for step in flow.steps if step.kind == "operator" and step.label == "+")


def _is_skip(flow: Flow, addition: str) -> bool:
    sources = [edge.source for edge in flow.edges if edge.target == addition]
    return any(_is_branch(flow, one, other) for one in sources for other in sources if one != other)


def _is_branch(flow: Flow, stream: str, branch: str) -> bool:
    """A module stands on the way from the one to the other: arithmetic alone (`x + x ** 3`) carries nothing past it."""
    modules = {step.id for step in flow.modules()}
    between = {name for name in (branch, *_ancestors(flow, branch)) if stream in _ancestors(flow, name)}
    return bool(between & modules)


def _ancestors(flow: Flow, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        target = waiting.pop()
        for edge in flow.edges:
            if edge.target == target and edge.source not in found:
                found.add(edge.source)
                waiting.append(edge.source)
    return found
