"""Which of several optimizers a run builds: arms of a condition, entries of a table, a class looked up by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.facts.flow import Foreign
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import is_optimizer
from analyzer.facts.program import Program
from analyzer.index import External
from analyzer.records.evidence import Known

HOLDERS = ("torch.optim", "torch_optimizer", "bitsandbytes.optim", "apex.optimizers")
"""Modules of which a class may be taken by its name."""


@dataclass(frozen=True)
class Choice:
    """An optimizer's class, what it is built under, and whether that holds in a default run (None: open)."""

    name: str
    condition: str | None
    effective: bool | None


def choices_at(program: Program, occurrence: Occurrence) -> tuple[Choice, ...]:
    """The optimizers that a call may build by a table or a name; nothing where its callee says which one it is."""
    func = occurrence.call.func if occurrence.call is not None else None
    func, scope = _written_out(func, occurrence.step.scope), occurrence.step.scope
    if isinstance(func, ast.Subscript):
        return tuple(_of_table(program, occurrence, func, scope))
    is_lookup = isinstance(func, ast.Call) and getattr(func.func, "id", "") == "getattr" and len(func.args) >= 2
    return tuple(_of_module(program, occurrence, func, scope)) if isinstance(func, ast.Call) and is_lookup else ()


def condition_of(program: Program, occurrence: Occurrence) -> tuple[str | None, bool | None]:
    """The innermost condition around a construction, and whether a default run comes there."""
    conditions = occurrence.around.conditions
    return (conditions[-1], program.holds(occurrence)) if conditions else (None, True)


def beside_known(program: Program, known: Sequence[Occurrence]) -> Iterator[tuple[Occurrence, str]]:
    """Constructions of classes of other packages that stand in another arm for a known optimizer: they are bound to the
    same name.
    """
    names = {(place.step.scope.key, name) for place in known for name in _bound(place)}
    calls = {id(place.call) for place in known}
    for occurrence in program.occurrences:
        is_bound = {(occurrence.step.scope.key, name) for name in _bound(occurrence)} & names
        foreign = [dotted for dotted in occurrence.dotted if dotted.rpartition(".")[2][:1].isupper()]
        if is_bound and foreign and occurrence.around.conditions and id(occurrence.call) not in calls:
            yield occurrence, foreign[0]


def _bound(occurrence: Occurrence) -> list[str]:
    """What an assignment of the call itself binds."""
    statement = occurrence.step.statement
    is_own = isinstance(statement, ast.Assign) and statement.value is occurrence.call
    return [ast.unparse(target) for target in statement.targets] if isinstance(statement, ast.Assign) and is_own else []


def _of_table(program: Program, occurrence: Occurrence, func: ast.Subscript, scope: CodeScope) -> Iterator[Choice]:
    """`{"adam": Adam, "sgd": SGD}[name](…)`, the table written there or bound to a name of the function or file."""
    table = _written_out(func.value, scope)
    module = program.flow.inference.scopes.by_key[scope.path]
    table = _written_out(table, module) if isinstance(table, ast.Name) else table
    if not isinstance(table, ast.Dict):
        return
    key = program.flow.values.value(func.slice, scope, occurrence.stack)
    for name, item in zip(table.keys, table.values, strict=True):
        home = module if table is not _written_out(func.value, scope) else scope
        found = program.flow.inference.types(item, home)
        dotted = next(
            (t.dotted for t in sorted(found, key=repr) if isinstance(t, Foreign) and is_optimizer(t.dotted)), ""
        )
        if dotted and isinstance(name, ast.Constant):
            effective = key.value == name.value if isinstance(key, Known) else None
            yield Choice(dotted, f"{ast.unparse(func.slice)} == {name.value!r}", effective)


def _of_module(program: Program, occurrence: Occurrence, func: ast.Call, scope: CodeScope) -> Iterator[Choice]:
    """`getattr(torch.optim, name)(…)`: the class of that name."""
    resolved = program.flow.index.symbols.resolve(scope.path, ast.unparse(func.args[0]), scope.dotted)
    holder = resolved.dotted if isinstance(resolved, External) else ""
    name = program.flow.values.value(func.args[1], scope, occurrence.stack)
    if holder in HOLDERS and isinstance(name, Known) and isinstance(name.value, str):
        dotted = f"{holder}.{name.value}"
        condition = None if isinstance(func.args[1], ast.Constant) else f"{ast.unparse(func.args[1])} == {name.value!r}"
        yield from [Choice(dotted, condition, True)] if is_optimizer(dotted) else []


def _written_out(node: ast.expr | None, scope: CodeScope) -> ast.expr | None:
    """What a name stands for where its scope binds it once."""
    if not isinstance(node, ast.Name):
        return node
    bound = [
        n.value
        for n in scope.nodes
        if isinstance(n, ast.Assign) and [getattr(t, "id", "") for t in n.targets] == [node.id]
    ]
    return bound[0] if len(bound) == 1 else node
