"""Finds, for a module of the traced model, the function that ran and its lines; gives its data flow."""

from __future__ import annotations

import ast
import warnings
from functools import cached_property, partial

from analyzer.document.diagrams.describe import shape_text
from analyzer.document.diagrams.flow import Edge, Flow, Step
from analyzer.document.diagrams.flow_modules import children_of, module_step
from analyzer.document.diagrams.flow_reader import Forward, read_flow
from analyzer.records.bundles import Analysis
from analyzer.records.tensors import ModuleRecord, ShapeRow, Trace

FORWARD = "forward"
MOST_WRAPPERS = 4


class Forwards:
    """The traced calls of one model, by module path."""

    def __init__(self, analysis: Analysis, trace: Trace) -> None:
        self.trace = trace
        self._texts = {file.path: file.text for file in analysis.facts.files}
        self._trees: dict[str, ast.Module | None] = {}
        self._flows: dict[str, Flow | None] = {}

    @cached_property
    def records(self) -> dict[str, ModuleRecord]:
        return {record.path: record for record in self.trace.modules}

    @cached_property
    def unwrapped(self) -> str:
        """Path of the module whose flow says most: a root that only calls one module gives way to it."""
        path = ""
        for _ in range(MOST_WRAPPERS):
            flow = self.flow(path)
            modules = flow.modules() if flow else []
            inner = self.flow(modules[0].modules[0]) if len(modules) == 1 and len(modules[0].modules) == 1 else None
            if inner is None or len(inner.modules()) < 2:
                break
            path = modules[0].modules[0]
        return path

    def flow(self, module: str) -> Flow | None:
        """The flow of the module's `forward` (of the traced method for the root), or None where no line of it ran."""
        if module not in self._flows:
            self._flows[module] = self._read(module)
        return self._flows[module]

    def values(self, module: str) -> Flow | None:
        """The same with every bound name as a step."""
        forward = self._forward(module)
        return None if forward is None else read_flow(forward, values=True)

    def _read(self, module: str) -> Flow | None:
        record = self.records.get(module)
        if record is not None and record.class_name == "Sequential":
            return self._sequence(record)
        forward = self._forward(module)
        return None if forward is None else read_flow(forward)

    def _sequence(self, record: ModuleRecord) -> Flow:
        """Torch's Sequential calls its children in order; those never called are left out."""
        flow = Flow([Step("in", "input", "input", (), "io")])
        last, shape = "in", shape_text(record.calls[0].inputs) if record.calls else ""
        for name in children_of(record.path, self.records):
            child = self.records[name]
            if not child.calls:
                continue
            flow.steps.append(module_step(name, (name,), record.path, self.records, child.created_at))
            flow.add_edge(Edge(last, name, shape, 0))
            last, shape = name, shape_text(child.calls[0].outputs)
        flow.steps.append(Step("out", "output", "output", (), "io"))
        flow.add_edge(Edge(last, "out", shape))
        return flow

    def _forward(self, module: str, method: str = "") -> Forward | None:
        method = method or (self.trace.method if not module else FORWARD)
        rows = [row for row in self.trace.rows if module in row.modules and row.function.rpartition(".")[2] == method]
        rows = [row for row in rows if "." in row.function] or ([] if method != FORWARD else rows)
        if not rows:
            return None
        path, name = rows[0].where.path, rows[0].function
        own = {row.where.first_line: row for row in reversed(rows) if row.where.path == path and row.function == name}
        function = self._function(path, own)
        if function is None:
            return None
        later = {
            line: tuple(
                row for row in rows if row.where.first_line == line and row is not own[line] and row.where.path == path
            )
            for line in own
        }
        arms = {
            (arm.where.first_line, arm.column): arm.ran
            for arm in self.trace.arms
            if arm.where.path == path and module in arm.modules
        }
        return Forward(module, function, path, own, self.records, later, arms, partial(self._forward, module))

    def _function(self, path: str, rows: dict[int, ShapeRow]) -> ast.FunctionDef | None:
        """The innermost function around the executed lines."""
        tree = self._tree(path)
        found = None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.FunctionDef):
                last = node.end_lineno or node.lineno
                if all(node.lineno <= line <= last for line in rows):
                    found = node
        return found

    def _tree(self, path: str) -> ast.Module | None:
        if path not in self._trees:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", SyntaxWarning)
                    self._trees[path] = ast.parse(self._texts.get(path, ""))
            except (SyntaxError, ValueError, RecursionError):
                self._trees[path] = None
        return self._trees[path]
