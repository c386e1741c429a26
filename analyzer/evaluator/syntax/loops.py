"""The turns of one loop, among them those of which it is not known whether they happen.

A loop that may be left on data is evaluated for two turns as they are; further turns are evaluated once from a
state that holds for any number of them, and are no part of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.journal import Journal
from analyzer.evaluator.syntax.paths import Question, follow_fork, open_journal, settle, take_both, widen
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
        self._uncertain = self._left = 0

    def run(self) -> None:
        """One turn; paths that ended with `continue` meet at its end."""
        if self._uncertain == EXACT_TURNS - 1 and self._journal is None:
            self._journal = open_journal(self._frame)
        self._meet_turn(self._body(self._frame))

    def _meet_turn(self, signal: Any) -> None:
        frame = self._frame
        self._signal = signal
        if frame.forks and len(frame.forks) > self._mark:
            self._signal = settle(frame, self._mark, CONTINUE, signal)
            left = len(frame.forks) - self._mark
            self._uncertain += left > self._left
            self._left = left

    def run_possible(self, items: Sequence[Any], assign: Callable[[Frame, Any], None], asked: Question) -> None:
        """Turns each of which may not happen, since it is not known how many items there are."""
        for at, item in enumerate(items):

            def turn(frame: Frame, item: Any = item) -> Any:
                assign(frame, item)
                return self._body(frame)

            self._frame.session.spend()
            text = f"item {at} of {asked.text}"
            stop = CannotEvaluate("size_depends_on_data", asked.text, place=asked.place)
            self._meet_turn(take_both(self._frame, (turn, None), stop, Question(text, asked.place)))
            if self.ended:
                return

    @property
    def ended(self) -> bool:
        return self._signal is not None and self._signal is not CONTINUE

    @property
    def are_alike(self) -> bool:
        """Whether the loop may have been left in so many turns that the next ones are taken together."""
        return self._uncertain >= EXACT_TURNS

    def widen(self, begin: Callable[[Frame], bool], *, ends: bool) -> Any:
        """Any number of further turns; `begin` does what the loop does before each, and `ends` says whether it may
        end by itself and not by one of the paths that left it.
        """
        assert self._journal is not None
        journal, self._journal = self._journal, None
        frame = self._frame
        assert frame.forks is not None

        def step(frame: Frame) -> Any:
            return self._body(frame) if begin(frame) else BREAK

        widen(frame, journal, step, frame.forks[self._mark])
        return self.leave() if ends else self.leave(follow_fork(frame))

    def leave(self, signal: Any = None) -> Any:
        """The loop's own signal, when the paths that left by `break` have met the last one."""
        frame = self._frame
        if self._journal is not None:
            frame.session.journals.close(self._journal)
        signal = self._signal if signal is None else signal
        if frame.forks and len(frame.forks) > self._mark:
            signal = settle(frame, self._mark, BREAK, signal)
        return None if signal is BREAK or signal is CONTINUE else signal
