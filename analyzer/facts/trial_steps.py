"""Functions that take one step for a trial before a program trains: a probe of memory, a warm-up of a compiler.

What they make serves the trial; the training has an optimizer of its own.
"""

from __future__ import annotations

from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import is_optimizer, stage_of
from analyzer.facts.program import Program, is_unresolved_backward, is_unresolved_update


def trial_scopes(program: Program) -> frozenset[str]:
    """Functions that make an optimizer, take gradients and step, all outside of loops, while a loop steps elsewhere."""
    steps = [occurrence for occurrence in program.occurrences if _is(occurrence, "step")]
    if not any(occurrence.around.loops for occurrence in steps):
        return frozenset()
    looped = {occurrence.step.scope.key for occurrence in steps if occurrence.around.loops}
    made = {o.step.scope.key for o in program.occurrences if any(map(is_optimizer, o.dotted))}
    taken = {o.step.scope.key for o in program.occurrences if _is(o, "backward") and not o.around.loops}
    return frozenset((made & taken & {o.step.scope.key for o in steps}) - looped)


def is_trial(occurrence: Occurrence, trials: frozenset[str]) -> bool:
    """The step belongs to a trial, or is reached through one."""
    return bool(trials) and bool(
        {occurrence.step.scope.key, *(step.scope.key for step, _ in occurrence.stack)} & trials
    )


def _is(occurrence: Occurrence, kind: str) -> bool:
    unresolved = is_unresolved_update if kind == "step" else is_unresolved_backward
    return any(stage_of(dotted) == kind for dotted in occurrence.dotted) or unresolved(occurrence.step)
