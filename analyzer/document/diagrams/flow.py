"""The data flow of one `forward` as a graph of the calls that it makes, and how such a graph is made smaller.

It says what flows where, not how it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from analyzer.records.diagrams import BoxStyle
from analyzer.records.source import Span

Kind = Literal["input", "output", "module", "function", "operator", "value"]


@dataclass(frozen=True)
class Step:
    """A node: an argument, a result, a call of a module or function, or an operator that joins two tensors.

    `modules` are the paths that one call stands for: several where a loop runs over a container.
    """

    id: str
    kind: Kind
    label: str
    lines: tuple[str, ...] = ()
    style: BoxStyle = "plain"
    where: Span | None = None
    modules: tuple[str, ...] = ()
    parameters: int = 0
    group: str | None = None
    place: int | None = None
    """Of an output: which element of the returned tuple it is."""


@dataclass(frozen=True)
class Edge:
    """A value on its way; `argument` is the position or keyword under which it is handed over, `elements` are the
    places of the source's tuple of results that it may be (none where the source gives one result, or any of them).
    """

    source: str
    target: str
    label: str = ""
    argument: int | str | None = None
    elements: tuple[int, ...] = ()


@dataclass
class Flow:
    steps: list[Step] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    """Label of each frame by id."""

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.id == name)

    def modules(self) -> list[Step]:
        return [step for step in self.steps if step.kind == "module"]

    def add_edge(self, edge: Edge) -> None:
        """Once per pair of steps; two values between the same two share an arrow."""
        for number, known in enumerate(self.edges):
            if (known.source, known.target) == (edge.source, edge.target):
                both = known.label
                if edge.label and edge.label not in known.label.split("; "):
                    both = "; ".join(label for label in (known.label, edge.label) if label)
                elements = (*known.elements, *edge.elements) if known.elements and edge.elements else ()
                self.edges[number] = replace(known, label=both, elements=elements)
                return
        self.edges.append(edge)


def inline(flow: Flow, name: str, inner: Flow, label: str) -> Flow:
    """The flow with one module call replaced by what happens inside it, in a frame."""
    renamed = {step.id: f"{name}/{step.id}" for step in inner.steps}
    arguments = {step.label: step.id for step in inner.steps if step.kind == "input"}
    results = {step.id: step.place for step in inner.steps if step.kind == "output"}
    own = label.partition(":")[0]
    inside = [
        replace(_placed(step, inner, name, own), id=renamed[step.id])
        for step in inner.steps
        if step.kind not in ("input", "output")
    ]
    frames = {f"{name}/{frame}": f"{own}, {text}" for frame, text in inner.groups.items()} or {name: label}
    merged = Flow(groups={**flow.groups, **frames})
    for step in flow.steps:
        merged.steps += inside if step.id == name else [step]
    for edge in flow.edges:
        for mapped in _rewired(edge, name, inner, arguments, results):
            merged.add_edge(mapped)
    for edge in inner.edges:
        if edge.source not in arguments.values() and edge.target not in results:
            merged.add_edge(replace(edge, source=renamed[edge.source], target=renamed[edge.target]))
    return merged


def _placed(step: Step, inner: Flow, name: str, own: str) -> Step:
    """In the frame of the module; where that has frames of loops, for frames do not nest, in those or in none, and then
    with the module's name.
    """
    if not inner.groups:
        return replace(step, group=name)
    if step.group:
        return replace(step, group=f"{name}/{step.group}")
    return replace(step, label=f"{own}.{step.label}" if step.kind == "module" else step.label)


def _rewired(
    edge: Edge, name: str, inner: Flow, arguments: dict[str, str], results: dict[str, int | None]
) -> Iterable[Edge]:
    if edge.target == name:
        entry = _entry(edge.argument, arguments)
        for piece in inner.edges:
            if piece.source in entry and piece.target not in results:
                taken = piece.label or edge.label  # what is made of the argument before a part takes it
                yield Edge(edge.source, f"{name}/{piece.target}", taken, piece.argument, edge.elements)
    elif edge.source == name:
        wanted = {result for result, place in results.items() if _is_given(place, edge.elements)}
        for piece in inner.edges:
            if piece.target in wanted and piece.source not in arguments.values():
                yield Edge(f"{name}/{piece.source}", edge.target, edge.label, edge.argument, piece.elements)
    else:
        yield edge


def _is_given(place: int | None, elements: tuple[int, ...]) -> bool:
    """Whether an output may be one of these elements."""
    return place is None or not elements or place in elements


def _entry(argument: int | str | None, arguments: dict[str, str]) -> set[str]:
    """The inputs of the inner flow that a value arrives at; all of them where the position is unknown."""
    names = list(arguments)
    if isinstance(argument, int) and argument < len(names):
        return {arguments[names[argument]]}
    if isinstance(argument, str) and argument in arguments:
        return {arguments[argument]}
    return set() if isinstance(argument, str) else set(arguments.values())


def without_dead_ends(flow: Flow) -> Flow:
    """Without calls and operators whose result nothing uses, where an output is known; modules and losses stay."""
    if not any(step.kind == "output" for step in flow.steps):
        return flow
    while True:
        going = {edge.source for edge in flow.edges}
        idle = {
            step.id
            for step in flow.steps
            if step.kind in ("function", "operator", "value") and step.style != "loss" and step.id not in going
        }
        if not idle:
            return flow
        steps = [step for step in flow.steps if step.id not in idle]
        flow = Flow(steps, [edge for edge in flow.edges if edge.target not in idle], flow.groups)


def without_functions(flow: Flow) -> Flow:
    """Only modules, operators, inputs and outputs; values pass straight through the calls left out."""
    for step in [step for step in flow.steps if step.kind == "function" and step.style != "loss"]:
        flow = _bypassed(flow, step.id)
    return flow


def _bypassed(flow: Flow, name: str) -> Flow:
    shorter = Flow([step for step in flow.steps if step.id != name], [], flow.groups)
    incoming = [edge for edge in flow.edges if edge.target == name]
    for edge in flow.edges:
        if edge.source == name:
            for before in incoming:
                label = edge.label or before.label
                shorter.add_edge(Edge(before.source, edge.target, label, edge.argument, before.elements))
        elif edge.target != name:
            shorter.add_edge(edge)
    return shorter


def folded(flow: Flow, limit: int) -> Flow:
    """Merge neighbours of a straight run, smallest first, until at most `limit` steps remain."""
    while len(flow.steps) > limit:
        pairs = _straight_pairs(flow)
        if not pairs:
            break
        flow = _merged(flow, *min(pairs, key=lambda pair: (_weight(pair), flow.steps.index(pair[0]))))
    return flow


def _straight_pairs(flow: Flow) -> list[tuple[Step, Step]]:
    leaving: dict[str, int] = {}
    entering: dict[str, int] = {}
    for edge in flow.edges:
        leaving[edge.source] = leaving.get(edge.source, 0) + 1
        entering[edge.target] = entering.get(edge.target, 0) + 1
    pairs = []
    for edge in flow.edges:
        first, second = flow.step(edge.source), flow.step(edge.target)
        inside = {first.kind, second.kind}.isdisjoint({"input", "output"}) and first.group == second.group
        if inside and leaving[first.id] == 1 and entering[second.id] == 1:
            pairs.append((first, second))
    return pairs


def _weight(pair: tuple[Step, Step]) -> tuple[int, int]:
    """Calls without parameters go first, and runs grow evenly."""
    return min(step.parameters for step in pair), sum(len(step.modules) or 1 for step in pair)


def _merged(flow: Flow, first: Step, second: Step) -> Flow:
    number = (len(first.modules) or 1) + (len(second.modules) or 1)
    parameters = first.parameters + second.parameters
    start, end = first.label.split(" … ")[0], second.label.split(" … ")[-1]
    lines = (f"{number} calls", *((f"{parameters:,} parameters",) if parameters else ()))
    larger = max(first, second, key=lambda step: step.parameters)
    whole = replace(
        first, kind="module", label=f"{start} … {end}", lines=lines, style=larger.style, parameters=parameters,
        modules=(*(first.modules or (first.id,)), *(second.modules or (second.id,))),
    )  # fmt: skip
    smaller = Flow(
        [whole if step.id == first.id else step for step in flow.steps if step.id != second.id], [], flow.groups
    )
    for edge in flow.edges:
        if (edge.source, edge.target) != (first.id, second.id):
            source = first.id if edge.source == second.id else edge.source
            smaller.add_edge(replace(edge, source=source))
    return smaller
