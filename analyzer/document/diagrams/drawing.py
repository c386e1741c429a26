"""From a data flow to a drawing: steps become boxes, values become arrows."""

from __future__ import annotations

from analyzer.document.diagrams.flow import Edge, Flow, Step, folded, without_functions
from analyzer.records.diagrams import Arrow, Box, Diagram, Group
from analyzer.records.source import Span
from analyzer.records.techniques import Text

MOST_BOXES = 25


def draw_flow(name: str, title: Text, flow: Flow, where: tuple[Span, ...] = ()) -> Diagram:
    """The flow at most 25 boxes large: calls of functions give way first, then neighbours are merged."""
    small = flow if len(flow.steps) <= MOST_BOXES else without_functions(flow)
    small = folded(small, MOST_BOXES)
    if len(small.steps) > MOST_BOXES:
        small = _first_steps(small)
    used = {step.group for step in small.steps}
    if not any(step.kind == "output" for step in flow.steps):
        title = Text(f"{title.en} (as far as it could be traced)", f"{title.zh}（仅到可追踪之处）")
    return Diagram(
        name,
        title,
        "flow",
        boxes=tuple(_box(step) for step in small.steps),
        arrows=_arrows(small),
        groups=tuple(Group(group, label) for group, label in small.groups.items() if group in used),
        where=where,
    )


def _arrows(flow: Flow) -> tuple[Arrow, ...]:
    """A value that goes on and is also added or returned later carries its shape once."""
    said: set[tuple[str, str]] = set()
    arrows = []
    joins = {step.id for step in flow.steps if step.kind in ("operator", "output")}
    for edge in flow.edges:
        again = edge.target in joins and (edge.source, edge.label) in said
        said.add((edge.source, edge.label))
        arrows.append(Arrow(edge.source, edge.target, "" if again else edge.label))
    return tuple(arrows)


def _first_steps(flow: Flow) -> Flow:
    """The last resort for a flow that branches too much: its first steps and one box that counts the others."""
    kept = flow.steps[: MOST_BOXES - 1]
    names = {step.id for step in kept}
    rest = Step("more", "module", "…", (f"{len(flow.steps) - len(kept)} further steps",))
    small = Flow([*kept, rest], [], flow.groups)
    for edge in flow.edges:
        if edge.source in names:
            target = edge.target if edge.target in names else rest.id
            small.add_edge(Edge(edge.source, target, edge.label, edge.argument))
    return small


def _box(step: Step) -> Box:
    return Box(step.id, step.label, step.lines, step.style, step.group, step.where)
