"""What was not known on the way, and how many rows of the shape tables are empty because of each cause.

A row is a module call of the trace, or a line that bound something; it waits for the first cause of what it holds.
Whether the row would be known if that cause were mended, nobody can say before.
"""

from __future__ import annotations

from collections import Counter

from analyzer.evaluator.errors import Cause
from analyzer.evaluator.recorder import Recording
from analyzer.records.evidence import Gap
from analyzer.records.missing_packages import NOT_AVAILABLE
from analyzer.shapes.runs import ModelSource, arguments_of


def gaps_of(recording: Recording, source: ModelSource) -> tuple[Gap, ...]:
    """The causes in the order in which they were met; packages that are missing also where nothing stopped."""
    rows = rows_by_cause(recording)
    packages = {cause: None for cause in rows if cause.reason == NOT_AVAILABLE}
    return tuple(_gap(cause, rows[cause], source) for cause in {**dict.fromkeys(recording.gaps), **packages})


def rows_by_cause(recording: Recording) -> Counter[Cause]:
    """Lines and module calls that are not known, by their first cause."""
    lines = Counter(recording.unknown_lines.values())
    return lines + Counter(call.unknown for call in recording.calls if call.unknown is not None)


def _gap(cause: Cause, rows: int, source: ModelSource) -> Gap:
    where = str(source.span(cause.place) or cause.place or source.path)
    return Gap(where, cause.reason, arguments_of(cause.arguments), rows)
