"""Where inference takes averaged weights out of a checkpoint: `checkpoint["ema"]`.

It is the key under which training saves a copy of the model that follows it by a moving average.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow import Inference
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.program import Program
from analyzer.facts.updates import decay_of_update
from analyzer.records.processes import Feature

LOADS = frozenset({"torch.load", "safetensors.torch.load_file"})
COPIES = ("deepcopy", "AveragedModel", "EMA", "ModelEma", "ModelEmaV2", "EMAModel")


def averaged_weight_features(program: Program) -> Iterator[Feature]:
    """Choices of such a key in programs that do not train."""
    keys = frozenset() if "backward" in program.kinds else _saved_keys(program.flow.inference)
    index = program.flow.index
    for occurrence in program.occurrences if keys else ():
        statement, scope = occurrence.step.statement, occurrence.step.scope
        if not LOADS & set(occurrence.dotted) or not isinstance(statement, ast.Assign):
            continue
        loaded = {target.id for target in statement.targets if isinstance(target, ast.Name)}
        for node in scope.nodes:
            if isinstance(node, ast.Subscript) and _takes(node, loaded, keys):
                where, code = index.span(scope.path, node), index.segment(scope.path, node)
                yield Feature("exponential_moving_average", where, code, (), _condition(scope, node))


def _takes(node: ast.Subscript, loaded: set[str], keys: frozenset[str]) -> bool:
    is_item = isinstance(node.value, ast.Name) and node.value.id in loaded and isinstance(node.ctx, ast.Load)
    return is_item and isinstance(node.slice, ast.Constant) and node.slice.value in keys


def _saved_keys(inference: Inference) -> frozenset[str]:
    """Keys under which code that updates averages puts the weights of a copy: `{"ema": copy.state_dict()}`."""
    averaging = {
        scope.path
        for scope in inference.scopes.by_key.values()
        if any(isinstance(node, ast.Call) and decay_of_update(node) is not None for node in scope.nodes)
    }
    return frozenset(
        key.value
        for scope in inference.scopes.by_key.values()
        if scope.path in averaging
        for node in scope.nodes
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and _is_of_copy(value, scope)
    )


def _is_of_copy(node: ast.expr, scope: CodeScope) -> bool:
    """`x.state_dict()` of a name that the function binds to a copy."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "state_dict":
        return False
    name = ast.unparse(node.func.value)
    bound = [n.value for n in scope.nodes if isinstance(n, ast.Assign) and name in map(ast.unparse, n.targets)]
    called = [c.func for value in bound for c in ast.walk(value) if isinstance(c, ast.Call)]
    return any((ast.unparse(function).rpartition(".")[2]) in COPIES for function in called)


def _condition(scope: CodeScope, node: ast.AST) -> str | None:
    """The nearest `if` around."""
    tests = [
        outer.test
        for outer in scope.nodes
        if isinstance(outer, ast.If) and any(inner is node for part in outer.body for inner in ast.walk(part))
    ]
    return ast.unparse(tests[-1]) if tests else None
