"""What happened while the target was evaluated: module calls, shapes bound per line, conditions, assumptions, gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from analyzer.evaluator.errors import Cause, Place
from analyzer.evaluator.values import UnknownValue

MAX_DEPTH = 16
"""Containers within containers that are looked into; deeper ones are those that contain themselves."""


@dataclass(frozen=True)
class SymbolicSize:
    """A size over the named dims of the inputs; `value` is None where it depends on data."""

    expression: str
    value: int | None

    def __str__(self) -> str:
        return self.expression


Size = int | SymbolicSize


@dataclass(frozen=True)
class TensorShape:
    """Sizes (int or symbolic) and dtype of one tensor."""

    shape: tuple[Size, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


@dataclass
class RecordedCall:
    """One call of a module; `outputs` stays None if the call did not finish or gave an Unknown; `unknown` says why its
    inputs or outputs are not all known.
    """

    path: str
    inputs: tuple[TensorShape, ...]
    outputs: tuple[TensorShape, ...] | None = None
    unknown: Cause | None = None


@dataclass(frozen=True)
class LineKey:
    path: str
    line: int
    module: str
    function: str
    target: str
    tensors: tuple[TensorShape, ...]
    nested: bool
    class_name: str = ""


@dataclass(frozen=True)
class RecordedCondition:
    text: str
    decided: bool
    place: Place | None


@dataclass
class Recording:
    """The result of one call of a module. `lines` counts how often a line bound these shapes, in order of first
    appearance; `output` is what the call returned; `error` says why it did not finish.
    """

    calls: list[RecordedCall] = field(default_factory=list)
    lines: dict[LineKey, int] = field(default_factory=dict)
    conditions: dict[RecordedCondition, None] = field(default_factory=dict)
    assumptions: dict[tuple[str, str, Place | None], int] = field(default_factory=dict)
    gaps: dict[Cause, int] = field(default_factory=dict)
    unknown_lines: dict[tuple[Place, str], Cause] = field(default_factory=dict)
    output: Any = None
    outputs: tuple[TensorShape, ...] = ()
    error: BaseException | None = None

    def calls_of(self, path: str) -> list[RecordedCall]:
        return [call for call in self.calls if call.path == path]


class Recorder:
    """Collects into one Recording at a time; module paths are those of the model being called."""

    def __init__(self, size_of: Callable[[Any], Size]) -> None:
        self._size_of = size_of
        self.recording = Recording()
        self.tracing = False
        self._paths: dict[int, str] = {}
        self._open: list[tuple[nn.Module, RecordedCall]] = []

    @contextmanager
    def trace(self, model: nn.Module) -> Iterator[Recording]:
        """Record everything that happens inside as part of a call of this model."""
        self._paths = {}
        for path, module in model.named_modules(remove_duplicate=False):
            self._paths.setdefault(id(module), path)
        self._open = []
        before = register_module_forward_pre_hook(self._before)
        after = register_module_forward_hook(self._after, with_kwargs=True)  # type: ignore[arg-type]
        self.tracing = True
        try:
            yield self.recording
        finally:
            self.tracing = False
            before.remove()
            after.remove()

    def _before(self, module: nn.Module, args: Any) -> None:
        call = RecordedCall(self.path_of(module), tuple(self.tensors_in(args)))
        self.recording.calls.append(call)
        self._open.append((module, call))

    def _after(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        while self._open:
            opened, call = self._open.pop()
            if opened is module:
                call.inputs += tuple(self.tensors_in(kwargs))  # torch shows keyword arguments only afterwards
                call.unknown = call.unknown or first_unknown((*args, *kwargs.values(), output))
                call.outputs = tuple(self.tensors_in(output)) if first_unknown(output) is None else None
                return

    def tensors_in(self, value: Any, depth: int = 0) -> Iterator[TensorShape]:
        """Tensors of a nested structure, flattened in order."""
        if isinstance(value, torch.Tensor):
            yield TensorShape(tuple(map(self._size_of, value.shape)), str(value.dtype).removeprefix("torch."))
        elif depth < MAX_DEPTH:
            for item in _items_of(value):
                yield from self.tensors_in(item, depth + 1)

    def path_of(self, module: Any) -> str:
        return self._paths.get(id(module), "?")

    def current_path(self) -> str:
        """The innermost module whose forward is running; the model itself outside of its parts."""
        return self.path_of(self._open[-1][0]) if self._open else ""

    def bound(self, place: Place, subject: Any, function: str, target: str, value: Any) -> None:
        """A statement of the target bound a value to a name; lines of packages and stand-ins are not the target's."""
        if place.path.startswith("<"):
            return
        unknown = first_unknown(value)
        if unknown is not None:
            self.recording.unknown_lines.setdefault((place, target), unknown)
            return
        found = tuple(self.tensors_in(value))
        if found:
            nested = not isinstance(value, torch.Tensor)
            module = self.path_of(subject) if subject is not None else ""
            name = type(subject).__name__ if subject is not None else ""
            key = LineKey(place.path, place.first_line, module, function, target, found, nested, name)
            self.recording.lines[key] = self.recording.lines.get(key, 0) + 1

    def gap(self, cause: Cause) -> None:
        self.recording.gaps[cause] = self.recording.gaps.get(cause, 0) + 1

    def assume(self, kind: str, text: str, place: Place | None) -> None:
        key = (kind, text, place)
        self.recording.assumptions[key] = self.recording.assumptions.get(key, 0) + 1

    def decided(self, text: str, decided: bool, place: Place | None) -> None:
        self.recording.conditions.setdefault(RecordedCondition(text, decided, place))


def first_unknown(value: Any, depth: int = 0) -> Cause | None:
    if isinstance(value, UnknownValue):
        return value.cause
    if depth >= MAX_DEPTH or isinstance(value, torch.Tensor):
        return None
    causes = (first_unknown(item, depth + 1) for item in _items_of(value))
    return next((cause for cause in causes if cause is not None), None)


def _items_of(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (list, tuple)):
        return value if len(value) < 10_000 else ()
    fields = getattr(type(value), "__dataclass_fields__", None)
    return [getattr(value, name, None) for name in fields] if fields and not isinstance(value, type) else ()
