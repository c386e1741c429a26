"""Predictions paired with objects at the least cost."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.techniques.patterns import Match
from analyzer.techniques.program import Program, Reading

ASSIGNMENT = "scipy.optimize.linear_sum_assignment"


def is_set_matching(program: Program, reading: Reading) -> Iterator[Match]:
    """An assignment beside functions of torch; elsewhere it pairs data, not predictions."""
    if any(label.startswith("torch.") for label in reading.called):
        for term in reading.called.get(ASSIGNMENT, ()):
            if term.args:
                yield Match(term, (("c", term.args[0]),), (term,), "assignment")
