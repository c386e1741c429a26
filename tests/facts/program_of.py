"""A function of a small repository as a program, for tests of what is asked of programs."""

from __future__ import annotations

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import open_flow
from analyzer.facts.program import Program
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex


def program_of(index: SourceIndex, function: str) -> Program:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    flow = open_flow(index, derive_configuration(index, structure, value_of), value_of)
    body = flow.walker.function(function)
    assert body is not None
    return Program(flow, function, body, index.span(body.scope.path, body.scope.node))
