"""Calls of modules that are the same as one seen before: what that one did is repeated without evaluating it again.

The first call is evaluated under observation. A later one is the same if everything that it can reach has the same
form (`snapshot`), everything else that the first one read is still the same, and the first one changed nothing that
outlives it. Whatever is not known to be harmless makes the call unusable, and each is then evaluated by itself.
"""

from __future__ import annotations

import inspect
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from analyzer.evaluator.constants import storage_of
from analyzer.evaluator.modules import TargetModule
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.repeated_result import Counterparts, Made, Result, Unusable
from analyzer.evaluator.snapshot import (
    PLAIN,
    CannotCompare,
    Snapshot,
    is_fixed,
    is_own_function,
    take_snapshot,
)

UNUSABLE_CALLS = 3
"""So many observed calls of one function that could not be used end the attempts with it."""
UNMATCHED_CALLS = 12
ALL = "*"
HARMLESS_NAMES = ("getattr", "hasattr", "isinstance", "issubclass", "type", "len", "callable", "super", "checkpoint")
FORBIDDEN_NAMES = frozenset(("globals", "exec", "eval", "id", "__import__", "vars"))
REAL_PACKAGES = ("torch", "einops", "numpy", "math")
_DESCRIPTORS = (
    *(types.FunctionType, types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodDescriptorType),
    *(types.WrapperDescriptorType, types.BuiltinFunctionType, types.ClassMethodDescriptorType),
)
_ABSENT = object()
_CLASS_LEVEL = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, Proxy, super)


@dataclass(frozen=True)
class _Namespace:
    """A name outside of the call that its code speaks of, and its value then."""

    variables: dict[str, Any]
    name: str
    value: Any

    def is_same(self) -> bool:
        return dict.get(self.variables, self.name, _ABSENT) is self.value


@dataclass
class _Observed:
    """One evaluated call. `events` is what the recorder saw, `result` how to make its result for another call."""

    before: Snapshot
    events: list[tuple[Any, ...]]
    reads: frozenset[tuple[int, str]]
    outside: tuple[_Namespace, ...]
    result: Callable[[Snapshot], Made]
    code: Any
    changes: int

    def is_same(self, now: Snapshot, changes: int) -> bool:
        if changes != self.changes:
            return False
        if not all(now.plain[key] == self.before.plain[key] for key in self.reads):
            return False
        return all(name.is_same() for name in self.outside)


READ, OUTSIDE, ENTERED = "read", "outside", "entered"


class Repetition:
    """The calls of one trace that may be repeated."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.enabled = True
        self.repeated = 0
        """How many calls were not evaluated."""
        self.changes = 0
        """Changes of what belongs to no single object: globals, enclosing variables, classes, functions."""
        self.depth = 0
        self._events: list[tuple[Any, ...]] = []
        self._harm = 0
        self._serial = 0
        self._forget()

    def _forget(self) -> None:
        self._known: dict[Any, list[_Observed]] = {}
        self._kinds: Counter[type] = Counter()
        self._called: set[int] = set()
        self._unusable: Counter[Any] = Counter()
        self._unmatched: Counter[Any] = Counter()

    @contextmanager
    def trace(self, model: nn.Module) -> Iterator[None]:
        """One call of a model: what happens inside may be repeated inside."""
        self._forget()
        self._kinds = Counter(type(module) for module in model.modules())
        self.depth, self._events = 0, []
        try:
            yield
        finally:
            self.depth = 0
            self._events.clear()
            self._forget()

    # -- calls ---------------------------------------------------------------------------------------------

    def call(self, code: Any, frame: Any, run: Callable[[Any, Any], Any]) -> Any:
        """The result of a function whose frame is ready: repeated where possible, else what `run` gives."""
        if not self._is_candidate(code, frame):
            return run(code, frame)
        roots = tuple(frame.variables.values())
        try:
            before = take_snapshot(self.session.oracle, roots)
            key = self._key(code, frame, before)
            known = self._known.get(key, ())
        except (CannotCompare, TypeError):
            self._unusable[code] += 1
            return run(code, frame)
        for observed in known:
            if observed.is_same(before, self.changes):
                return self._repeat(observed, before)
        return self._observe(code, frame, run, before, key)

    def _is_candidate(self, code: Any, frame: Any) -> bool:
        module, session = frame.first, self.session
        if code.name != "forward" or not isinstance(module, nn.Module) or not session.recording or not self.enabled:
            return False
        once = self._kinds[type(module)] < 2 and id(module) not in self._called
        self._called.add(id(module))
        if once or self._unusable[code] >= UNUSABLE_CALLS or self._unmatched[code] >= UNMATCHED_CALLS:
            return False
        return session.is_plain and not session.oracle.is_followed(session.recorder.followers)

    def _key(self, code: Any, frame: Any, before: Snapshot) -> Any:
        state = torch.is_grad_enabled(), torch.get_default_dtype(), self.session.budget._depth_now
        return (id(code), id(frame.parent), state, tuple(before.text))

    def _repeat(self, observed: _Observed, now: Snapshot) -> Any:
        self.repeated += 1
        self._unmatched[observed.code] = 0
        self.session.spend()
        result = observed.result(now)
        made = {storage_of(old): new for old, new in result.made}
        for follower in self.session.recorder.followers:
            for old, new in result.made:
                follower.made_alike(old, new)
        self.session.recorder.repeat(observed.events, Counterparts(observed.before, now, made))
        if self.depth:
            self._events += [(READ, now.objects[number], name) for number, name in observed.reads]
            self._events += [(OUTSIDE, 0, name.variables, name.name) for name in observed.outside]
        return result.value

    def _observe(self, code: Any, frame: Any, run: Any, before: Snapshot, key: Any) -> Any:
        session, oracle = self.session, self.session.oracle
        roots = tuple(frame.variables.values())
        watched = oracle.watched
        oracle.watched = [] if watched is None else watched
        begin = _Begin(len(self._events), len(oracle.watched), self._next(), self._state())
        self.depth += 1
        session.recorder.events = self._events
        try:
            result = run(code, frame)
            try:
                self._keep(code, roots, before, key, begin, result)
            except (Unusable, CannotCompare):
                self._unusable[code] += 1
        finally:
            self.depth -= 1
            oracle.watched = watched
            if not self.depth:
                session.recorder.events = None
                self._events.clear()
        return result

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _state(self) -> Any:
        gradients = torch.is_grad_enabled(), torch.get_default_dtype()
        return self.changes, self._harm, self.session.oracle.data_numbers(), gradients, self.session.is_plain

    def _keep(self, code: Any, roots: Any, before: Snapshot, key: Any, begin: _Begin, result: Any) -> None:
        """Keep the call for later ones, if it changed nothing that outlives it."""
        oracle = self.session.oracle
        if begin.state != self._state() or set(oracle.watched[begin.writes :]) - before.storages.keys():
            raise Unusable
        if not before.is_unchanged(take_snapshot(oracle, roots)):
            raise Unusable
        seen = self._events[begin.events :]
        outside = tuple(_outside_of(seen, begin.serial))
        reads = frozenset(_reads_of(seen, before))
        events = [event for event in seen if event[0] not in (READ, OUTSIDE, ENTERED)]
        with oracle.aside():
            again = Result(oracle, before).make(result)
        self._unmatched[code] += 1
        made = _Observed(before, events, reads, outside, again, code, self.changes)
        self._known.setdefault(key, []).append(made)

    # -- what is observed ----------------------------------------------------------------------------------

    def entered(self, frame: Any) -> None:
        """A function of the target begins: the names that its code has from outside count as read."""
        frame.serial = self._next()
        scope = frame.scope
        if scope.kind == "module":
            self._harm += 1  # a file's own statements run once, for whoever asks first
            return
        self._events.append((ENTERED, scope, frame.module))
        for name, hops in scope.enclosing.items():
            owner = frame.outer(hops)
            self._events.append((OUTSIDE, owner.serial, owner.variables, name))

    def uses_defaults(self, defaults: dict[str, Any]) -> None:
        if not all(map(is_fixed, defaults.values())):
            self._harm += 1

    def saw(self, value: Any, name: str, result: Any) -> None:
        """The target read an attribute."""
        if isinstance(value, nn.Module):
            self._saw_of_module(value, name, result)
        elif isinstance(value, torch.Tensor) or (is_fixed(result) and type(result) in PLAIN and not _is_target(value)):
            return
        elif isinstance(value, _CLASS_LEVEL):
            self._saw_fixed(value, name, result)
        elif name not in getattr(value, "__dict__", ()):
            self._saw_of_class(value, name, result)

    def _saw_of_module(self, value: nn.Module, name: str, result: Any) -> None:
        own = value.__dict__
        if name in own or name == "__dict__":
            if name == "__dict__" or type(result) in PLAIN:
                self._events.append((READ, value, ALL if name == "__dict__" else name))
        elif not any(name in own.get(table, ()) for table in ("_parameters", "_buffers", "_modules")):
            self._saw_of_class(value, name, result)

    def _saw_of_class(self, value: Any, name: str, result: Any) -> None:
        found = inspect.getattr_static(type(value), name, None)
        if isinstance(found, property):
            trusted = is_own_function(found.fget) or not _is_ours(found.fget)
        else:
            trusted = isinstance(found, (*_DESCRIPTORS, classmethod, staticmethod)) or is_fixed(result)
        if not trusted:
            self._harm += 1

    def _saw_fixed(self, value: Any, name: str, result: Any) -> None:
        if _is_target(value):
            self._events.append((OUTSIDE, 0, value.scope.variables, name))
        if isinstance(result, (types.MethodType, types.BuiltinMethodType)):
            result = getattr(result, "__func__", result) if not isinstance(value, Proxy) else result
        if not is_fixed(result):
            self._harm += 1

    def called(self, function: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        """The target called something: what is real code may look at a module, and what is ours may remember."""
        plain = getattr(function, "__func__", function)
        if is_own_function(plain) or isinstance(function, (nn.Module, type)):
            return
        ours = isinstance(plain, types.FunctionType) and _is_ours(plain)
        if ours and plain not in self.session.natives.functions and not _is_unshared(result):
            self._harm += 1
        if getattr(plain, "__name__", "") not in HARMLESS_NAMES:
            for value in (*args, *kwargs.values()):
                if isinstance(value, nn.Module):
                    self._events.append((READ, value, ALL))


@dataclass(frozen=True)
class _Begin:
    """Where things stood when an observed call began."""

    events: int
    writes: int
    serial: int
    state: Any


def _is_target(value: Any) -> bool:
    return isinstance(value, TargetModule)


def _is_ours(function: Any) -> bool:
    """Whether a function is one of this program's closures, which may remember what they gave."""
    return not getattr(function, "__globals__", {"__name__": ""})["__name__"].startswith(REAL_PACKAGES)


def _is_unshared(result: Any) -> bool:
    """Whether nobody could change what was given in a way that the next one to get it would see."""
    items = result if isinstance(result, tuple) else (result,)
    return all(isinstance(item, torch.Tensor) or is_fixed(item) for item in items)


def _outside_of(events: list[tuple[Any, ...]], serial: int) -> Iterator[_Namespace]:
    """The names from outside that code spoke of, with their values, none of which may be open to change."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for event in events:
        if event[0] == ENTERED:
            names = event[1].outer_names
            if names & FORBIDDEN_NAMES:
                raise Unusable
            variables = event[2].variables
            found.update({(id(variables), name): variables for name in names})
        elif event[0] == OUTSIDE and event[1] <= serial:
            found[id(event[2]), event[3]] = event[2]
    for (_, name), variables in found.items():
        value = dict.get(variables, name, _ABSENT)
        if value is not _ABSENT and not is_fixed(value):
            raise Unusable
        yield _Namespace(variables, name, value)


def _reads_of(events: list[tuple[Any, ...]], before: Snapshot) -> Iterator[tuple[int, str]]:
    """Plain attributes that were read, of modules that were there before the call."""
    wanted = {(id(event[1]), event[2]) for event in events if event[0] == READ}
    for number, name in before.plain:
        owner = id(before.objects[number])
        if (owner, name) in wanted or (owner, ALL) in wanted:
            yield number, name
