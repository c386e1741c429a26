"""The public face of the evaluator: evaluate an expression in a file's scope, build a model, call it."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from analyzer.evaluator.budget import Budget
from analyzer.evaluator.errors import CannotEvaluate, Cause, Place, TargetRaised
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.open_parts import OpenParts, without_open_sizes
from analyzer.evaluator.recorder import Recording, first_unknown
from analyzer.evaluator.session import Session
from analyzer.evaluator.source_lines import nodes_by_text, with_source_lines
from analyzer.evaluator.syntax.scope import find_bound_names
from analyzer.evaluator.values import PartlessUnknown, UnknownValue
from analyzer.index.source_index import SourceIndex
from analyzer.records.evidence import Known, Unknown

RECURSION = 12_000
LOSSES = ("unknown_call_with_module", "unknown_attribute", "unknown_change_of_module")
CONTAINER_DEPTH = 8


class Interpreter:
    """Evaluates the source of one repository. Values persist between calls, as in one Python process."""

    def __init__(
        self,
        index: SourceIndex,
        *,
        environment: Mapping[str, str] | None = None,
        packages: tuple[str, ...] = (),
        budget: Budget | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.index = index
        self.packages = packages
        self.settings = dict(settings or {})
        self._nodes: dict[str, dict[str, list[ast.AST]]] = {}
        self.session = Session(index, budget or Budget(), environment or {}, packages)

    @property
    def recording(self) -> Recording:
        """Gaps, assumptions and conditions of everything evaluated so far outside `call`."""
        return self.session.recorder.recording

    def writes_to(self, tensor: torch.Tensor) -> tuple[Place, ...]:
        """Where a tensor was written to outside calls of models, in order."""
        return self.session.parameter_writes.to(tensor)

    def evaluate(self, path: str, source: str | ast.AST, names: Mapping[str, object] | None = None) -> Any:
        """The value of an expression, or of the last of several statements, in the scope of that file."""
        body = _parse(source)
        return self._guarded(lambda: self._run(path, body, dict(names or {})))

    def value_of(
        self, path: str, expression: str | ast.expr, names: Mapping[str, object] | None = None
    ) -> Known[Any] | Unknown:
        """A plain Python value for the layers above; never raises. What asks for a device has no one value."""
        self.session.asked_device = ""
        try:
            value = self.evaluate(path, expression, names)
        except SyntaxError as error:
            return Unknown("does_not_parse", (("text", str(error.msg)),))
        except CannotEvaluate as stop:
            return self._unknown(stop.reason, stop.arguments, stop.place)
        except TargetRaised as raised:
            detail = f"{type(raised.error).__name__}: {raised.error}"
            return self._unknown("target_raised", (detail,), raised.place)
        if self.session.asked_device:
            return Unknown("depends_on_machine", (("call", self.session.asked_device),))
        if not _is_plain(value):
            return self._unknown("not_a_plain_value", (type(value).__name__,), None)
        line = getattr(expression, "lineno", 0) if isinstance(expression, ast.AST) else 0
        where = (self.index.span(path, line, getattr(expression, "end_lineno", line)),) if line else ()
        return Known(value, where, "evaluated")

    def _unknown(self, reason: str, arguments: Sequence[str], place: Place | None) -> Unknown:
        span = None
        if place and place.path in self.index.files:
            span = self.index.span(place.path, place.first_line, place.last_line)
        return Unknown(reason, (("detail", ", ".join(arguments)),) if arguments else (), span)

    def build(self, path: str, expression: str | ast.AST) -> nn.Module:
        """The module that the expression makes, on tensors without contents."""
        value = self.evaluate(path, self.with_source_lines(path, expression))
        if not isinstance(value, nn.Module):
            raise CannotEvaluate("not_a_module", type(value).__name__)
        without_open_sizes(self.session, value)
        self.session.assume_skipped()
        return value

    def with_source_lines(self, path: str, expression: str | ast.AST) -> str | ast.AST:
        """Statements that a script was read for say the script's lines."""
        tree = self.index.trees().get(path)
        if not isinstance(expression, str) or "\n" not in expression or tree is None:
            return expression
        if path not in self._nodes:
            self._nodes[path] = nodes_by_text(tree)
        body = _parse(expression)
        with_source_lines(body, self._nodes[path])
        return ast.Module(body, [])

    def unknown_parts(self, module: nn.Module) -> tuple[Cause, ...]:
        """Why the parameters of this module may be incomplete: unknown attributes, and calls that we could not make
        on a module. Empty means that the totals are exact.
        """
        buffers = {cause.arguments[0] for cause in self.recording.gaps if cause.reason == "unknown_buffer"}
        causes = [
            Cause("unknown_attribute", (f"{path}.{name}".strip(".").removesuffix("._modules"),), cause.place, cause)
            for path, part in _modules_of(module)
            for name, value in (*vars(part).items(), *part._parameters.items())
            if (cause := _unknown_within(value)) is not None and f"{type(part).__name__}.{name}" not in buffers
        ]
        lost = [cause for cause in self.recording.gaps if cause.reason in LOSSES]
        return tuple(dict.fromkeys([*causes, *lost]))

    def call(
        self,
        module: nn.Module,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None = None,
        *,
        method: str = "forward",
        training: bool = False,
    ) -> Recording:
        """Call the module (or another method of it) on fake tensors; what happened, also if it did not finish."""
        session = self.session
        outside, session.recorder.recording = session.recorder.recording, Recording()
        recording = session.recorder.recording
        try:
            self._guarded(lambda: self._call(module, args, dict(kwargs or {}), method, training))
        except (CannotEvaluate, TargetRaised) as stop:
            recording.error = stop
        finally:
            session.recorder.recording = outside
        return recording

    def _call(self, module: nn.Module, args: Sequence[Any], kwargs: dict[str, Any], method: str, training: bool) -> Any:
        session = self.session
        module.train(training)
        with session.recorder.trace(module) as recording, session.repetition.trace(module):
            session.recording = session.calling = True
            try:
                function = module if method == "forward" else session.attribute(module, method)
                output = session.call(function, tuple(args), kwargs)
            finally:
                session.recording = session.calling = False
                session.journals.suspend()
        recording.output = output
        recording.outputs = tuple(session.recorder.tensors_in(output))
        unknown = first_unknown(output)
        if unknown is not None:
            raise CannotEvaluate.because(unknown)
        return output

    def tensor(self, shape: Sequence[Any], dtype: str = "float32") -> Any:
        """A fake input; a dim is an integer, or a pair of name and value that stays symbolic."""
        return self.session.oracle.tensor(shape, dtype)

    def _run(self, path: str, body: list[ast.stmt], names: dict[str, Any]) -> Any:
        module = self.session.scope_of(path)
        scope = module.scope.child("function", [*names, *find_bound_names(body)])
        frame = Frame(module, scope, names, None)
        frame.line = frame.last_line = getattr(body[0], "lineno", 0) if body else 0
        steps = [scope.statement(node) for node in body[:-1]]
        last = body[-1]
        self.session.enter(frame)
        try:
            for step in steps:
                step(frame)
            if isinstance(last, ast.Expr):
                return scope.expression(last.value)(frame)
            scope.statement(last)(frame)
            return None
        finally:
            self.session.leave(frame)

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Run with the oracle active; refusals and the target's exceptions come out as such."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, RECURSION))
        depth, current = self.session.budget._depth_now, self.session.current
        try:
            with warnings.catch_warnings(), self.session.oracle.active():
                warnings.simplefilter("ignore")
                value = work()
        except RecursionError:
            raise CannotEvaluate("budget_exhausted", "recursion", place=self.session.place) from None
        except MemoryError:
            raise CannotEvaluate("budget_exhausted", "memory", place=self.session.place) from None
        except TargetRaised:
            raise
        except Exception as error:
            raise TargetRaised(error, self.session.place_of(error)) from error
        finally:
            sys.setrecursionlimit(limit)
            self.session.budget._depth_now, self.session.current = depth, current
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
        return value


def _parse(source: str | ast.AST) -> list[ast.stmt]:
    if isinstance(source, str):
        return ast.parse(source.strip()).body
    if isinstance(source, ast.Module):
        return source.body
    if isinstance(source, ast.expr):
        return [ast.copy_location(ast.Expr(source), source)]
    return [source] if isinstance(source, ast.stmt) else []


def _is_plain(value: Any, depth: int = 0) -> bool:
    if value is None or isinstance(value, (bool, int, float, str, bytes, complex)):
        return True
    if depth > 20:
        return False
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return all(_is_plain(item, depth + 1) for pair in value.items() for item in pair)
    return False


def _modules_of(module: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Every module below, also where its table of children holds something else."""
    yield path, module
    for name, child in module._modules.items():
        if isinstance(child, nn.Module):
            yield from _modules_of(child, f"{path}.{name}".lstrip("."))


def _unknown_within(value: Any, depth: int = 0) -> Cause | None:
    """The first unknown in a value or in containers within it that may be a part of the model."""
    if isinstance(value, UnknownValue):
        return None if isinstance(value, PartlessUnknown) else value.cause
    if isinstance(value, OpenParts):
        return value.cause
    if depth > CONTAINER_DEPTH or not isinstance(value, (list, tuple, dict, set)):
        return None
    items = [*value, *value.values()] if isinstance(value, dict) else value
    return next((cause for item in items if (cause := _unknown_within(item, depth + 1)) is not None), None)
