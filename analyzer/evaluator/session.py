"""What running code asks for: attributes, calls, truth, iteration, imports, classes. One per interpreter."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from analyzer.evaluator.budget import Budget
from analyzer.evaluator.direct_calls import call_noted
from analyzer.evaluator.errors import CannotEvaluate, Cause, Place
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.journal import REGISTERED, TABLES, Journals
from analyzer.evaluator.lookups import unknown_lookup
from analyzer.evaluator.module_services import ModuleServices
from analyzer.evaluator.modules import ModuleNames, ModuleScope, TargetModule
from analyzer.evaluator.native import build_natives
from analyzer.evaluator.native.data_arrays import PossibleItems, possible_items
from analyzer.evaluator.native.loaded_files import LoadedFiles
from analyzer.evaluator.native.sequences import call_packed, is_packed
from analyzer.evaluator.nesting import pay, pay_for_call
from analyzer.evaluator.objects import MARK, build_class, is_own_class, origin_of, resolve_bases
from analyzer.evaluator.open_parts import constructed_in_part, leave_open, lost_attribute
from analyzer.evaluator.optional_arguments import called_either_way
from analyzer.evaluator.oracle import SYMBOLIC, Oracle, refusal_for
from analyzer.evaluator.parameter_writes import ParameterWrites
from analyzer.evaluator.partless import gives_no_part, unknown_of
from analyzer.evaluator.policy import LibraryModule, Policy, Proxy
from analyzer.evaluator.recorder import Recorder, SymbolicSize
from analyzer.evaluator.registrations import Registrations
from analyzer.evaluator.repetition import Repetition
from analyzer.evaluator.scalar_indices import without_scalars
from analyzer.evaluator.sources import Sources
from analyzer.evaluator.syntax.effects import holds_module, lost_part
from analyzer.evaluator.tentative import note_call
from analyzer.evaluator.values import PartlessUnknown, UnknownValue, find_unknown, is_optional, plain, rest_of

CONTAINERS = (list, tuple, dict, set, frozenset, zip, enumerate, map, filter, reversed, functools.partial)
CLASS_LEVEL = (type, types.FunctionType, types.MethodType, Proxy)
REGISTERING = (
    *("register_buffer", "register_parameter", "register_module", "add_module"),
    *("append", "extend", "insert", "update", "__setitem__"),
)
"""Methods that make their argument part of a module."""


class Session(ModuleServices):
    """The services of `frame.Services`, and the modules that were loaded."""

    def __init__(
        self, index: Any, budget: Budget, environment: Mapping[str, str], packages: tuple[str, ...] = ()
    ) -> None:
        self.index = index
        self.budget = budget
        self.sources = Sources(index, packages)
        self.environment = dict(environment)
        self.recording = False
        self.calling = False
        """Whether a model is being called: branches on data are followed on both paths."""
        self.trials = 0
        self.journals = Journals()
        self.current: Frame | None = None
        self.guarded_imports = 0
        self.handling: list[Exception] = []
        self.asked_device = ""
        self.absent_files = False
        self.oracle = Oracle(self._decided, self._specialised, self._device_replaced)
        self.oracle.tentative = self.journals.__bool__
        self.parameter_writes = ParameterWrites(lambda: None if self.calling else self.place)
        self.oracle.changed = self.parameter_writes.note
        self.recorder = Recorder(self.size_of)
        self.repetition = Repetition(self)
        self.loaded_files = LoadedFiles(index)
        self.natives = build_natives(self)
        self.policy = Policy(self.natives.by_name)
        self.registrations = Registrations(self)
        self._modules: dict[str, ModuleScope] = {}
        self._proxies: dict[str, TargetModule] = {}
        self._errors: dict[int, tuple[Exception, Place]] = {}
        self.spend = budget.spend

    # -- values --------------------------------------------------------------------------------------------

    def attribute(self, value: Any, name: str) -> Any:
        found = self.policy.attribute(value, name)
        if self.repetition.depth:
            self.repetition.saw(value, name, found)
        if isinstance(found, UnknownValue) and isinstance(value, super) and name == "__init__":
            self._skip_base(value, found)
        return found

    def _skip_base(self, value: Any, refused: UnknownValue) -> None:
        """A module whose base may not be initialised is a module all the same, with open totals."""
        module = value.__self__
        if isinstance(module, nn.Module):
            if "_modules" not in vars(module):
                nn.Module.__init__(module)
            self.gap(Cause("unknown_call_with_module", (str(refused.cause),), self.place))

    @property
    def is_plain(self) -> bool:
        """Whether what is evaluated now happens in any case, and is recorded."""
        tried = self.trials or self.journals or self.handling
        return not tried and not self.recorder.is_muted and not self.recorder.is_conditional

    def will_change(self, value: Any) -> None:
        """Called before a container, or an object by its attributes, changes: on an undecided path it is noted."""
        if not self.journals or isinstance(value, UnknownValue):
            return
        if isinstance(value, TABLES) and not isinstance(value, ModuleNames):
            self.journals.note(value)
        elif isinstance(value, (type, TargetModule, LibraryModule, ModuleNames, np.ndarray)):
            raise CannotEvaluate("change_on_undecided_branch", type(value).__name__)
        elif not isinstance(value, (Proxy, torch.Tensor)):
            self.journals.note_object(value)

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Lines that run inside are no rows."""
        recording, self.recording = self.recording, False
        try:
            yield
        finally:
            self.recording = recording

    def set_attribute(self, value: Any, name: str, new: Any) -> None:
        if self.journals:
            if isinstance(value, torch.Tensor):
                raise CannotEvaluate("change_on_undecided_branch", f"Tensor.{name}")
            self.will_change(value)
        if isinstance(new, UnknownValue) and isinstance(value, nn.Module):
            reason = lost_attribute(value, name, new)
            self.gap(Cause(reason, (f"{type(value).__name__}.{name}", str(new.cause.reason)), new.cause.place))
            for registered in (vars(value).get(table, {}) for table in REGISTERED):
                registered.pop(name, None)  # torch takes no unknown value in the place of a known one
        if isinstance(value, CLASS_LEVEL):
            self.repetition.changes += 1
        self.policy.set_attribute(value, name, new)

    def assign_field(self, value: Any, name: str, new: Any) -> None:
        """Set a field of a dataclass, past its own `__setattr__` where it is frozen."""
        self.will_change(value)
        if isinstance(value, nn.Module):
            setattr(value, name, new)
        else:
            object.__setattr__(value, name, new)

    def delete_attribute(self, value: Any, name: str) -> None:
        self.will_change(value)
        if isinstance(value, CLASS_LEVEL):
            self.repetition.changes += 1
        self.policy.delete_attribute(value, name)

    def item(self, value: Any, key: Any) -> Any:
        unknown = _unknown_in_key(value, key)
        if unknown is not None:
            return plain(unknown)
        pay(self, key)
        if isinstance(value, type) and not hasattr(type(value), "__getitem__") and is_own_class(value):
            return value if not hasattr(value, "__class_getitem__") else value[key]  # type: ignore[index]
        if isinstance(key, torch.SymInt) and isinstance(value, (list, tuple, str, dict)):
            key = self.number(key)
        if isinstance(key, slice) and isinstance(value, (list, tuple, str, range)):
            key = slice(*(self.number(end) for end in (key.start, key.stop, key.step)))
        chosen = without_scalars(self.oracle, value, key)
        return value[key] if chosen is key else self.oracle.as_fake(value)[chosen]

    def set_item(self, value: Any, key: Any, new: Any) -> None:
        if isinstance(value, UnknownValue):
            return
        pay(self, key)
        self.will_change(value)
        if isinstance(value, torch.Tensor):
            unknown = find_unknown((key, new), {})
            if unknown is not None:
                self.oracle.forget_contents(value)
                return
        if isinstance(value, np.ndarray):
            unknown = find_unknown((key, new), {})
            if unknown is not None:
                raise CannotEvaluate.because(unknown.cause)
        if isinstance(value, Proxy):
            raise CannotEvaluate("attribute_not_writable", repr(value))
        if isinstance(value, nn.Module) and isinstance(new, UnknownValue):
            self._note_lost(value.__setitem__, (key,), {}, new)
            return
        if isinstance(key, torch.SymInt) and isinstance(value, (list, dict)):
            key = self.number(key)
        chosen = without_scalars(self.oracle, value, key)
        if chosen is not key:
            self.oracle.forget_contents(value)
        value[chosen] = new

    def number(self, value: Any) -> Any:
        """A plain number for a symbolic one; that it was taken from the hint is recorded."""
        if not isinstance(value, SYMBOLIC):
            return value
        hint = self.oracle.hint(value)
        if hint is None:
            raise CannotEvaluate("depends_on_data", self.oracle.text(value))
        self.assume_here("value_from_hint", f"{self.oracle.text(value)} = {hint}")
        return hint

    def truth(self, value: Any, frame: Frame | None = None) -> bool:
        if value is True or value is False or value is None:
            return bool(value)
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
        if isinstance(value, SYMBOLIC):
            return self.oracle.decide(value)
        if isinstance(value, torch.Tensor):
            if not self.oracle.has_contents(value):
                raise CannotEvaluate("depends_on_data", "truth of a tensor")
            return bool(self.oracle.contents(value))
        return bool(value)

    def iterate(self, value: Any) -> Any:
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
        rest = rest_of(value)
        if rest is not None:
            raise CannotEvaluate.because(rest.cause)
        if self.journals and hasattr(type(value), "__next__"):
            self.journals.check_iterator(value)
        if self.possible_items(value) is not None:
            raise CannotEvaluate("size_depends_on_data", "iteration")
        return value

    def possible_items(self, value: Any) -> PossibleItems | None:
        """The items of a sequence of which it is not known how many there are, only how many at most."""
        return possible_items(self, value) if isinstance(value, (torch.Tensor, Proxy)) else None

    def keys_of(self, value: Any) -> list[Any]:
        if isinstance(value, Mapping):
            return list(value.keys())
        return list(self.call(self.attribute(value, "keys"), (), {}))

    def format(self, value: Any, spec: str) -> str:
        for digits in "".join(c if c.isdigit() else " " for c in spec).split():
            self.budget.check_text(int(digits[:9]))
        if isinstance(value, SYMBOLIC):
            return self.oracle.text(value)
        if isinstance(value, torch.Tensor) and self.oracle.is_fake(value):
            return f"tensor(..., size={tuple(value.shape)})"
        self.measure(value)
        return format(value, spec)

    def measure(self, value: Any) -> None:
        """Pay for printing a nested structure before it is printed: shared parts are printed again and again."""
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            self.budget.spend(len(value) + 1)
            for item in value.values() if isinstance(value, dict) else value:
                self.measure(item)

    # -- calls ---------------------------------------------------------------------------------------------

    def call(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if isinstance(function, functools.partial):
            return self.call(function.func, (*function.args, *args), {**function.keywords, **kwargs})
        if self.trials and any(map(self._runs_target_code, (function, *args, *kwargs.values()))):
            raise CannotEvaluate("call_on_undecided_branch", getattr(function, "__name__", type(function).__name__))
        if self.journals:
            note_call(self.journals, self.natives.functions, function, args, kwargs)
        native = self.natives.by_object.get(id(function))
        if native is not None:
            if self.repetition.depth:
                self.repetition.called(function, args, kwargs, None)
            return self._call_provided(native, args, kwargs)
        if isinstance(function, UnknownValue):
            return self._call_unknown(function, args, kwargs)
        pay_for_call(self, function, args)
        tolerant = self._tolerates_unknown(function)
        unknown = unknown_lookup(function, args) if tolerant else find_unknown(args, kwargs)
        if unknown is not None:
            return unknown if tolerant else self._call_with_unknown(function, args, kwargs, unknown)
        if not tolerant:
            args = [self._settled(value) for value in args]
            kwargs = {name: self._settled(value) for name, value in kwargs.items()}
        self.budget.spend()
        provided = isinstance(function, types.FunctionType) and function in self.natives.functions
        result = (self._call_provided if provided else self._call_real)(function, args, kwargs)
        if self.repetition.depth:
            self.repetition.called(function, args, kwargs, result)
        return result

    def _call_provided(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """A function of ours; one that has no place for an unknown argument gives an unknown result."""
        try:
            return plain(function(*args, **kwargs))
        except TypeError:
            unknown = find_unknown(args, kwargs)
            if unknown is None:
                raise
            return plain(unknown)

    def _call_real(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        packed = isinstance(function, nn.RNNBase) and args and is_packed(args[0])
        result = (call_packed if packed else call_noted)(self, function, args, kwargs)
        if isinstance(result, np.ndarray):
            self.budget.check_elements(result.size)
        if type(result) is PartlessUnknown and not self.is_own(getattr(function, "__func__", function)):
            return plain(result)  # handed through: what is known of an argument need not hold of what is made of it
        return result

    def _call_with_unknown(self, function: Any, args: Any, kwargs: dict[str, Any], unknown: UnknownValue) -> Any:
        known = None
        if is_optional(unknown):
            args = [self._settled(value) for value in args]
            kwargs = {name: self._settled(value) for name, value in kwargs.items()}
            known = called_either_way(function, args, kwargs, self.form_of)
        if known is not None:
            self.budget.spend()
            known = self.oracle.as_fake(known)
            if self.repetition.depth:
                self.repetition.called(function, args, kwargs, known)
            return known
        built = constructed_in_part(function, args, kwargs, unknown.cause)
        if built is not None:
            self.gap(Cause("unknown_attribute", (type(built).__name__, str(unknown.cause.reason)), unknown.cause.place))
            return built if isinstance(function, type) else None
        self._note_lost(function, args, kwargs, unknown)
        return PartlessUnknown(unknown.cause) if gives_no_part(function, kwargs) else plain(unknown)

    def _note_lost(self, function: Any, args: Any, kwargs: dict[str, Any], unknown: UnknownValue) -> None:
        """What should have become part of a module and is not known leaves its totals open."""
        module, method = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if not isinstance(module, nn.Module) or method not in REGISTERING:
            changed = [] if self.recording or isinstance(function, type) else [function, *args, *kwargs.values()]
            for value in filter(holds_module, changed):
                self.gap(lost_part(value, unknown))
            return
        named = bool(args) and isinstance(args[0], str)
        reason = "unknown_buffer" if method == "register_buffer" and named else "unknown_attribute"
        part = f"{type(module).__name__}.{args[0] if named else method}"
        lost = Cause(reason, (part, str(unknown.cause.reason)), unknown.cause.place or self.place)
        self.gap(lost)
        leave_open(module, lost)
        if named and method != "__setitem__":
            self.policy.set_attribute(module, args[0], unknown)

    def _settled(self, value: Any) -> Any:
        """Real code takes no symbolic truth (`is_causal=T > 1`): it is decided by the hint, and logged."""
        return self.oracle.decide(value) if isinstance(value, torch.SymBool) else value

    def _call_unknown(self, function: UnknownValue, args: Any, kwargs: dict[str, Any]) -> UnknownValue:
        if any(holds_module(value) for value in (*args, *kwargs.values())):
            self.gap(Cause("unknown_call_with_module", (str(function.cause),), self.place))
        unknown: UnknownValue = function if isinstance(function, PartlessUnknown) else plain(function)
        return unknown

    def _runs_target_code(self, function: Any) -> bool:
        """Whether a call of this, or of what is handed this, could enter code of the target."""
        plain = getattr(function, "__func__", function)
        own = isinstance(plain, types.FunctionType) and MARK in plain.__dict__
        return own or isinstance(function, nn.Module) or (isinstance(function, type) and is_own_class(function))

    def form_of(self, value: torch.Tensor) -> Any:
        """Sizes and type of a tensor, to compare; None where a size depends on data."""
        shape = next(self.recorder.tensors_in(value))
        known = all(isinstance(size, int) or size.value is not None for size in shape.shape)
        return shape if known else None

    def _tolerates_unknown(self, function: Any) -> bool:
        if isinstance(function, types.BuiltinMethodType):
            return isinstance(function.__self__, (list, dict, set, tuple)) or function in (len, next, iter)
        if isinstance(function, type):
            return is_own_class(function) or issubclass(function, CONTAINERS)
        if isinstance(function, (types.FunctionType, types.MethodType)):
            plain = function.__func__ if isinstance(function, types.MethodType) else function
            return MARK in getattr(plain, "__dict__", ()) or plain in self.natives.functions
        return isinstance(function, nn.Module)

    def decorate(self, decorator: Any, value: Any, text: str, frame: Frame) -> Any:
        if isinstance(decorator, UnknownValue):
            self.assume("unknown_decorator", f"@{text}", frame)
            return value
        result = self.call(decorator, [value], {})
        if isinstance(result, UnknownValue) and not isinstance(value, UnknownValue):
            self.assume("unknown_decorator", f"@{text}", frame)
            return value
        return result

    def enter(self, frame: Frame) -> None:
        self.budget.enter()
        frame.caller = self.current
        self.current = frame
        if self.repetition.depth:
            self.repetition.entered(frame)
        if isinstance(frame.first, nn.Module):
            frame.subject = frame.first
        elif frame.caller is not None:
            frame.subject = frame.caller.subject
        if self.recording:
            for name, value in list(frame.variables.items()):
                self.bound(frame, frame.line, name, value)

    def leave(self, frame: Frame) -> None:
        self.budget.leave()
        self.current = frame.caller

    def size_of(self, size: Any) -> Any:
        """A size as it is recorded: a number, or an expression over named dims with its number."""
        if not isinstance(size, torch.SymInt):
            return int(size)
        text, value = self.oracle.text(size), self.oracle.hint(size)
        return int(text) if text.isdigit() else SymbolicSize(text if value is not None else "?", value)

    # -- record --------------------------------------------------------------------------------------------

    @property
    def place(self) -> Place | None:
        return self.current.place if self.current else None

    def bound(self, frame: Frame, line: int, target: str, value: Any) -> None:
        last = max(frame.last_line, line) if frame.line == line else line
        self.recorder.bound(Place(frame.module.path, line, last), frame.subject, frame.function, target, value)

    def gap(self, cause: Cause) -> None:
        self.recorder.gap(cause.at(self.place))

    def assume(self, kind: str, text: str, frame: Frame | None) -> None:
        self.recorder.assume(kind, text, frame.place if frame else None)

    def assume_here(self, kind: str, text: str) -> None:
        self.assume(kind, text, self.current)

    def assume_device(self, text: str) -> None:
        """Said once, at the first line that asks for a device; every other line rests on the same assumption."""
        if not any(kind == "device_is_cpu" for kind, _, _ in self.recorder.recording.assumptions):
            self.assume_here("device_is_cpu", text)

    def _device_replaced(self, device: str) -> None:
        self.assume_device(f"{device} → cpu")

    def _decided(self, text: str, decided: bool) -> None:
        self.recorder.decided(text, decided, self.place)

    def _specialised(self, operator: str) -> None:
        self.assume("operator_without_symbolic_form", operator, self.current)

    def refusal_for(self, error: Exception) -> CannotEvaluate | None:
        """Our refusal where an operator could not be decided by shapes; None for an exception of the target."""
        return refusal_for(error)

    def unknown(self, reason: str, *arguments: object, frame: Frame | None = None) -> UnknownValue:
        place = frame.place if frame else self.place
        return unknown_of(Cause(reason, tuple(map(str, arguments)), place))

    def raised(self, error: Exception, frame: Frame) -> None:
        """Remember where an exception first appeared."""
        if id(error) not in self._errors:
            self._errors[id(error)] = (error, frame.place)

    def place_of(self, error: Exception) -> Place | None:
        found = self._errors.get(id(error))
        return found[1] if found else None

    def handled_error(self, frame: Frame) -> Exception:
        return self.handling[-1] if self.handling else RuntimeError("No active exception to reraise")

    # -- classes -------------------------------------------------------------------------------------------

    def make_class(self, frame: Frame, code: Any) -> Any:
        values = code.bases(frame)
        keywords = {name or "": value(frame) for name, value in code.keywords}
        special = next((base for base in values if isinstance(base, Proxy) and hasattr(base, "make_class")), None)
        if special is not None:
            return special.make_class(frame, code)
        return build_class(frame, code, resolve_bases(values), keywords)

    def is_own(self, value: Any) -> bool:
        return origin_of(value) is not None


def _unknown_in_key(value: Any, key: Any) -> UnknownValue | None:
    """An unknown container or key; what else the container holds does not matter."""
    rest = rest_of(value)
    if rest is not None and isinstance(value, list):
        known = isinstance(key, int) and 0 <= key < next(at for at, item in enumerate(value) if item is rest)
        return None if known else rest
    found = [value, *(key if isinstance(key, tuple) else (key,))]
    for part in list(found):
        if isinstance(part, slice):
            found += [part.start, part.stop, part.step]
    return next((part for part in found if isinstance(part, UnknownValue)), None)
