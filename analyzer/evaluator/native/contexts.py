"""Variables of a context and stacks of context managers; what a tentative path does to them can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.syntax.control import enter_context, leave_context

NOTHING = object()


def provide(session: Any) -> Provided:
    names: dict[str, Any] = {
        "contextvars.ContextVar": lambda name, *, default=NOTHING: ContextVariable(session, name, default),
        "contextlib.ExitStack": lambda: ExitStack(session),
    }
    return names, {}, {}


def _method(owner: Proxy, name: str) -> Callable[..., Any]:
    """A plain closure: a bound method would show what is behind it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(owner, name)(*args, **kwargs)

    return call


class ContextVariable(Proxy):
    """`contextvars.ContextVar`; one thread, one context."""

    def __init__(self, session: Any, name: str, default: Any) -> None:
        self._session = session
        self._name = name
        self._default = default
        self._state: dict[str, Any] = {}

    def member(self, name: str) -> Any:
        if name == "name":
            return self._name
        if name not in ("get", "set", "reset"):
            raise AttributeError(name)
        return _method(self, name)

    def get(self, *default: Any) -> Any:
        if "value" in self._state:
            return self._state["value"]
        if default or self._default is not NOTHING:
            return default[0] if default else self._default
        raise LookupError(self._name)

    def set(self, value: Any) -> tuple[Any, ...]:
        """What `reset` goes back to: nothing, or the value that there was."""
        before = tuple(self._state.values())
        self._session.journals.note(self._state, namespace=True)
        self._state["value"] = value
        return before

    def reset(self, token: tuple[Any, ...]) -> None:
        self._session.journals.note(self._state, namespace=True)
        self._state.clear()
        self._state.update(zip(("value",), token, strict=False))


class ExitStack(Proxy):
    """`contextlib.ExitStack`: what was entered is left in the opposite order."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._left: list[Any] = []

    def member(self, name: str) -> Any:
        if name not in ("__enter__", "__exit__", "enter_context", "push", "callback", "close", "pop_all"):
            raise AttributeError(name)
        return _method(self, name)

    def __enter__(self) -> ExitStack:
        return self

    def __exit__(self, *details: Any) -> bool:
        error = details[1] if len(details) > 1 else None
        swallowed = False
        for manager in reversed(self._take_all()):
            if leave_context(self._session, manager, error):
                error, swallowed = None, True
        return swallowed

    def enter_context(self, manager: Any) -> Any:
        value = enter_context(self._session, manager)
        self.push(manager)
        return value

    def push(self, manager: Any) -> Any:
        self._session.journals.note(self._left)
        self._left.append(manager)
        return manager

    def callback(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        self.push(Callback(self._session, function, args, kwargs))
        return function

    def close(self) -> None:
        self.__exit__(None, None, None)

    def pop_all(self) -> ExitStack:
        other = ExitStack(self._session)
        other._left = self._take_all()
        return other

    def _take_all(self) -> list[Any]:
        self._session.journals.note(self._left)
        taken = list(self._left)
        self._left.clear()
        return taken


class Callback(Proxy):
    """A function that a stack calls when it is left."""

    def __init__(self, session: Any, function: Any, args: Any, kwargs: Any) -> None:
        self._call = lambda *details: session.call(function, args, kwargs) and None

    def member(self, name: str) -> Any:
        if name != "__exit__":
            raise AttributeError(name)
        return self._call
