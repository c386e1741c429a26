"""The records of a walk: what one function runs in which order, and what stands around each step."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from analyzer.facts.flow.frameworks import Act, Driver
from analyzer.facts.flow.objects import Type
from analyzer.facts.flow.scopes import CodeScope


@dataclass(frozen=True)
class Loop:
    """A loop around a step: its header as written and its place."""

    header: str
    path: str
    line: int


@dataclass(frozen=True)
class Context:
    """A `with` around a step, by the dotted names of what its item may be."""

    dotted: frozenset[str]
    text: str
    line: int


@dataclass(frozen=True)
class Place:
    """Where a choice begins; two choices may share a line."""

    path: str
    line: int
    column: int


@dataclass(frozen=True)
class Branch:
    """An arm of a choice: its number, its condition as written (empty: none of those before), and the statement that
    continues the choice: `elif`, or a further early exit right behind the first.
    """

    choice: Place
    number: int
    condition: str
    depth: int
    """How many loops stand around the choice."""
    continued_by: ast.AST | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Surrounding:
    """What stands around a step inside its own function."""

    loops: tuple[Loop, ...] = ()
    conditions: tuple[str, ...] = ()
    contexts: tuple[Context, ...] = ()
    unless: tuple[str, ...] = ()
    """Conditions under which control has left the function or loop before."""
    branches: tuple[Branch, ...] = ()
    """Arms of choices, outermost first."""

    def inside(self, outer: Surrounding) -> Surrounding:
        deeper = (replace(branch, depth=branch.depth + len(outer.loops)) for branch in self.branches)
        return Surrounding(
            outer.loops + self.loops,
            outer.conditions + self.conditions,
            outer.contexts + self.contexts,
            branches=(*outer.branches, *deeper),
        )


@dataclass(eq=False)
class Target:
    """One thing that a call may run: foreign by dotted name, own code by its body."""

    type: Type
    dotted: str = ""
    body: Body | None = None
    note: Literal["", "recursion", "cut"] = ""
    handed: str = ""
    """Name of the method where it was handed here as a value, and not called by its name."""


@dataclass(eq=False)
class Step:
    """A call, the fetch at the head of a loop, or a store into an attribute or item."""

    kind: Literal["call", "loop", "store"]
    node: ast.AST
    scope: CodeScope
    statement: ast.stmt
    around: Surrounding
    targets: tuple[Target, ...] = ()
    act: Act | None = None
    """What a framework does or calls here, where no line of the source does."""
    driver: Driver | None = None

    @cached_property
    def foreign(self) -> tuple[str, ...]:
        return tuple(target.dotted for target in self.targets if target.dotted)


@dataclass(eq=False)
class Body:
    """The steps of one function under the constants that it was called with."""

    scope: CodeScope
    steps: list[Step] = field(default_factory=list)
    constants: Mapping[str, object] = field(default_factory=dict)
