"""How much an evaluation may spend: steps, call depth, sizes of numbers, texts and lists, seconds.

Everything that can grow is asked here before it grows; exhausting any of them is a stated refusal.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from analyzer.evaluator.errors import BudgetExhausted

CLOCK_EVERY = 2048


@dataclass
class Budget:
    """Limits of one interpreter; the counters run down over its whole life."""

    steps: int = 30_000_000
    depth: int = 180
    items: int = 4_000_000
    text: int = 4_000_000
    bits: int = 65_536
    elements: int = 16_000_000
    """Of one array of NumPy: those are real, whatever sizes a model is tried at."""
    seconds: float = 300.0
    """Of the processor, not of the clock: what is evaluated does not depend on how busy the machine is."""
    _deadline: float = field(default=0.0, repr=False)
    _depth_now: int = field(default=0, repr=False)

    def spend(self, amount: int = 1) -> None:
        """Count steps of work; raise when none are left."""
        before = self.steps
        self.steps = before - amount
        if self.steps < 0:
            raise BudgetExhausted("budget_exhausted", "steps")
        if before // CLOCK_EVERY != self.steps // CLOCK_EVERY:
            self._watch_clock()

    def _watch_clock(self) -> None:
        now = time.process_time()
        if not self._deadline:
            self._deadline = now + self.seconds
        if now > self._deadline:
            raise BudgetExhausted("budget_exhausted", "seconds")

    def enter(self) -> None:
        """One call deeper."""
        self._depth_now += 1
        if self._depth_now > self.depth:
            raise BudgetExhausted("budget_exhausted", "recursion")

    def leave(self) -> None:
        self._depth_now -= 1

    def check_items(self, count: int) -> None:
        if count > self.items:
            raise BudgetExhausted("budget_exhausted", "items")

    def check_text(self, length: int) -> None:
        if length > self.text:
            raise BudgetExhausted("budget_exhausted", "text")

    def check_elements(self, count: int) -> None:
        if count > self.elements:
            raise BudgetExhausted("budget_exhausted", "elements")

    def check_bits(self, count: int) -> None:
        if count > self.bits:
            raise BudgetExhausted("budget_exhausted", "integer")
