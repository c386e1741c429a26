"""Outcomes on disk, one JSON line each as it is known, so that an interrupted run goes on where it ended."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from benchmarks.accuracy.comparison import Outcome
from benchmarks.accuracy.model_lists import Case

Key = tuple[str, str]


class OutcomeLog:
    """The last outcome of each model that the file holds; without a file, of this run alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[Key, Outcome] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._keep(Outcome(**json.loads(line)))

    def add(self, outcome: Outcome) -> None:
        self._keep(outcome)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(dataclasses.asdict(outcome)) + "\n")

    def wants(self, case: Case, *, again: bool) -> bool:
        """Whether a model is still to be measured; `again`: also if something about it was open or wrong."""
        known = self._known.get((case.group, case.name))
        return known is None or (again and not known.is_complete)

    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self._known.values())

    def _keep(self, outcome: Outcome) -> None:
        self._known[outcome.group, outcome.name] = outcome
