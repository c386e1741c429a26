"""The size of the batches that a loader takes from a batch sampler: the argument that the sampler was made with."""

from __future__ import annotations

import ast

from analyzer.facts.flow import Foreign, Klass
from analyzer.facts.flow.bindings import argument_named
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.literal import NotPlain

LIBRARY = "torch.utils.data."
POSITION = 1
"""Place of `batch_size` in `BatchSampler(sampler, batch_size, drop_last)`."""


def sampled_size(inference: Inference, sampler: ast.expr, scope: CodeScope) -> ast.expr | None:
    """The expression given as `batch_size` where the sampler is made in the same function; None elsewhere."""
    made = _made(sampler, scope)
    found: set[ast.expr | None] = set()
    for target in inference.types(made.func, scope) if made is not None else ():
        if isinstance(target, Klass) and made is not None:
            found.add(_own_size(inference, target, made))
        elif isinstance(target, Foreign) and target.dotted.startswith(LIBRARY) and made is not None:
            given = next((k.value for k in made.keywords if k.arg == "batch_size"), None)
            found.add(given or (made.args[POSITION] if len(made.args) > POSITION else None))
    return found.pop() if len(found) == 1 else None


def _made(sampler: ast.expr, scope: CodeScope) -> ast.Call | None:
    if isinstance(sampler, ast.Name):
        assigned = [n for n in scope.nodes if isinstance(n, ast.Assign)]
        bound = [n.value for n in assigned if any(isinstance(t, ast.Name) and t.id == sampler.id for t in n.targets)]
        sampler = bound[0] if len(bound) == 1 else sampler
    return sampler if isinstance(sampler, ast.Call) else None


def _own_size(inference: Inference, target: Klass, made: ast.Call) -> ast.expr | None:
    constructor = inference.calls.called_function(target)
    scope = inference.scopes.by_key.get(constructor.name) if constructor is not None else None
    if scope is None:
        return None
    try:
        return argument_named(made, scope.node, "batch_size", True)
    except NotPlain:
        return None
