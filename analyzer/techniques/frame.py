"""The scope in which a piece of source is read: which local name stands for which term."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from analyzer.techniques.terms import Term, choice


@dataclass(frozen=True)
class Step:
    """A value that a statement computes, with the tests and loop headers around it.

    `kind` tells what happens to it: `value`, `return`, `store` (into an element), `bind` (to an attribute), `yield`.
    """

    kind: str
    term: Term
    node: ast.stmt
    path: str
    conditions: tuple[Term, ...] = ()
    loops: tuple[Term, ...] = ()
    target: Term | None = None


@dataclass
class Frame:
    """Names of one function being read; `attributes` are those of `self`, `owner` its class."""

    path: str
    scope: str
    names: dict[str, Term] = field(default_factory=dict)
    attributes: dict[str, Term] = field(default_factory=dict)
    self_name: str | None = None
    owner: str | None = None
    depth: int = 0
    conditions: tuple[Term, ...] = ()
    loops: tuple[Term, ...] = ()
    steps: list[Step] = field(default_factory=list)
    returns: list[Term] = field(default_factory=list)
    ended: bool = False
    """The rest of this block is never reached (return, raise, continue, break)."""

    def branch(self, condition: Term | None = None) -> Frame:
        """A frame for one side of a branch: own names, shared record of steps and returns."""
        conditions = (*self.conditions, condition) if condition is not None else self.conditions
        return Frame(
            self.path, self.scope, dict(self.names), dict(self.attributes), self.self_name, self.owner, self.depth,
            conditions, self.loops, self.steps, self.returns,
        )  # fmt: skip

    def closure(self) -> Frame:
        """A frame for the body of a lambda or comprehension: its steps and returns are its own."""
        return Frame(
            self.path, self.scope, dict(self.names), dict(self.attributes), self.self_name, self.owner, self.depth,
            self.conditions, self.loops,
        )  # fmt: skip

    def join(self, branches: list[Frame], node: ast.AST) -> None:
        """Continue behind a branch with what its sides left: names that differ may be either."""
        alive = [frame for frame in branches if not frame.ended]
        self.ended = not alive
        self.names = _merge([frame.names for frame in alive], self.path, node)
        self.attributes = _merge([frame.attributes for frame in alive], self.path, node)

    def record(self, kind: str, term: Term, node: ast.stmt, target: Term | None = None) -> None:
        self.steps.append(Step(kind, term, node, self.path, self.conditions, self.loops, target))


def _merge(tables: list[dict[str, Term]], path: str, node: ast.AST) -> dict[str, Term]:
    names = dict.fromkeys(name for table in tables for name in table)
    return {
        name: found[0] if len({t.digest for t in found}) == 1 else choice(found, path, node)
        for name in names
        if (found := [table[name] for table in tables if name in table])
    }
