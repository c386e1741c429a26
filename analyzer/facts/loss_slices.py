"""Which call computes the loss: the value that `backward` starts from, followed back through assignments.

Loss functions of torch are recognised by themselves; this finds the code's own ones, and losses written out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow import Function
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.walk import Step
from analyzer.facts.interfaces import stage_of
from analyzer.facts.program import Program, is_unresolved_backward

MAX_STEPS_BACK = 6
REDUCTIONS = frozenset({"mean", "sum", "sqrt", "norm"})


class LossSlices:
    """Calls and statements of a program that make the value of which gradients are taken."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.starts: list[Occurrence] = [o for o in program.occurrences if _is_backward(o)]
        self._statements: set[int] = set()
        self._calls: set[int] = set()
        for start in self.starts:
            call = start.call
            for node in _differentiated(call) if call is not None else ():
                self._follow(node, start.step.scope, set(), 0)

    def is_loss_call(self, step: Step) -> bool:
        """True for a call of own code, or the outermost reduction, that computes the loss."""
        return id(step.node) in self._calls

    def statements(self) -> frozenset[int]:
        """Identities of the statements on the way from the loss back to its parts."""
        return frozenset(self._statements)

    def _follow(self, node: ast.expr, scope: CodeScope, seen: set[str], depth: int) -> bool:
        """Follow a value back; True where something on the way computes a loss."""
        if depth > MAX_STEPS_BACK:
            return False
        found = False
        for call in _calls_in(node):
            found = self._note_call(call, scope) or found
        for text in _values_in(node):
            if text in seen:
                continue
            seen.add(text)
            for statement in self._bindings(text, scope):
                self._statements.add(id(statement))
                value = statement.value
                if value is not None:
                    inner = self._follow(value, scope, seen, depth + 1)
                    found = inner or self._note_written_out(statement, value) or found
        return found

    def _note_call(self, call: ast.Call, scope: CodeScope) -> bool:
        """A loss function of torch, a forward that contains one, or a function of the repository."""
        for step in self._steps_of(call, scope):
            if any(stage_of(dotted) == "loss" for dotted in step.foreign):
                return True
            for target in step.targets:
                if target.body is None or target.note:
                    continue
                kinds = self._program.flow.kinds(target.body)
                if is_forward(self._program.flow.inference, target):
                    if "loss" in kinds:
                        return True
                    continue
                if isinstance(target.type, Function) and ("loss" in kinds or _computes(target.body.scope)):
                    if "loss" not in kinds:
                        self._calls.add(id(call))
                    return True
        return False

    def _note_written_out(self, statement: ast.stmt, value: ast.expr) -> bool:
        """`((a - b) ** 2).mean()`: the reduction is the loss."""
        for call in _calls_in(value):
            is_reduction = isinstance(call.func, ast.Attribute) and call.func.attr in REDUCTIONS
            if is_reduction and any(isinstance(n, (ast.BinOp, ast.UnaryOp)) for n in ast.walk(value)):
                self._calls.add(id(call))
                return True
        return False

    def _steps_of(self, call: ast.Call, scope: CodeScope) -> Iterator[Step]:
        return iter(self._by_node.get(id(call), ()))

    @property
    def _by_node(self) -> dict[int, list[Step]]:
        if not hasattr(self, "_steps"):
            self._steps: dict[int, list[Step]] = {}
            for occurrence in self._program.occurrences:
                known = self._steps.setdefault(id(occurrence.step.node), [])
                if occurrence.step not in known:
                    known.append(occurrence.step)
        return self._steps

    @staticmethod
    def _bindings(text: str, scope: CodeScope) -> Iterator[ast.Assign | ast.AugAssign]:
        """Statements of the scope that bind a name or attribute."""
        for node in scope.nodes:
            if isinstance(node, ast.Assign):
                targets = [p for t in node.targets for p in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
            elif isinstance(node, ast.AugAssign):
                targets = [node.target]
            else:
                continue
            if any(ast.unparse(target) == text for target in targets):
                yield node


def _is_backward(occurrence: Occurrence) -> bool:
    return is_unresolved_backward(occurrence.step) or any(stage_of(d) == "backward" for d in occurrence.dotted)


def _differentiated(call: ast.Call) -> list[ast.expr]:
    """The value whose gradients a `backward` call takes: its receiver, or its argument."""
    if call.args:
        return list(call.args[:1])
    return [call.func.value] if isinstance(call.func, ast.Attribute) else []


def _calls_in(node: ast.AST) -> Iterator[ast.Call]:
    return (n for n in ast.walk(node) if isinstance(n, ast.Call))


def _values_in(node: ast.AST) -> list[str]:
    """Names and attributes that carry on the value: not callees, not divisors."""
    found: list[str] = []
    if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
        found.append(ast.unparse(node))
        return found + (_values_in(node.value) if isinstance(node, ast.Attribute) else [])
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            found += _values_in(node.func.value)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            found += _values_in(argument) if not node.func or isinstance(node.func, ast.Attribute) else []
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.FloorDiv)):
        return _values_in(node.left)
    for child in ast.iter_child_nodes(node):
        found += _values_in(child)
    return found


def _computes(scope: CodeScope) -> bool:
    """A function that does arithmetic and reduces."""
    has_arithmetic = any(isinstance(n, (ast.BinOp, ast.UnaryOp)) for n in scope.nodes)
    calls = [n for n in scope.nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return has_arithmetic and bool(calls)
