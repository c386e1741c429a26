"""Generation by a library's own loop: `model.generate(ids, do_sample=True, top_p=0.9, **options)`, and its settings.

The names of its arguments are the library's interface. What is left out there the library or the weights' own
configuration decides, so nothing is told of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import generates
from analyzer.facts.program import Program
from analyzer.facts.spread_arguments import spread_arguments
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Feature

SETTINGS = {
    "temperature": "temperature", "top_k": "top_k", "top_p": "top_p", "min_p": "min_p", "num_beams": "beam_search",
    "repetition_penalty": "repetition_penalty", "length_penalty": "length_penalty", "streamer": "streaming",
    "num_return_sequences": "several_candidates", "assistant_model": "speculative_decoding",
    "max_new_tokens": "length_limit", "max_length": "length_limit", "max_tokens": "length_limit",
}  # fmt: skip
ONE = frozenset({"num_beams", "num_return_sequences"})
"""Settings that do nothing where they are one."""


def generation_features(program: Program) -> Iterator[Feature]:
    """Settings of generation, each with the line that gives it."""
    for occurrence in program.occurrences:
        call = occurrence.call
        if call is not None and any(generates(dotted) for dotted in occurrence.dotted):
            for name, text, value in _arguments(program, occurrence, call):
                yield from _feature(program, occurrence, call, name, text, value)


def _arguments(
    program: Program, occurrence: Occurrence, call: ast.Call
) -> Iterator[tuple[str, str, Known[object] | Unknown]]:
    scope, index = occurrence.step.scope, program.flow.index
    for keyword in call.keywords:
        if keyword.arg is not None:
            written = index.segment(scope.path, keyword.value)
            yield keyword.arg, written, program.flow.values.value(keyword.value, scope, occurrence.stack)
    yield from spread_arguments(program, occurrence, call)


def _feature(
    program: Program, occurrence: Occurrence, call: ast.Call, name: str, text: str, value: Known[object] | Unknown
) -> Iterator[Feature]:
    where = program.flow.index.span(occurrence.step.scope.path, call)
    where = value.where[0] if isinstance(value, Known) and value.where else getattr(value, "where", None) or where
    conditions = occurrence.around.conditions
    condition = conditions[-1] if conditions else None
    known = value.value if isinstance(value, Known) else None
    if name == "do_sample" and known is False:
        yield Feature("greedy_decoding", where, f"{name}={text}", ((name, value),), condition)
    is_off = isinstance(value, Known) and (known is None or (name in ONE and known == 1))
    if name in SETTINGS and not is_off:
        yield Feature(SETTINGS[name], where, f"{name}={text}", ((name, value),), condition)
