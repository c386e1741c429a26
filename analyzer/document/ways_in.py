"""Every way into a repository, for all chapters alike: what can be started by itself, and functions, methods, classes
at which programs begin although no line, script or command of the repository reaches them.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.document.context import Context
from analyzer.records.processes import Start
from analyzer.records.source import Span
from analyzer.records.structure import EntryPoint

FROM_OUTSIDE: frozenset[Start] = frozenset({"function", "method", "hooks"})
"""Starts of pipelines that whoever uses the code has to call."""


@dataclass(frozen=True)
class WayIn:
    """`kind` is an id of its wording; `command` what a user enters, empty where nothing is to be entered."""

    kind: str
    command: str
    target: str
    where: Span


def ways_in(context: Context) -> tuple[WayIn, ...]:
    """Entry points, then starts of programs that have none."""
    facts = context.analysis.facts
    found = [_of_entry(entry) for entry in facts.structure.entry_points]
    for pipeline in (*facts.processes.training, *facts.processes.inference):
        if pipeline.start in FROM_OUTSIDE:
            found.append(WayIn(pipeline.start, "", pipeline.entry_name, pipeline.entry))
    return tuple(dict.fromkeys(found))


def _of_entry(entry: EntryPoint) -> WayIn:
    command = entry.command or (f"python {entry.path}" if entry.kind == "script" else entry.path)
    return WayIn(entry.kind, command, entry.target or "", entry.where)
