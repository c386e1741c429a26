"""What records could not tell: every Unknown inside them with its place, each once.

What a caller has to give (`no_default`, `required_argument`) is stated by the source and is no gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from analyzer.records.evidence import Gap, Unknown
from analyzer.records.source import Span

STATED = frozenset({"no_default", "required_argument"})


def unknowns_in(record: object) -> tuple[Unknown, ...]:
    """The Unknowns of a record and of what it holds, at their own place or else at that of their holder."""
    found: dict[tuple[object, ...], Unknown] = {}
    for unknown in _walk(record, None):
        root = unknown.root()
        if root.reason not in STATED:
            found.setdefault((str(unknown.where), root.reason, root.arguments), unknown)
    return tuple(found.values())


def gaps_in(record: object) -> tuple[Gap, ...]:
    """The same as gaps."""
    pairs = [(unknown.where, unknown.root()) for unknown in unknowns_in(record)]
    return tuple(Gap(str(where) if where is not None else ".", root.reason, root.arguments) for where, root in pairs)


def _walk(value: object, around: Span | None) -> Iterator[Unknown]:
    if isinstance(value, Unknown):
        yield value if value.where is not None else replace(value, where=around)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _walk(item, around)
    elif is_dataclass(value) and not isinstance(value, (Span, Gap)):
        own = getattr(value, "where", None)
        for item in fields(value):
            yield from _walk(getattr(value, item.name), own if isinstance(own, Span) else around)
