"""Trees of calls from an entry point, as a reader would draw them: own code by name, forwards of models, and the
foreign calls that are stages. Depth and width are limited, and a cut is marked.
"""

from __future__ import annotations

import ast

from analyzer.facts.flow import Function, Instance, Klass
from analyzer.facts.flow.contexts import Contexts, Stack
from analyzer.facts.flow.steps import Body, Step, Target
from analyzer.facts.flow.trace import is_forward
from analyzer.facts.interfaces import features_of, is_scheduler, stage_of
from analyzer.facts.program import Flow, Program, is_unresolved_backward
from analyzer.records.processes import CallNode
from analyzer.records.source import Span

MAX_DEPTH = 9
MAX_NODES = 220
MAX_CHILDREN = 40


def build_call_chain(program: Program) -> CallNode:
    """The tree below a program's entry."""
    builder = _ChainBuilder(program.flow, _reached(program))
    children = builder.children(program.body, 0, frozenset({program.body.scope.key}), ())
    return CallNode(program.name, program.entry, program.name, None, children)


def _reached(program: Program) -> frozenset[tuple[int, int]]:
    """Calls and what they run on the ways of this program, by identity, without what only others hand in."""
    return frozenset((id(o.step.node), id(target)) for o in program.occurrences for target in o.step.targets)


class _ChainBuilder:
    def __init__(self, flow: Flow, reached: frozenset[tuple[int, int]]) -> None:
        self._flow = flow
        self._reached = reached
        self._contexts = Contexts(flow.inference)
        self._nodes = 0
        self._drawn: set[tuple[object, ...]] = set()

    def children(self, body: Body, depth: int, above: frozenset[str], stack: Stack) -> tuple[CallNode, ...]:
        """Nodes for the calls of a body; loops and conditions are nodes around what they hold."""
        entries = []
        for step in body.steps:
            if step.kind == "call":
                for node in self._nodes_of(step, depth, above, stack):
                    entries.append((step, node))
        return _nested(self._flow, body, entries)[:MAX_CHILDREN]

    def _nodes_of(self, step: Step, depth: int, above: frozenset[str], stack: Stack) -> list[CallNode]:
        if is_unresolved_backward(step):
            return [CallNode(_label(step), self._span(step))]
        found = []
        for target in (t for t in step.targets if self._is_run(step, t, stack)):
            if target.dotted and _is_shown(target.dotted):
                found.append(CallNode(_label(step), self._span(step), None, target.dotted))
            elif target.body is not None or isinstance(target.type, Klass):
                node = self._own(step, target, depth, above, stack)
                if node is not None:
                    found.append(node)
        return found[:4]

    def _is_run(self, step: Step, target: Target, stack: Stack) -> bool:
        """On some way of the program, and on this one as far as it tells."""
        return (id(step.node), id(target)) in self._reached and self._contexts.reaches(step, stack, target)

    def _own(self, step: Step, target: Target, depth: int, above: frozenset[str], stack: Stack) -> CallNode | None:
        body = target.body
        name = _target_name(target)
        if body is None:
            return CallNode(_label(step), self._span(step), name)
        self._nodes += 1
        if target.note == "recursion" or body.scope.key in above:
            return CallNode(_label(step), self._span(step), name, note="recursion")
        if depth >= MAX_DEPTH or self._nodes > MAX_NODES or target.note == "cut":
            return CallNode(_label(step), self._span(step), name, note="cut")
        way = (*stack, (step, target))
        key = (body.scope.key, is_forward(self._flow.inference, target), self._contexts.given(body.scope, way))
        if key in self._drawn:
            return CallNode(_label(step), self._span(step), name)
        self._drawn.add(key)
        inner = self.children(body, depth + 1, above | {body.scope.key}, way)
        return CallNode(_label(step), self._span(step), name, self._detail(target), inner)

    def _detail(self, target: Target) -> str | None:
        """What a forward or an unnamed function returns, as written."""
        if target.body is not None and isinstance(target.body.scope.node, ast.Lambda):
            return f"-> {ast.unparse(target.body.scope.node.body)}"
        if target.body is None or not is_forward(self._flow.inference, target):
            return None
        returns = [n for n in target.body.scope.nodes if isinstance(n, ast.Return) and n.value is not None]
        return f"-> {ast.unparse(returns[-1].value)}" if returns and returns[-1].value is not None else None

    def _span(self, step: Step) -> Span:
        return self._flow.index.span(step.scope.path, step.node)


def _is_shown(dotted: str) -> bool:
    return stage_of(dotted) is not None or bool(features_of(dotted)) or is_scheduler(dotted)


def _label(step: Step) -> str:
    return f"{ast.unparse(step.node.func)}()" if isinstance(step.node, ast.Call) else ""


def _target_name(target: Target) -> str | None:
    found = target.type
    if isinstance(found, (Instance, Klass)):
        return found.owner if isinstance(found, Klass) else (target.body.scope.key if target.body else found.owner)
    return found.name if isinstance(found, Function) else None


def _nested(flow: Flow, body: Body, entries: list[tuple[Step, CallNode]]) -> tuple[CallNode, ...]:
    """Group consecutive nodes under the loops and conditions that they share."""
    return _grouped(flow, body, [(_frames(step), step, node) for step, node in entries])


def _frames(step: Step) -> tuple[tuple[str, str, int], ...]:
    """Loops, then conditions around a step, as (note, text, line)."""
    loops = tuple(("loop", loop.header, loop.line) for loop in step.around.loops)
    return loops + tuple(("condition", f"if {text}", 0) for text in step.around.conditions)


def _grouped(
    flow: Flow, body: Body, entries: list[tuple[tuple[tuple[str, str, int], ...], Step, CallNode]]
) -> tuple[CallNode, ...]:
    found: list[CallNode] = []
    place = 0
    while place < len(entries):
        frames, step, node = entries[place]
        if not frames:
            found.append(node)
            place += 1
            continue
        last = place
        while last < len(entries) and entries[last][0][:1] == frames[:1]:
            last += 1
        inner = _grouped(flow, body, [(f[1:], s, n) for f, s, n in entries[place:last]])
        note, text, line = frames[0]
        where = flow.index.span(body.scope.path, line or _line_of(text, step))
        found.append(CallNode(text, where, None, None, inner, "loop" if note == "loop" else "condition"))
        place = last
    return tuple(_without_repeats(found))


def _line_of(text: str, step: Step) -> int:
    """Line of the condition that stands around a step: the nearest `if` before it with this test."""
    written = text.removeprefix("if ")
    written = written[5:-1] if written.startswith("not (") and written.endswith(")") else written
    try:
        wanted = {ast.unparse(ast.parse(part, mode="eval")) for part in (written, text.removeprefix("if "))}
    except SyntaxError:
        return step.statement.lineno
    line = getattr(step.node, "lineno", step.statement.lineno)
    lines = [
        n.test.lineno
        for n in step.scope.nodes
        if isinstance(n, (ast.If, ast.IfExp)) and ast.unparse(n.test) in wanted and n.test.lineno <= line
    ]
    return max(lines, default=step.statement.lineno)


def _without_repeats(nodes: list[CallNode]) -> list[CallNode]:
    """A leaf drawn twice in a row is drawn once."""
    found: list[CallNode] = []
    for node in nodes:
        if not found or (found[-1].label, found[-1].target, found[-1].children) != (
            node.label,
            node.target,
            node.children,
        ):
            found.append(node)
    return found
