"""What a tentative piece of evaluation changed: tables as they were before, so that it can be taken back and joined.

A table is a dict, list, set or deque of the target, the variables of a frame, or the attributes of an object.
Tensors are no tables: what is written into one while a path is tentative loses its contents for good.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.values import UnknownValue

TABLES = (dict, list, set, deque, bytearray)
REGISTERED = ("_parameters", "_buffers", "_modules")
Table = Any
Content = Any


@dataclass
class Journal:
    """Tables with their content when the journal was opened."""

    before: dict[int, tuple[Table, Content]] = field(default_factory=dict)
    iterators: frozenset[int] = frozenset()
    """Iterators that existed already: to take from one cannot be taken back."""

    def note(self, table: Table) -> None:
        self.before[id(table)] = (table, _copied(table))

    def contents(self) -> dict[int, tuple[Table, Content]]:
        """The noted tables as they are now."""
        return {key: (table, _copied(table)) for key, (table, _) in self.before.items()}


class Journals:
    """The open journals of a session, oldest first."""

    def __init__(self) -> None:
        self._open: list[Journal] = []
        self._namespaces: dict[int, Table] = {}
        self._registered: dict[int, Table] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, iterators: frozenset[int] = frozenset()) -> Journal:
        journal = Journal(iterators=iterators)
        self._open.append(journal)
        return journal

    def close(self, journal: Journal) -> None:
        self._open = [other for other in self._open if other is not journal]
        if not self._open:
            self._namespaces.clear()
            self._registered.clear()

    def suspend(self) -> list[Journal]:
        """No journal is open until `resume`: module-level code runs once, whichever path asks for it."""
        suspended, self._open = self._open, []
        return suspended

    def resume(self, suspended: list[Journal]) -> None:
        self._open = suspended

    def note(self, table: Table, *, namespace: bool = False) -> None:
        """To be called before a table changes."""
        for journal in reversed(self._open):
            if id(table) in journal.before:
                return
            journal.note(table)
            if namespace:
                self._namespaces[id(table)] = table

    def is_namespace(self, table: Table) -> bool:
        """Whether the keys of a table are names: what only one path binds is unknown, and no mark is needed."""
        return self._namespaces.get(id(table)) is table

    def note_object(self, value: Any) -> None:
        """To be called before an attribute of an object changes."""
        attributes = getattr(value, "__dict__", None)
        if not isinstance(attributes, dict):
            raise CannotEvaluate("change_on_undecided_branch", type(value).__name__)
        self.note(attributes, namespace=True)
        if isinstance(value, nn.Module):
            for name in REGISTERED:
                self.note(attributes[name], namespace=True)
                self._registered[id(attributes[name])] = attributes[name]

    def check_iterator(self, value: Any) -> None:
        if any(id(value) in journal.iterators for journal in self._open):
            raise CannotEvaluate("change_on_undecided_branch", type(value).__name__)

    def put(self, table: Table, content: Content) -> None:
        """Give a table this content; open journals note what it was."""
        self.note(table)
        if self._registered.get(id(table)) is table:  # torch takes no unknown value for a part of a module
            content = {name: part for name, part in content.items() if not isinstance(part, UnknownValue)}
        write(table, content)


def write(table: Table, content: Content) -> None:
    if isinstance(table, (dict, set)):
        table.clear()
        table.update(content)
    elif isinstance(table, deque):
        table.clear()
        table.extend(content)
    else:
        table[:] = content


def _copied(table: Table) -> Content:
    if isinstance(table, dict):
        return dict(table)
    return set(table) if isinstance(table, set) else list(table)


def tables_of(*contents: dict[int, tuple[Table, Content]]) -> Iterator[Table]:
    """Each table once, in the order in which it was first noted."""
    found: dict[int, Table] = {}
    for part in contents:
        for key, (table, _) in part.items():
            found.setdefault(key, table)
    return iter(found.values())


def join_tables(
    table: Table, first: Content, second: Content, namespace: bool, join: Callable[[Any, Any], Any], rest: Any
) -> Content:
    """The content that holds on either path; `rest` marks where the paths differ in extent."""
    if isinstance(table, dict):
        keys = [*second, *(key for key in first if key not in second)]
        joined = {key: join(first[key], second[key]) if key in first and key in second else rest for key in keys}
        if not namespace and first.keys() != second.keys():
            joined[rest] = rest
        return joined
    if isinstance(table, set):
        return set(first) if first == second else {*first, *second, rest}
    together = [join(one, other) for one, other in zip(first, second, strict=False)]
    return together if len(first) == len(second) else [*together, rest]
