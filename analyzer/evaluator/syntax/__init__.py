"""The language: one builder per ast class, and a refusal with its reason for every other class.

`TABLES` is complete: a test compares it with the node classes of the running Python.
"""

from __future__ import annotations

import ast

from analyzer.evaluator.syntax.calls import CALLS
from analyzer.evaluator.syntax.comprehensions import COMPREHENSIONS
from analyzer.evaluator.syntax.control import CONTROL
from analyzer.evaluator.syntax.definitions import DEFINITIONS, LAMBDA
from analyzer.evaluator.syntax.expressions import EXPRESSIONS
from analyzer.evaluator.syntax.generators import DRIVERS
from analyzer.evaluator.syntax.patterns import build_Match
from analyzer.evaluator.syntax.scope import Scope, Tables
from analyzer.evaluator.syntax.statements import STATEMENTS, guard

REFUSED: dict[type[ast.AST], str] = {
    ast.Await: "asynchronous_code",
    ast.AsyncFor: "asynchronous_code",
    ast.AsyncWith: "asynchronous_code",
    ast.Yield: "yield_inside_expression",
    ast.YieldFrom: "yield_inside_expression",
    ast.Starred: "syntax_not_supported",
}
for _newer in ("TryStar", "TypeAlias", "TemplateStr", "Interpolation"):
    if hasattr(ast, _newer):
        REFUSED[getattr(ast, _newer)] = "syntax_not_supported"

TABLES = Tables(
    expressions={**EXPRESSIONS, **COMPREHENSIONS, **CALLS, **LAMBDA},
    statements={**STATEMENTS, **CONTROL, **DEFINITIONS, ast.Match: build_Match},
    drivers=DRIVERS,
    refused=REFUSED,
    guard=guard,
)


def module_scope(path: str) -> Scope:
    """The outermost scope of a file."""
    return Scope("module", (), TABLES, path)
