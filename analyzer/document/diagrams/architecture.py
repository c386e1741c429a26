"""The whole model on one page: the data flow of its `forward`, repeated blocks folded and opened in a frame.

Where no line of `forward` was traced only containment is drawn, and the title says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzer.document.diagrams.describe import drawn_model, parameters_line, shape_text, style_of, trace_of
from analyzer.document.diagrams.drawing import MOST_BOXES, draw_flow
from analyzer.document.diagrams.flow import Flow, Step, inline
from analyzer.document.diagrams.flow_modules import classes_line
from analyzer.document.diagrams.forwards import Forwards
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Arrow, Box, Diagram
from analyzer.records.techniques import Text
from analyzer.records.tensors import ModelShapes, ModuleNode, ModuleRecord

ROOM = MOST_BOXES - 1


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    model = drawn_model(analysis)
    if model is None:
        return ()
    trace = trace_of(model, "training", "inference", "prefill")
    if trace is not None:
        forwards = Forwards(analysis, trace)
        flow = forwards.flow(forwards.unwrapped)
        if flow is not None and flow.modules():
            title = Text(f"Architecture of {model.class_name}", f"{model.class_name} 的总体架构")
            return (draw_flow("architecture", title, _with_ties(_opened(flow, forwards), model), (model.where,)),)
    return containment(model)


def _with_ties(flow: Flow, model: ModelShapes) -> Flow:
    """A module whose weight is another's says so: its parameters are not counted again."""
    owners = {path.rpartition(".")[0]: owner for owner, path in model.ties}
    steps = [
        replace(step, lines=(*step.lines, f"shares {owners[step.modules[0]]}"))
        if len(step.modules) == 1 and step.modules[0] in owners
        else step
        for step in flow.steps
    ]
    return Flow(steps, flow.edges, flow.groups)


def _opened(flow: Flow, forwards: Forwards) -> Flow:
    """Open module calls, the largest first, while the picture stays small enough; a second call of a class whose inside
    stands in the picture already would say nothing new.
    """
    shown: set[str] = set()
    for step in sorted(flow.modules(), key=lambda step: (-step.parameters, -_parts(step, forwards))):
        inner = forwards.flow(step.modules[0]) if _is_uniform(step, forwards) else None
        kind = step.lines[0].partition(" ×")[0] if step.lines else ""
        if inner is None or kind in shown or not _says_more(inner):
            continue
        if len(flow.steps) - 1 + sum(part.kind not in ("input", "output") for part in inner.steps) > ROOM:
            continue
        shown.add(kind)
        label = f"{step.label}: {classes_line(step.modules, forwards.records)}"
        flow = inline(flow, step.id, _of_each(inner) if len(step.modules) > 1 else inner, label)
    return flow


def _parts(step: Step, forwards: Forwards) -> int:
    """How many modules stand below: what is large where parameters could not be counted."""
    return sum(name.startswith(f"{path}.") for path in step.modules for name in forwards.records)


def _says_more(inner: Flow) -> bool:
    """A run of modules of one class is said by its count already."""
    return len({step.lines[:1] for step in inner.modules()}) > 1


def _of_each(inner: Flow) -> Flow:
    steps = [
        replace(step, lines=tuple(f"{line} each" if line.endswith(" parameters") else line for line in step.lines))
        for step in inner.steps
    ]
    return Flow(steps, inner.edges, inner.groups)


def _is_uniform(step: Step, forwards: Forwards) -> bool:
    """One inside is everyone's: the same parts with the same shapes. What a frame surrounds stays closed."""
    return step.group is None and len({_form(path, forwards.records) for path in step.modules}) == 1


def _form(path: str, records: Mapping[str, ModuleRecord]) -> tuple[tuple[object, ...], ...]:
    """A module and its parts by class, arguments and shapes."""
    inside = [path, *(name for name in records if name.startswith(f"{path}."))]
    return tuple(
        (
            name.removeprefix(path),
            records[name].class_name,
            records[name].detail,
            tuple(shape_text((*call.inputs, *call.outputs)) for call in records[name].calls),
        )
        for name in inside
    )


def containment(model: ModelShapes) -> tuple[Diagram, ...]:
    """What the model contains, without saying what flows where."""
    if model.tree is None or not model.tree.children:
        return ()
    boxes = [_node_box(model.tree, model.class_name, "root")]
    arrows: list[Arrow] = []
    shown = _largest(model.tree.children, MOST_BOXES - 1)
    for child in shown:
        boxes.append(_node_box(child, child.name, f"child {child.path}"))
        arrows.append(Arrow("root", boxes[-1].id))
    title = Text(
        f"What {model.class_name} contains (the order of its calls was not derived)",
        f"{model.class_name} 包含的模块（调用顺序未能推导）",
    )
    return (
        Diagram("architecture", title, "flow", tuple(boxes), tuple(arrows), direction="right", where=(model.where,)),
    )


def _largest(children: tuple[ModuleNode, ...], limit: int) -> list[ModuleNode]:
    largest = sorted(children, key=lambda node: -node.parameters * node.repeats)[:limit]
    return [node for node in children if node in largest]


def _node_box(node: ModuleNode, label: str, name: str) -> Box:
    times = f" ×{node.repeats}" if node.repeats > 1 else ""
    lines = (f"{node.class_name}{times}", *parameters_line(node.parameters * node.repeats))
    style = style_of(f"{label} {node.class_name}", parameters=node.parameters)
    return Box(name, label, lines, style, where=node.created_at)
