"""What the readers of expressions, calls and statements ask of each other, so that none imports the others."""

from __future__ import annotations

import ast
from typing import Protocol

from analyzer.index import Definition, SourceIndex
from analyzer.techniques.frame import Frame
from analyzer.techniques.terms import Term

Arguments = tuple[tuple[Term, ...], tuple[tuple[str, Term], ...]]
"""Positional arguments and named ones of a call."""


class Binds(Protocol):
    """Gives targets their values."""

    def bind(self, target: ast.expr, value: Term, frame: Frame, statement: ast.stmt | None = None) -> None: ...


class Knowledge(Protocol):
    """What is known of the rest of the program while one expression is read."""

    @property
    def index(self) -> SourceIndex: ...

    @property
    def statements(self) -> Binds: ...

    def constant(self, definition: Definition) -> Term | None: ...

    def apply_lambda(self, function: Term, args: tuple[Term, ...], frame: Frame) -> Term: ...

    def open_function(self, qualified: str, arguments: Arguments, frame: Frame) -> Term | None: ...

    def open_method(
        self, owner: str, name: str, arguments: Arguments, frame: Frame, *, above: bool = False
    ) -> Term | None: ...

    def library_base(self, qualified_class: str) -> str: ...


class Reads(Protocol):
    """Turns an expression into a term."""

    @property
    def program(self) -> Knowledge: ...

    def read(self, node: ast.expr, frame: Frame) -> Term: ...
