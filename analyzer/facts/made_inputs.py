"""Where a program that only runs a model makes what it runs it on: a tensor of tokens, of noise, of labels.

Training draws its batches from data; inference often has none, and the statement that makes its tensors is the source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer.facts.flow import Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence, is_construction, is_forward
from analyzer.facts.program import Program

MAKERS = re.compile(
    r"torch\.(tensor|as_tensor|from_numpy|randn|rand|randint|normal|zeros|ones|full|arange|LongTensor|FloatTensor|"
    r"stack)|numpy\.random\.\w+"
)


class MadeInputs:
    """Statements whose tensors reach the outermost run of the model; none where the program trains."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._statements: set[int] = set()
        runs = [] if "backward" in program.kinds else [o for o in program.occurrences if self._runs(o)]
        for depth in sorted({len(run.stack) for run in runs}):
            for run in runs:
                if len(run.stack) == depth and isinstance(run.step.node, ast.Call):
                    given = (*run.step.node.args, *(keyword.value for keyword in run.step.node.keywords))
                    self._statements |= {id(s) for s in self._behind(given, run.step.scope)}
            if any(self.tells(one) for one in program.occurrences):
                break

    def tells(self, occurrence: Occurrence) -> bool:
        """True for a call that makes a tensor in one of these statements."""
        makes = any(MAKERS.fullmatch(dotted) for dotted in occurrence.dotted)
        return makes and id(occurrence.step.statement) in self._statements

    def _runs(self, occurrence: Occurrence) -> bool:
        """A call that leads to a forward of the model, its construction apart."""
        if occurrence.in_forward or occurrence.in_construction or occurrence.call is None:
            return False
        inference, flow = self._program.flow.inference, self._program.flow
        owner = occurrence.step.scope.parent
        if owner is not None and owner.is_class and inference.is_module(Instance(owner.key)):
            return False  # a model that calls itself works on what it was given
        return any(
            not is_construction(inference, target)
            and (is_forward(inference, target) or (target.body is not None and "forward" in flow.kinds(target.body)))
            for target in occurrence.step.targets
        )

    def _behind(self, given: tuple[ast.expr, ...], scope: CodeScope) -> Iterator[ast.stmt]:
        """Bindings of the same function that the given expressions rest on."""
        pending = [n.id for part in given for n in ast.walk(part) if isinstance(n, ast.Name)]
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for node in scope.nodes:
                if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _binds(node, name):
                    yield node
                    pending += [n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)]


def _binds(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(n, ast.Name) and n.id == name for target in targets for n in ast.walk(target))
