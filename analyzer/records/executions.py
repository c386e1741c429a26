"""What the target's own code did when the user asked for it with `--execute`, beside what the evaluator says.

Nothing else of a report rests on these records: they confirm or contradict, they never fill a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.evidence import Unknown
from analyzer.records.source import Span

Verdict = Literal["agree", "differ", "unknown"]


@dataclass(frozen=True)
class Comparison:
    """One thing of which both speak; `subject` is `parameters`, `trainable`, `buffers`, `output` or a module's path
    (the root's is empty). The verdict is `unknown` where one of them does not know it.
    """

    subject: str
    verdict: Verdict
    evaluated: str
    executed: str


@dataclass(frozen=True)
class ExecutedCheck:
    """A check of the running model: its name, whether it passed, and what was found, in English."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class ExecutedCall:
    """One evaluated call, made for real on random inputs of the same form."""

    mode: str
    method: str
    inputs: tuple[str, ...]
    """As `--input` takes them."""
    comparisons: tuple[Comparison, ...] = ()
    stopped: Unknown | None = None
    """Why the call gave no result, or was not made."""


@dataclass(frozen=True)
class Execution:
    """One model of the target, built and called by the Python that runs deepdive."""

    class_name: str
    where: Span
    build_expression: str
    device: str = ""
    """`cpu`, or `meta` where the weights would not fit into the memory that a run may use."""
    totals: tuple[Comparison, ...] = ()
    calls: tuple[ExecutedCall, ...] = ()
    checks: tuple[ExecutedCheck, ...] = ()
    nets: tuple[str, ...] = ()
    failure: Unknown | None = None
    """Why the model was not built or the process ended early."""
