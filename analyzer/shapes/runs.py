"""One model evaluated at one set of values: built from its expression, called, and what was seen.

Sizes are plain numbers here; `naming` tells which names they go by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_module_registration_hook

from analyzer.evaluator import CannotEvaluate, Interpreter, Place, TargetRaised
from analyzer.evaluator.construction import ModelCaptured, watch_constructions
from analyzer.evaluator.constructor_arguments import Given
from analyzer.evaluator.recorder import Recording, TensorShape
from analyzer.records.evidence import Assumption, Unknown
from analyzer.records.source import Span
from analyzer.shapes.built_lines import watch_lines
from analyzer.shapes.input_spec import InputSpec, InputValue
from analyzer.shapes.input_values import input_value
from analyzer.shapes.operators import CallLog, logging_operators

Tensors = tuple[TensorShape, ...]
DEVICE_QUESTION = re.compile(r"torch\.(?:cuda|mps|xpu)\.(?:is_available|device_count|current_device)")
UNKNOWN_TEXT = "<unknown: "
"""How an unknown value prints itself."""


@dataclass(frozen=True)
class LineSite:
    """A target of a line, for one module."""

    path: str
    line: int
    module: str
    class_name: str
    function: str
    target: str
    nested: bool


@dataclass
class RawTrace:
    """What one call showed: every line's shapes with how often, every module's calls in order, the output."""

    lines: dict[LineSite, list[tuple[Tensors, int]]] = field(default_factory=dict)
    calls: dict[str, list[tuple[Tensors, Tensors | None]]] = field(default_factory=dict)
    under: dict[str, list[tuple[tuple[str, Place | None], ...]]] = field(default_factory=dict)
    """For each call the conditions on data under which it happens."""
    takes_unknown: dict[str, list[bool]] = field(default_factory=dict)
    hooked: dict[str, list[bool]] = field(default_factory=dict)
    output: Tensors = ()
    value: Any = None
    recording: Recording = field(default_factory=Recording)
    stopped: Unknown | None = None
    log: CallLog = field(default_factory=CallLog)


@dataclass
class BuiltModel:
    """A model with the names that its constructors gave it and where its modules were made."""

    model: nn.Module
    names: dict[str, int]
    created: dict[int, Place]
    place: Place | None = None
    """Where it was constructed itself."""
    lines: frozenset[tuple[str, int]] = frozenset()
    """File and first line of the statements that ran meanwhile."""
    given: dict[int, tuple[type, Given]] = field(default_factory=dict)
    """By identity the class of a module and what its constructor was given."""


class ModelSource:
    """The expression that makes a model or leads to the construction of the class `captured`, and its interpreter."""

    def __init__(self, interpreter: Interpreter, path: str, expression: str, captured: str = "") -> None:
        self.interpreter = interpreter
        self.path = path
        self.expression = expression
        self.captured = captured

    def build(self, base: Mapping[str, int] | None = None, values: Mapping[str, int] | None = None) -> BuiltModel:
        """The model, with `values` in place of the values that `base` says its constructors get."""
        base, values = base or {}, values or {}
        replaced = {name: (base[name], value) for name, value in values.items() if base.get(name, value) != value}
        created: dict[int, Place] = {}
        session = self.interpreter.session
        watched = watch_constructions(session, replaced, self.captured)
        with watched as seen, _registrations(session, created), watch_lines(session) as lines:
            try:
                model = self.interpreter.build(self.path, self.expression)
                if self.captured:
                    raise CannotEvaluate("no_such_model_made", (type(model).__name__,))
            except ModelCaptured as captured:
                model = captured.model
        return BuiltModel(model, seen.seen, created, seen.places.get(id(model)), frozenset(lines), seen.given)

    def call(
        self,
        model: nn.Module,
        inputs: Sequence[InputSpec],
        sizes: Mapping[str, int],
        method: str = "forward",
        *,
        training: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> RawTrace:
        """Call a method on inputs of the given form, and on `extra` values as they are."""
        args, kwargs = self._arguments(model, inputs, sizes, method)
        kwargs.update(extra or {})
        with logging_operators(self.interpreter, model) as log:
            recording = self.interpreter.call(model, args, kwargs, method=method, training=training)
        return replace(raw_trace(recording, self), log=log)

    def _arguments(
        self, model: nn.Module, inputs: Sequence[InputSpec], sizes: Mapping[str, int], method: str
    ) -> tuple[list[Any], dict[str, Any]]:
        """A name that the signature knows is bound by it, any other by position."""
        import inspect

        parameters = inspect.signature(getattr(type(model), method)).parameters
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        args, kwargs = [], {}
        for spec in inputs:
            value = self.value(spec.value, sizes)
            if spec.name in parameters or open_ended:
                kwargs[spec.name] = value
            else:
                args.append(value)
        return args, kwargs

    def value(self, value: InputValue, sizes: Mapping[str, int]) -> Any:
        """The value that an input specification stands for; tensors have no contents unless given."""
        return input_value(
            value, lambda form: self.interpreter.tensor([dim.number(sizes) for dim in form.dims], form.dtype)
        )

    def span(self, place: Place | None) -> Span | None:
        """The span of a place in the repository; None for places of stand-ins."""
        if place is None or place.path not in self.interpreter.index.files:
            return None
        found: Span = self.interpreter.index.span(place.path, place.first_line, place.last_line)
        return found

    def unknown(self, error: BaseException) -> Unknown:
        """Why an evaluation ended, as a record."""
        if isinstance(error, TargetRaised):
            asked = self._asked_machine(error.place)
            if asked:
                return Unknown("depends_on_machine", (("call", asked),), self.span(error.place))
            if isinstance(error.error, NameError) and self.span(error.place) is None:
                return Unknown("name_not_given", (("name", str(error.error.name)),))
            text = f"{type(error.error).__name__}: {error.error}".strip().split("\n")[0]
            reason = "raised_on_unknown" if UNKNOWN_TEXT in text else "target_raised"
            return Unknown(reason, (("error", readable(text)),), self.span(error.place))
        if isinstance(error, CannotEvaluate):
            return Unknown(error.reason, arguments_of(error.arguments), self.span(error.place))
        return Unknown("evaluation_failed", (("detail", readable(f"{type(error).__name__}: {error}")),))

    def _asked_machine(self, place: Place | None) -> str:
        """The question about a device in the statement that raised: another machine has another answer."""
        span = self.span(place)
        index = self.interpreter.index
        text = index.quote(span.path, span.first_line, span.last_line) if span is not None else ""
        found = DEVICE_QUESTION.search(text)
        return found.group() if found else ""


def raw_trace(recording: Recording, source: ModelSource) -> RawTrace:
    """The recording by line and by module; a call that did not finish has no outputs."""
    raw = RawTrace(output=recording.outputs, value=recording.output, recording=recording)
    for key, count in recording.lines.items():
        site = LineSite(key.path, key.line, key.module, key.class_name, key.function, key.target, key.nested)
        raw.lines.setdefault(site, []).append((key.tensors, count))
    for call in recording.calls:
        raw.calls.setdefault(call.path, []).append((call.inputs, call.outputs))
        raw.under.setdefault(call.path, []).append(tuple((open_.text, open_.place) for open_ in call.under))
        raw.takes_unknown.setdefault(call.path, []).append(call.takes_unknown)
        raw.hooked.setdefault(call.path, []).append(call.hooked)
    if recording.error is not None:
        raw.stopped = source.unknown(recording.error)
    return raw


def arguments_of(arguments: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """As a record holds them."""
    return (("detail", ", ".join(readable(argument) for argument in arguments)),) if arguments else ()


def readable(text: str) -> str:
    """Without addresses and control characters, at a length that fits a line."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", re.sub(r" at 0x[0-9a-f]+", "", text))[:200]


@contextmanager
def _registrations(session: Any, created: dict[int, Place]) -> Iterator[None]:
    """Where each module was given to its parent for the first time: the line of `self.x = …`."""

    def note(parent: nn.Module, name: str, module: nn.Module | None) -> None:
        if module is not None and session.place is not None:
            created.setdefault(id(module), session.place)

    handle = register_module_module_registration_hook(note)
    try:
        yield
    finally:
        handle.remove()


def assumptions_of(recording: Recording, source: ModelSource) -> tuple[Assumption, ...]:
    return tuple(
        Assumption(kind, readable(text), source.span(place), count)
        for (kind, text, place), count in recording.assumptions.items()
    )


def unknown_buffers(recording: Recording) -> int:
    """How many buffers got a value that is not known while the model was built."""
    return sum(cause.reason == "unknown_buffer" for cause in recording.gaps)
