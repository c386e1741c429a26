"""Which code of a program decides by chance: what makes its samples and batches, and what its loop runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.chance_masks import find_masks
from analyzer.facts.chances import find_chances
from analyzer.facts.data import builders
from analyzer.facts.evaluation_calls import bodies_below
from analyzer.facts.flow import Function, Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import Program
from analyzer.records.processes import Chance, Stage

MOST_FUNCTIONS = 400


def program_chances(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> tuple[Chance, ...]:
    """Decisions by chance, those of the data first, each place once."""
    found: dict[object, Chance] = {}
    for scope in _functions(program, stages):
        for chance in (*find_chances(program, scope), *find_masks(program, scope)):
            found.setdefault((chance.where, chance.condition), chance)
    return tuple(found.values())


def _functions(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> Iterator[CodeScope]:
    """Makers of samples with all that they call, then what the program itself runs."""
    seen: dict[str, CodeScope] = {}
    pending = list(builders(program, stages))
    while pending and len(seen) < MOST_FUNCTIONS:
        scope = pending.pop(0)
        if scope.key not in seen:
            seen[scope.key] = scope
            pending += _called(program, scope)
    for body in bodies_below(program.body):
        seen.setdefault(body.scope.key, body.scope)
    yield from (scope for scope in seen.values() if scope.is_function)


def _called(program: Program, scope: CodeScope) -> Iterator[CodeScope]:
    """Own functions that a function calls."""
    inference = program.flow.inference
    for node in scope.nodes:
        for found in sorted(inference.types(node.func, scope), key=repr) if isinstance(node, ast.Call) else ():
            function = inference.calls.called_function(found) if isinstance(found, (Function, Instance)) else None
            if function is not None and function.name in inference.scopes.by_key:
                yield inference.scopes.by_key[function.name]
