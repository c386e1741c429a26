"""The turns of one loop, among them those of which it is not known whether they happen.

A loop that may be left on data is evaluated for two turns as they are; further turns are evaluated once from a
state that holds for any number of them, and are no part of the record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.evaluator.frame import Frame
from analyzer.evaluator.journal import Journal
from analyzer.evaluator.syntax.paths import open_journal, settle, widen
from analyzer.evaluator.syntax.scope import Execute
from analyzer.evaluator.syntax.statements import BREAK, CONTINUE

EXACT_TURNS = 2


class Turns:
    """One run of a loop in one frame."""

    def __init__(self, frame: Frame, body: Execute) -> None:
        self._frame = frame
        self._body = body
        self._mark = len(frame.forks or ())
        self._signal: Any = None
        self._journal: Journal | None = None
        self._uncertain = 0

    def run(self) -> None:
        """One turn; paths that ended with `continue` meet at its end."""
        frame = self._frame
        if self._uncertain == EXACT_TURNS - 1 and self._journal is None:
            self._journal = open_journal(frame)
        self._signal = self._body(frame)
        if frame.forks and len(frame.forks) > self._mark:
            self._signal = settle(frame, self._mark, CONTINUE, self._signal)
            self._uncertain += any(fork.signal is BREAK for fork in frame.forks[self._mark :])

    @property
    def ended(self) -> bool:
        return self._signal is not None and self._signal is not CONTINUE

    @property
    def are_alike(self) -> bool:
        """Whether the loop may have been left in so many turns that the next ones are taken together."""
        return self._uncertain >= EXACT_TURNS

    def widen(self, begin: Callable[[Frame], Any]) -> Any:
        """Any number of further turns; `begin` does what a loop does before each."""
        assert self._journal is not None
        journal, self._journal = self._journal, None
        frame = self._frame
        stop = next(fork.stop for fork in frame.forks or () if fork.signal is BREAK)

        def step(frame: Frame) -> Any:
            begin(frame)
            return self._body(frame)

        widen(frame, journal, step, stop)
        return self.leave()

    def leave(self, signal: Any = None) -> Any:
        """The loop's own signal, when the paths that left by `break` have met the last one."""
        frame = self._frame
        if self._journal is not None:
            frame.session.journals.close(self._journal)
        signal = self._signal if signal is None else signal
        if frame.forks and len(frame.forks) > self._mark:
            signal = settle(frame, self._mark, BREAK, signal)
        return None if signal is BREAK or signal is CONTINUE else signal
