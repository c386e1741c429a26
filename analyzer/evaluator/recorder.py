"""What happened while the target was evaluated: module calls, shapes bound per line, conditions, assumptions, gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    _global_forward_hooks_with_kwargs,
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from analyzer.evaluator.errors import Cause, Place
from analyzer.evaluator.values import UnknownValue

BOTH_PATHS = "both_paths_evaluated"
SAID_ONCE = "device_is_cpu"
"""An assumption that is recorded at the first line that rests on it, and no more."""
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


@dataclass(frozen=True)
class Held:
    """The storage of a tensor, in what is noted."""

    storage: int


@dataclass(frozen=True)
class OpenCondition:
    """A condition on data under which the present path is taken."""

    text: str
    place: Place | None


@dataclass
class RecordedCall:
    """One call of a module; `outputs` stays None if the call did not finish or gave an Unknown; `unknown` says why its
    inputs or outputs are not all known.
    """

    path: str
    inputs: tuple[TensorShape, ...]
    outputs: tuple[TensorShape, ...] | None = None
    unknown: Cause | None = None
    under: tuple[OpenCondition, ...] = ()
    """Conditions on data that must hold for this call to happen, outermost first."""
    takes_unknown: bool = False
    hooked: bool = True
    """Whether hooks of torch see this call: not where the target names `forward` itself."""


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
class ArmSite:
    """A conditional expression by its place, for the module that evaluated it."""

    path: str
    line: int
    column: int
    module: str


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
    arms: dict[ArmSite, set[bool]] = field(default_factory=dict)
    """Of each conditional expression the verdicts under which an arm ran; both where data decide."""
    assumptions: dict[tuple[str, str, Place | None], int] = field(default_factory=dict)
    gaps: dict[Cause, int] = field(default_factory=dict)
    unknown_lines: dict[tuple[Place, str], Cause] = field(default_factory=dict)
    output: Any = None
    outputs: tuple[TensorShape, ...] = ()
    error: BaseException | None = None

    @property
    def undecided(self) -> Cause | None:
        """The first condition on data of which both paths were evaluated: what all operators together cost is then
        not what one run costs.
        """
        found = (
            Cause("depends_on_data", (text,), place) for kind, text, place in self.assumptions if kind == BOTH_PATHS
        )
        return next(found, None)

    def calls_of(self, path: str) -> list[RecordedCall]:
        return [call for call in self.calls if call.path == path]


class Recorder:
    """Collects into one Recording at a time; module paths are those of the model being called."""

    def __init__(self, size_of: Callable[[Any], Size]) -> None:
        self._size_of = size_of
        self.recording = Recording()
        self.tracing = False
        self.events: list[tuple[Any, ...]] | None = None
        """What is recorded, in order and by module, while somebody wants to record it again."""
        self.followers: list[Any] = []
        """Who else follows operators, and notes what it sees: told of tensors that were made without any."""
        self._paths: dict[int, str] = {}
        self._open: list[tuple[nn.Module, RecordedCall]] = []
        self._under: list[OpenCondition] = []
        self._mute = 0
        self._mapped = 0

    def begin(self, text: str, place: Place | None) -> OpenCondition:
        """From now on what happens does so under this condition, until its `end`."""
        condition = OpenCondition(text, place)
        self._under.append(condition)
        return condition

    def end(self, condition: object) -> None:
        self._under = [other for other in self._under if other is not condition]

    @contextmanager
    def under(self, text: str, place: Place | None) -> Iterator[None]:
        condition = self.begin(text, place)
        try:
            yield
        finally:
            self.end(condition)

    @contextmanager
    def muted(self) -> Iterator[None]:
        """What happens inside is tried out and no part of the record."""
        self._mute += 1
        try:
            yield
        finally:
            self._mute -= 1

    @contextmanager
    def mapping(self) -> Iterator[None]:
        """What happens inside stands for as many times as there are slices."""
        self._mapped += 1
        try:
            yield
        finally:
            self._mapped -= 1

    @contextmanager
    def trace(self, model: nn.Module) -> Iterator[Recording]:
        """Record everything that happens inside as part of a call of this model."""
        self._paths = {}
        for path, module in model.named_modules(remove_duplicate=False):
            self._paths.setdefault(id(module), path)
        self._open, self._under, self._mute = [], [], 0
        before = register_module_forward_pre_hook(self.enter)
        after = register_module_forward_hook(self.leave, with_kwargs=True)  # type: ignore[arg-type]
        self.tracing = True
        try:
            yield self.recording
        finally:
            self.tracing = False
            before.remove()
            after.remove()
            _global_forward_hooks_with_kwargs.pop(after.id, None)  # removing a hook that takes keywords forgets this

    def enter(self, module: nn.Module, args: Any, hooked: bool = True) -> None:
        if self._mute:
            return
        taken = tuple(self.tensors_in(args))
        call = RecordedCall(self.path_of(module), taken, under=tuple(self._under), hooked=hooked)
        self.recording.calls.append(call)
        self._open.append((module, call))
        self.note(self._called, module, call)

    def leave(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        while self._open and not self._mute:
            opened, call = self._open.pop()
            if opened is module:
                call.inputs += tuple(self.tensors_in(kwargs))  # torch shows keyword arguments only afterwards
                taken = first_unknown((*args, *kwargs.values()))
                call.takes_unknown = taken is not None
                call.unknown = call.unknown or taken or first_unknown(output)
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

    @property
    def current_module(self) -> nn.Module | None:
        return self._open[-1][0] if self._open else None

    @property
    def is_muted(self) -> bool:
        return self._mute > 0

    @property
    def is_conditional(self) -> bool:
        """Whether data decide if what happens now happens."""
        return bool(self._under)

    @property
    def is_counted(self) -> bool:
        """Whether what happens now happens once."""
        return not self._under and not self._mapped

    def bound(self, place: Place, subject: Any, function: str, target: str, value: Any) -> None:
        """A statement of the target bound a value to a name; lines of packages and stand-ins are not the target's."""
        if place.path.startswith("<") or self._mute:
            return
        unknown = first_unknown(value)
        if unknown is not None:
            self._bound_unknown(place, target, unknown)
            return
        found = tuple(self.tensors_in(value))
        if found:
            self._bound_tensors(place, subject, function, target, found, not isinstance(value, torch.Tensor))

    def _bound_unknown(self, place: Place, target: str, unknown: Cause) -> None:
        self.note(self._bound_unknown, place, target, unknown)
        self.recording.unknown_lines.setdefault((place, target), unknown)

    def _bound_tensors(
        self, place: Place, subject: Any, function: str, target: str, found: tuple[TensorShape, ...], nested: bool
    ) -> None:
        self.note(self._bound_tensors, place, subject, function, target, found, nested)
        module = self.path_of(subject) if subject is not None else ""
        name = type(subject).__name__ if subject is not None else ""
        key = LineKey(place.path, place.first_line, module, function, target, found, nested, name)
        self.recording.lines[key] = self.recording.lines.get(key, 0) + 1

    def took(self, place: tuple[str, int, int], subject: Any, verdict: bool) -> None:
        """One arm of the conditional expression at this path, line and column is evaluated."""
        if self._mute or not self.tracing:
            return
        self.note(self.took, place, subject, verdict)
        site = ArmSite(*place, self.path_of(subject) if subject is not None else "")
        self.recording.arms.setdefault(site, set()).add(verdict)

    def note(self, again: Callable[..., None], *values: Any) -> None:
        """What `again` does with these values, modules among them, is done once more where calls are repeated."""
        if self.events is not None:
            self.events.append((again, *values))

    def _called(self, module: nn.Module, call: RecordedCall) -> None:
        again = replace(call, path=self.path_of(module))
        self.recording.calls.append(again)
        self.note(self._called, module, again)

    def _assume_again(self, kind: str, text: str, place: Place | None) -> None:
        if kind != SAID_ONCE:
            self.assume(kind, text, place)

    def repeat(self, events: Sequence[tuple[Any, ...]], counterpart: Callable[[Any], Any]) -> None:
        """Record once more what was noted; modules and storages are replaced by their counterparts."""
        for again, *values in events:
            again(*(counterpart(value) if isinstance(value, (nn.Module, Held)) else value for value in values))

    def gap(self, cause: Cause) -> None:
        if self._mute:
            return
        self.note(self.gap, cause)
        self.recording.gaps[cause] = self.recording.gaps.get(cause, 0) + 1

    def assume(self, kind: str, text: str, place: Place | None) -> None:
        if self._mute:
            return
        self.note(self._assume_again, kind, text, place)
        key = (kind, text, place)
        self.recording.assumptions[key] = self.recording.assumptions.get(key, 0) + 1

    def decided(self, text: str, decided: bool, place: Place | None) -> None:
        self.note(self.decided, text, decided, place)
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
    if not fields or isinstance(value, type):
        return ()
    own = getattr(value, "__dict__", {})  # not by `getattr`, which would run hooks of the target
    return [own[name] if name in own else vars(type(value)).get(name) for name in fields]
