"""Which of several losses a call computes: what its name is bound to in each branch, and under which condition.

`self.criterion` may be bound to one loss where `mode == 0` and to another where `mode == 1`; a call that itself stands
under `self.mode == 1` has the second one alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.facts.flow import Foreign, Function, Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Step
from analyzer.facts.interfaces import stage_of
from analyzer.facts.program import Program


@dataclass(frozen=True)
class Atom:
    """One condition: a subject that equals a constant, or that is true, or not."""

    subject: str
    constant: str
    holds: bool
    text: str

    def excludes(self, other: Atom) -> bool:
        """Both cannot hold at once."""
        if self.subject != other.subject:
            return False
        if self.constant == other.constant:
            return self.holds is not other.holds
        return bool(self.constant and other.constant) and self.holds and other.holds


@dataclass(frozen=True)
class Choice:
    """One loss that a call may compute."""

    function: str
    condition: str | None
    maker: ast.Call | None
    """The construction of the loss where it is an object."""


def choices(program: Program, step: Step) -> tuple[Choice, ...]:
    """The losses that the branches bind to what a call calls; nothing where there is but one."""
    call = step.node
    if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Name, ast.Attribute)):
        return ()
    around = [atom for text in step.around.conditions for atom in _parsed(program, step.scope, text)]
    found: dict[str, list[tuple[list[Atom], ast.Call | None]]] = {}
    bound = list(_bound(program, step.scope, call.func))
    if len({name for scope, value, _ in bound for name in _names(program, value, scope)}) < 2:
        return ()
    for scope, value, atoms in bound:
        if any(atom.excludes(other) for atom in atoms for other in around):
            continue
        left = [atom for atom in atoms if atom not in around]
        for name in _names(program, value, scope):
            maker = value if isinstance(value, ast.Call) else None
            found.setdefault(name, []).append((left, maker))
    return tuple(Choice(name, _joined([atoms for atoms, _ in ways]), ways[0][1]) for name, ways in found.items())


def _bound(program: Program, scope: CodeScope, name: ast.expr) -> Iterator[tuple[CodeScope, ast.expr, list[Atom]]]:
    """Values that a name or an attribute of the object is bound to, each with the conditions around it."""
    text = ast.unparse(name)
    scopes: Sequence[CodeScope] = ()
    if isinstance(name, ast.Name):
        scopes = (program.flow.inference.scopes.owner_of(scope, name.id) or scope,)
    elif isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name) and scope.parent is not None:
        scopes = [s for s in program.flow.inference.scopes.by_key.values() if s.parent is scope.parent]
    for owner in scopes:
        for statement, conditions in _statements(getattr(owner.node, "body", ()), ()):
            targets = statement.targets if isinstance(statement, ast.Assign) else ()
            if isinstance(statement, ast.Assign) and text in map(ast.unparse, targets):
                atoms = [atom for test, holds in conditions for atom in _atoms(program, owner, test, holds)]
                yield from _further(program, owner, statement.value, atoms, text)


def _further(
    program: Program, scope: CodeScope, value: ast.expr, atoms: list[Atom], seen: str
) -> Iterator[tuple[CodeScope, ast.expr, list[Atom]]]:
    """What a name stands for that the branches before have bound: `self.loss_fn = loss_fn`."""
    is_local = isinstance(value, ast.Name) and value.id != seen
    inner = list(_bound(program, scope, value)) if is_local and value.id in scope.stored else []  # type: ignore[attr-defined]
    if not inner:
        yield from _alternatives(program, scope, value, atoms)
    for owner, found, conditions in inner:
        yield owner, found, [*atoms, *conditions]


def _alternatives(
    program: Program, scope: CodeScope, value: ast.expr, atoms: list[Atom]
) -> Iterator[tuple[CodeScope, ast.expr, list[Atom]]]:
    if not isinstance(value, ast.IfExp):
        yield scope, value, atoms
        return
    for branch, holds in ((value.body, True), (value.orelse, False)):
        yield from _alternatives(program, scope, branch, [*atoms, *_atoms(program, scope, value.test, holds)])


def _statements(
    body: Sequence[ast.stmt] | ast.expr, conditions: tuple[tuple[ast.expr, bool], ...]
) -> Iterator[tuple[ast.stmt, tuple[tuple[ast.expr, bool], ...]]]:
    """Statements of a function with the tests around them; inner functions and classes are not entered."""
    for node in body if isinstance(body, list) else ():
        yield node, conditions
        if isinstance(node, ast.If):
            yield from _statements(node.body, (*conditions, (node.test, True)))
            yield from _statements(node.orelse, (*conditions, (node.test, False)))
        elif isinstance(node, (ast.For, ast.While, ast.With, ast.Try)):
            yield from _statements(node.body, conditions)


def _names(program: Program, value: ast.expr, scope: CodeScope) -> Iterator[str]:
    for found in sorted(program.flow.inference.types(value, scope), key=repr):
        if isinstance(found, Foreign) and stage_of(found.dotted) == "loss":
            yield found.dotted.removesuffix("()")
        elif isinstance(found, Function):
            yield found.name
        elif isinstance(found, Instance) and program.flow.inference.is_module(found):
            yield found.owner


# --- conditions


def _parsed(program: Program, scope: CodeScope, text: str) -> list[Atom]:
    try:
        test = ast.parse(text, mode="eval").body
    except SyntaxError:
        return []
    return list(_atoms(program, scope, test, True))


def _atoms(program: Program, scope: CodeScope, test: ast.expr, holds: bool) -> Iterator[Atom]:
    """A test taken apart; what cannot be taken apart is one condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _atoms(program, scope, test.operand, not holds)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        for part in test.values:
            yield from _atoms(program, scope, part, holds)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.NotEq)):
        is_equal = isinstance(test.ops[0], ast.Eq) is holds
        constant = ast.unparse(test.comparators[0]) if isinstance(test.comparators[0], ast.Constant) else ""
        subject = test.left if constant else test
        yield Atom(_subject(program, scope, subject), constant, is_equal if constant else holds, _text(test, holds))
    else:
        yield Atom(_subject(program, scope, test), "", holds, _text(test, holds))


def _text(test: ast.expr, holds: bool) -> str:
    if holds:
        return ast.unparse(test)
    return f"not ({ast.unparse(test)})" if isinstance(test, (ast.Compare, ast.BoolOp)) else f"not {ast.unparse(test)}"


def _subject(program: Program, scope: CodeScope, node: ast.expr) -> str:
    """The text of what is tested; an attribute that only keeps a parameter of its name counts as that parameter."""
    text = ast.unparse(node)
    if isinstance(node, ast.Attribute) and text == f"self.{node.attr}" and scope.parent is not None:
        methods = [s for s in program.flow.inference.scopes.by_key.values() if s.parent is scope.parent]
        stores = [
            n for s in methods for n in s.nodes if isinstance(n, ast.Assign) and text in map(ast.unparse, n.targets)
        ]
        if len(stores) == 1 and ast.unparse(stores[0].value) == node.attr:
            return node.attr
    return text


def _joined(ways: list[list[Atom]]) -> str | None:
    """Conditions of all ways to one loss; None where one of them has none."""
    texts = []
    for atoms in ways:
        equal = {atom.subject for atom in atoms if atom.constant and atom.holds}
        kept = [a.text for a in atoms if not (a.constant and not a.holds and a.subject in equal)]
        if not kept:
            return None
        texts.append(" and ".join(dict.fromkeys(kept)))
    unique = list(dict.fromkeys(texts))
    return unique[0] if len(unique) == 1 else " or ".join(f"({text})" if " and " in text else text for text in unique)
