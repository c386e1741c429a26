"""Run-time frames: the variables of one call, where it stands, and what it was defined in."""

from __future__ import annotations

from typing import Any, Protocol

from analyzer.evaluator.errors import CannotEvaluate, Place


class Services(Protocol):
    """What running code asks of the interpreter; `session.Session` is the one that answers."""

    def attribute(self, value: Any, name: str) -> Any: ...
    def set_attribute(self, value: Any, name: str, new: Any) -> None: ...
    def delete_attribute(self, value: Any, name: str) -> None: ...
    def will_change(self, value: Any) -> None: ...
    def unrecorded(self) -> Any: ...
    def item(self, value: Any, key: Any) -> Any: ...
    def set_item(self, value: Any, key: Any, new: Any) -> None: ...
    def call(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any: ...
    def truth(self, value: Any, frame: Frame | None = None) -> bool: ...
    def iterate(self, value: Any) -> Any: ...
    def possible_items(self, value: Any) -> Any: ...
    def spend(self, amount: int = 1) -> None: ...
    def format(self, value: Any, spec: str) -> str: ...
    def enter(self, frame: Frame) -> None: ...
    def leave(self, frame: Frame) -> None: ...
    def bound(self, frame: Frame, line: int, target: str, value: Any) -> None: ...
    def gap(self, cause: Any) -> None: ...
    def assume(self, kind: str, text: str, frame: Frame) -> None: ...
    def import_module(self, frame: Frame, dotted: str, level: int) -> Any: ...
    def import_name(self, frame: Frame, dotted: str, name: str, level: int) -> Any: ...
    def make_class(self, frame: Frame, definition: Any) -> Any: ...

    def refusal_for(self, error: Exception) -> CannotEvaluate | None: ...
    def handled_error(self, frame: Frame) -> Exception: ...
    def decorate(self, decorator: Any, value: Any, text: str, frame: Frame) -> Any: ...
    def unknown(self, reason: str, *arguments: object, frame: Frame | None = None) -> Any: ...
    def keys_of(self, value: Any) -> list[Any]: ...
    def globals_of(self, scope: Any) -> Any: ...
    def names_of(self, value: Any) -> list[str]: ...
    def form_of(self, value: Any) -> Any: ...
    def raised(self, error: Exception, frame: Frame) -> None: ...

    handling: list[Exception]
    guarded_imports: int
    asked_device: str
    recording: bool
    calling: bool
    trials: int
    journals: Any
    recorder: Any
    repetition: Any
    oracle: Any
    budget: Any
    current: Any


class Globals(Protocol):
    """The module-level names of one file; `modules.ModuleScope` is the real thing."""

    path: str
    session: Any
    name: str
    variables: dict[str, Any]

    def lookup(self, name: str, before: int = -1) -> Any: ...
    def star_names(self, dotted: str, level: int, frame: Frame) -> dict[str, Any]: ...


class Frame:
    """One activation of a function, class body, comprehension, module or snippet."""

    __slots__ = (
        "caller", "class_cell", "first", "forks", "function", "last_line", "line", "module", "parent",
        "position", "scope", "serial", "session", "subject", "variables",
    )  # fmt: skip

    def __init__(self, module: Globals, scope: Any, variables: dict[str, Any], parent: Frame | None) -> None:
        self.module = module
        self.session: Services = module.session
        self.scope = scope
        self.variables = variables
        self.parent = parent
        self.caller: Frame | None = None
        self.line = 0
        self.last_line = 0
        self.position = -1
        self.serial = 0
        """Order of entering, while calls are observed."""
        self.function: str = parent.function if parent else ""
        self.first: Any = None
        self.class_cell: list[Any] | None = parent.class_cell if parent else None
        self.subject: Any = parent.subject if parent else None
        self.forks: list[Any] | None = None
        """Paths of this call that ended earlier under an undecided condition; None where none may."""

    @property
    def place(self) -> Place:
        return Place(self.module.path, self.line, self.last_line)

    @property
    def is_of_stand_in(self) -> bool:
        return self.module.path.startswith("<stand-in>/")

    def outer(self, hops: int) -> Frame:
        """The lexically enclosing frame, so many levels up."""
        frame = self
        while hops:
            if frame.parent is None:
                raise CannotEvaluate("frame_lost", place=self.place)
            frame = frame.parent
            hops -= 1
        return frame

    def refuse(self, reason: str, *arguments: object) -> CannotEvaluate:
        return CannotEvaluate(reason, *arguments, place=self.place)
