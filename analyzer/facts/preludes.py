"""What a script has made before it calls a function, as far as the function works with it: loaders, model, weights.

The function alone shows neither where its data comes from nor which model it runs, where both are names of the script.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.facts.flow import Inference
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Step
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import stage_of

Name = tuple[str, str]
"""Key of the function or file that binds a name, and the name."""


def prelude(inference: Inference, occurrences: Sequence[Occurrence], call: Occurrence) -> tuple[Occurrence, ...]:
    """Steps before the call that make what the call gives, and what the code below reads of its files' own names."""
    place = next(number for number, one in enumerate(occurrences) if one is call)
    frames = {call.step.scope.key, *(step.scope.key for step, _ in call.stack)}
    wanted = _names(inference, call.step.node, call.step.scope) | _read_below(inference, call.step)
    kept: set[int] = set()
    for one in reversed(occurrences[:place]):
        is_argument = one.step.statement is call.step.statement
        if one.step.scope.key in frames and (is_argument or _gives(inference, one, wanted)):
            kept.add(id(one.step))
            given = set() if is_argument else _names(inference, one.step.statement, one.step.scope)
            wanted |= given | _read_below(inference, one.step)
    return tuple(one for one in occurrences[:place] if _is_below(one, kept))


def _read_below(inference: Inference, step: Step) -> set[Name]:
    """Names of files that the functions read which a call runs."""
    found: set[Name] = set()
    pending = [target.body for target in step.targets if target.body is not None]
    seen: set[int] = set()
    while pending:
        body = pending.pop()
        if id(body) not in seen:
            seen.add(id(body))
            for node in body.scope.nodes:
                found |= {n for n in _names(inference, node, body.scope) if n[0] == body.scope.path}
            pending += [target.body for inner in body.steps for target in inner.targets if target.body is not None]
    return found


def _is_below(one: Occurrence, kept: set[int]) -> bool:
    return id(one.step) in kept or any(id(step) in kept for step, _ in one.stack)


def _gives(inference: Inference, one: Occurrence, wanted: set[Name]) -> bool:
    """The statement binds a wanted name, or reads weights into the object of one."""
    statement, scope = one.step.statement, one.step.scope
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return bool({name for target in targets for name in _names(inference, target, scope)} & wanted)
    reads = any(stage_of(dotted) == "load_checkpoint" for dotted in one.dotted)
    return reads and _is_about(inference, one.step, wanted)


def _is_about(inference: Inference, step: Step, wanted: set[Name]) -> bool:
    call = step.node
    return isinstance(call, ast.Call) and bool(_names(inference, call.func, step.scope) & wanted)


def _names(inference: Inference, node: ast.AST, scope: CodeScope) -> set[Name]:
    """Names in an expression or statement by what binds them; attributes by their object."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    owners = {name: inference.scopes.owner_of(scope, name) for name in names}
    return {(owner.key if owner is not None else scope.path, name) for name, owner in owners.items()}
