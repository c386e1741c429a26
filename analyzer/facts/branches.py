"""One script, several programs: where a branch trains and another one only runs the model, each is a program.

Only code of which one run executes one part counts: branches of `if` and `match` outside of loops, and the functions
that one call of a chosen command may stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.facts.flow import Function
from analyzer.facts.flow.steps import Body, Step, Target
from analyzer.facts.program import Flow, Program

Branch = tuple[ast.stmt, ...]
Way = tuple[tuple[Body, Step, Target], ...]
"""Calls from a program's entry to a body."""
COMPOUND = (ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def alternatives(root: ast.AST) -> Iterator[tuple[ast.If | ast.Match, tuple[Branch, ...]]]:
    """Branches of which one run takes one, outside of loops and inner functions; `elif` counts as a branch."""
    for node in _straight(getattr(root, "body", [])):
        if isinstance(node, ast.If):
            yield node, tuple(_branches(node))
        elif isinstance(node, ast.Match):
            yield node, tuple(tuple(case.body) for case in node.cases)


def early_ends(root: ast.AST) -> Iterator[tuple[tuple[ast.If, ...], tuple[Branch, ...]]]:
    """`if a: …; return`, `if b: …; return`, and what comes behind them: one run takes one of these."""
    body = getattr(root, "body", [])
    lists = [body, *(s.body for s in _straight(body) if isinstance(s, (ast.With, ast.Try)))]
    for statements in lists if isinstance(body, list) else ():
        ending = [
            s for s in statements if isinstance(s, ast.If) and not s.orelse and isinstance(s.body[-1], ast.Return)
        ]
        if ending:
            rest = statements[statements.index(ending[-1]) + 1 :]
            yield tuple(ending), (*(tuple(s.body) for s in ending), tuple(rest))


def is_in(branch: Branch, node: ast.AST) -> bool:
    """True for a node that stands in the branch."""
    return any(inner is node for statement in branch for inner in ast.walk(statement))


def _straight(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements without those of loops and definitions, outer ones first."""
    for node in statements if isinstance(statements, list) else ():
        yield node
        if isinstance(node, COMPOUND):
            for child in ast.iter_child_nodes(node):
                inner = [child] if isinstance(child, ast.stmt) else getattr(child, "body", [])
                yield from _straight(inner)


def _branches(node: ast.If) -> Iterator[Branch]:
    yield tuple(node.body)
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        yield from _branches(node.orelse[0])
    elif node.orelse:
        yield tuple(node.orelse)


@dataclass(frozen=True)
class _Part:
    """What one of the alternatives runs."""

    steps: frozenset[Step]
    targets: frozenset[Target]
    kinds: frozenset[str]

    @property
    def trains(self) -> bool:
        return "backward" in self.kinds

    @property
    def infers(self) -> bool:
        return "forward" in self.kinds and not self.trains


def split_program(program: Program) -> tuple[Program, ...]:
    """The programs that a script chooses from; the script itself where it has but one."""
    found = _choice(program.flow, program.body, (), set())
    if found is None:
        return (program,)
    way, body, parts, conditions = found
    wanted = [part for part in parts if part.trains or part.infers]
    programs = []
    for part in wanted:
        dropped = [other for other in parts if other is not part]
        inner = _without(body, dropped, conditions)
        programs.append(_named(program, _rebuilt(way, inner), part))
    return tuple(programs)


def _choice(
    flow: Flow, body: Body, way: Way, seen: set[int]
) -> tuple[Way, Body, tuple[_Part, ...], frozenset[str]] | None:
    """The alternatives nearest to the entry of which one trains and another one infers."""
    if id(body) in seen or not {"backward", "forward"} <= flow.kinds(body):
        return None
    seen.add(id(body))
    for parts, conditions in (*_written_choices(flow, body), *_called_choices(flow, body)):
        if any(part.trains for part in parts) and any(part.infers for part in parts):
            return way, body, parts, conditions
    for step in body.steps:
        for target in step.targets if not step.around.loops else ():
            if target.body is not None and not target.note and isinstance(target.type, Function):
                found = _choice(flow, target.body, (*way, (body, step, target)), seen)
                if found is not None:
                    return found
    return None


def _written_choices(flow: Flow, body: Body) -> Iterator[tuple[tuple[_Part, ...], frozenset[str]]]:
    for node, branches in alternatives(body.scope.node):
        yield _parts(flow, body, branches), frozenset(_conditions(node))
    for nodes, branches in early_ends(body.scope.node):
        parts = _parts(flow, body, branches)
        texts = frozenset(text for node in nodes for text in _conditions(node))
        yield (_together([p for p in parts if p.trains]), *(p for p in parts if not p.trains)), texts


def _together(parts: Sequence[_Part]) -> _Part:
    """Ways to train that differ in how they start, such as one process or many, are one training."""
    steps = frozenset(step for part in parts for step in part.steps)
    return _Part(steps, frozenset(), frozenset(kind for part in parts for kind in part.kinds))


def _parts(flow: Flow, body: Body, branches: Sequence[Branch]) -> tuple[_Part, ...]:
    parts = []
    for branch in branches:
        steps = frozenset(step for step in body.steps if is_in(branch, step.statement))
        parts.append(_Part(steps, frozenset(), _kinds(flow, [t for s in steps for t in s.targets])))
    return tuple(parts)


def _called_choices(flow: Flow, body: Body) -> Iterator[tuple[tuple[_Part, ...], frozenset[str]]]:
    """`arguments.function(arguments)`, one of several functions."""
    for step in body.steps:
        chosen = [t for t in step.targets if isinstance(t.type, Function) and t.type.receiver is None]
        if len(chosen) > 1 and not step.around.loops:
            parts = [_Part(frozenset(), frozenset([target]), _kinds(flow, [target])) for target in chosen]
            yield tuple(parts), frozenset()


def _kinds(flow: Flow, targets: Sequence[Target]) -> frozenset[str]:
    bodies = [t.body for t in targets if t.body is not None and not t.note]
    return frozenset(kind for body in bodies for kind in flow.kinds(body))


def _conditions(node: ast.If | ast.Match) -> Iterator[str]:
    """Conditions of the branches, in normal form."""
    if isinstance(node, ast.Match):
        yield from (f"case {ast.unparse(case.pattern)}" for case in node.cases)
        return
    yield from (ast.unparse(node.test), f"not {ast.unparse(node.test)}", f"not ({ast.unparse(node.test)})")
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        yield from _conditions(node.orelse[0])


def _normal(text: str) -> str:
    try:
        return ast.unparse(ast.parse(text, mode="eval"))
    except SyntaxError:
        return text


def _without(body: Body, dropped: Sequence[_Part], conditions: frozenset[str]) -> Body:
    """The body under one of the alternatives, which is then no condition any more."""
    steps = frozenset(step for part in dropped for step in part.steps)
    targets = frozenset(target for part in dropped for target in part.targets)
    kept = []
    for step in (step for step in body.steps if step not in steps):
        around = replace(
            step.around, conditions=tuple(c for c in step.around.conditions if _normal(c) not in conditions)
        )
        kept.append(replace(step, around=around, targets=tuple(t for t in step.targets if t not in targets)))
    return Body(body.scope, kept, body.constants)


def _rebuilt(way: Way, inner: Body) -> Body:
    """The entry's body with the changed one in its place."""
    for body, step, target in reversed(way):
        changed = replace(step, targets=tuple(replace(t, body=inner) if t is target else t for t in step.targets))
        inner = Body(body.scope, [changed if s is step else s for s in body.steps], body.constants)
    return inner


def _named(program: Program, body: Body, part: _Part) -> Program:
    """Named after the one function that does the work, after the script where it is written out."""
    flow = program.flow
    found = [*part.targets, *(t for s in sorted(part.steps, key=_line) for t in s.targets)]
    key = "backward" if part.trains else "forward"
    working = [t for t in found if t.body is not None and not t.note and key in flow.kinds(t.body)]
    scopes = {t.body.scope.key: t.body.scope for t in working if t.body is not None and isinstance(t.type, Function)}
    if len(working) != 1 or len(scopes) != 1:
        return replace(program, body=body)
    scope = next(iter(scopes.values()))
    return replace(
        program, name=scope.key, body=body, entry=flow.index.span(scope.path, scope.node), script=program.name
    )


def _line(step: Step) -> int:
    return getattr(step.node, "lineno", 0)
