"""What the constructor of a class was given in the built model, over all its instances: a default that every caller
overrides counts nowhere.
"""

from __future__ import annotations

from analyzer.document.context import Context
from analyzer.document.inline import NOTHING, code, join
from analyzer.records.document import Line, Plain
from analyzer.records.source import Span

MOST_VALUES = 4


def built_arguments(context: Context, where: Span) -> dict[str, Line]:
    """By parameter of the class at this place; of many values the first, with how many there are in all."""
    records = [item for item in context.records.values() if item.defined_at == where]
    found: dict[str, dict[str, None]] = {}
    for name, text in (pair for record in records for pair in record.arguments):
        found.setdefault(name, {})[_named(context, text)] = None
    return {name: _told(list(values)) for name, values in found.items()}


def _named(context: Context, text: str) -> str:
    """A size that the repository does not state by its name instead of the example."""
    sizes = context.model.unstated if context.model else ()
    return next((size.name for size in sizes if str(size.value) == text), text)


def _told(values: list[str]) -> Line:
    if not values:
        return NOTHING
    shown = join([code(text) for text in values[:MOST_VALUES]])
    return shown if len(values) <= MOST_VALUES else (*shown, Plain(f" … ({len(values)})"))
