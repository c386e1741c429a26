"""What a short method of the repository's own classes returns, as an expression where it stands: `data.vocab_size()`
with `return len(TOKENS)` or `return 3 * self.config.digits`.
"""

from __future__ import annotations

import ast

from analyzer.facts.flow import Function, Inference
from analyzer.facts.flow.contexts import Stack
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Step, Surrounding, Target
from analyzer.facts.keyword_items import Place


def returned_by(inference: Inference, node: ast.expr, scope: CodeScope, stack: Stack) -> Place | None:
    """The one returned expression with the way into the method; None for any other call."""
    callees = inference.types(node.func, scope) if isinstance(node, ast.Call) else ()
    found = next(iter(callees)) if len(callees) == 1 else None
    if not isinstance(found, Function) or found.receiver is None or not isinstance(node, ast.Call):
        return None
    inner = inference.scopes.by_key.get(found.name)
    statements = [s for s in getattr(inner.node, "body", ()) if not _is_text(s)] if inner is not None else []
    value = statements[-1].value if statements and isinstance(statements[-1], ast.Return) else None
    if inner is None or value is None or not all(isinstance(s, ast.Assign) for s in statements[:-1]):
        return None
    if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in inner.nodes):
        return None
    step = Step("call", node, scope, ast.Pass(), Surrounding())
    return Place(value, inner, (*stack, (step, Target(found, body=Body(inner)))))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
