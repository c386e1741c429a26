"""Attention whose core is a module of its own: it is handed queries, keys and values that another module made."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.predicates.attention import Core, attention_cores
from analyzer.techniques.predicates.basics import peeled
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term

_STEPS = SHAPE_HEADS | {"mT", "mul", "div"}


def handed_cores(program: Program, reading: Reading) -> Iterator[Core]:
    """The attention of each submodule that this function calls, over what it is handed here."""
    for term in reading.walked:
        inner = program.forward(term.label) if term.head == "invoke" and ":" in term.label else None
        if inner is None or inner.qualified_name == reading.qualified_name:
            continue
        for core in attention_cores(inner):
            query, key, value = (_handed(term, inner, part) for part in (core.query, core.key, core.value))
            if query is not None and key is not None and value is not None:
                yield Core(term, query, key, value, core.scores, core.softmax, core.product)


def _handed(call: Term, inner: Reading, part: Term) -> Term | None:
    """The argument of the call that a parameter of the submodule's forward stands for."""
    names = {one.label for one in peeled(part, _STEPS) if one.head == "param"}
    taken = _parameters(inner)
    name = names.pop() if len(names) == 1 else ""
    if name not in taken:
        return None
    place = taken.index(name)
    return call.args[place] if place < len(call.args) else call.keyword(name)


def _parameters(inner: Reading) -> list[str]:
    """What a call of the module binds, in order."""
    arguments = getattr(inner.node, "args", None)
    found = [*arguments.posonlyargs, *arguments.args] if isinstance(arguments, ast.arguments) else []
    return [argument.arg for argument in found[1:]]
