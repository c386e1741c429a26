"""Calls of a saving function that is called from several lines: each of them is where a run saves, under its own
condition; the function's own lines are shown once.
"""

from __future__ import annotations

from analyzer.facts.flow import Function
from analyzer.facts.flow.steps import Target
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program


class RepeatedSaves:
    """Asked in the order of execution."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._told: set[int] = set()

    def tells(self, occurrence: Occurrence) -> bool:
        """The call runs code that saves and trains nothing, and that other lines call as well."""
        if any(id(step.node) in self._told for step, _ in occurrence.stack):
            return False
        keys = {key for target in occurrence.step.targets if (key := self._saving(target))}
        told = any(self._places(key) > 1 for key in keys)
        if told:
            self._told.add(id(occurrence.step.node))
        return told

    def _places(self, key: str) -> int:
        return sum(self._saving(target) == key for _, target in self._program.calls_of.get(key, ()))

    def _saving(self, target: Target) -> str:
        """Name of the own function that a call runs, where it saves; empty elsewhere."""
        if not isinstance(target.type, Function) or target.body is None or target.note:
            return ""
        kinds = self._program.flow.kinds(target.body)
        return target.body.scope.key if "checkpoint" in kinds and not kinds & {"backward", "forward"} else ""
