"""Residual sums whose stream and branch a module is handed side by side: `Output()(sublayer(x), x)`."""

from __future__ import annotations

from functools import lru_cache

from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import Term, alternatives, contains, same


@lru_cache(maxsize=64)
def _invocations(program: Program) -> dict[str, tuple[Term, ...]]:
    """Calls of modules of the repository by their class."""
    found: dict[str, list[Term]] = {}
    for reading in program.readings:
        for term in reading.walked:
            if term.head == "invoke" and ":" in term.label:
                found.setdefault(term.label, []).append(term)
    return {label: tuple(terms) for label, terms in found.items()}


def is_handed_with_stream(program: Program, reading: Reading, branch: Term, stream: Term) -> bool:
    """Whether a caller hands a function of `x` for the argument `branch` and `x` itself for `stream`."""
    names = [name for name in reading.parameters if name != "self"]
    if reading.owner is None or reading.name != "forward" or not {branch.label, stream.label} <= set(names):
        return False
    places = names.index(branch.label), names.index(stream.label)
    for call in _invocations(program).get(reading.owner, ()):
        given = [call.args[place] if place < len(call.args) else call.keyword(names[place]) for place in places]
        if given[0] is not None and given[1] is not None and _is_made_of(given[0], given[1]):
            return True
    return False


def _is_made_of(branch: Term, stream: Term) -> bool:
    options = list(alternatives(stream))
    return any(contains(branch, one) and not same(branch, one) for one in (stream, *options) if one.head != "const")
