"""Source patterns with holes: `__x__ * torch.rsqrt(__x__.pow(2).mean(-1) + __eps__)`.

A pattern is Python, read by the same reader as the code it is compared with; a hole `__name__` stands for any one
term and the same hole for the same term. Sums and products match in any order, the outermost one may have more
operands than the pattern.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from analyzer.index import SourceIndex
from analyzer.records.source import Repository, SourceFile
from analyzer.techniques.frame import Frame
from analyzer.techniques.program import Program
from analyzer.techniques.terms import LABELLED, Term, alternatives, same

_PATH = "pattern.py"
_IMPORTS = "import math\nimport numpy as np\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
_UNORDERED = frozenset({"add", "mul"})

Holes = dict[str, Term]
Notes = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Wording ids with their arguments: how the code at hand differs from the textbook form."""


@dataclass(frozen=True)
class Match:
    """Where a recogniser succeeded: the terms that carry it, outermost first, and what fills the holes."""

    root: Term
    holes: tuple[tuple[str, Term], ...] = ()
    evidence: tuple[Term, ...] = ()
    form: str = ""
    notes: Notes = ()


@cache
def parse_pattern(source: str) -> Term:
    """The term of a pattern: an expression, or what the last line of a few assignments computes."""
    tree = ast.parse(_IMPORTS + source)
    file = SourceFile(_PATH, "python", 0, 0, "", _IMPORTS + source)
    program = Program(SourceIndex(Repository("pattern", "", 1, 0), {_PATH: file}))
    frame = Frame(_PATH, "")
    program.statements.run(tree.body[:-1], frame)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr), "a pattern ends in an expression"
    return program.reader.read(last.value, frame)


def find_matches(pattern: Term, terms: Iterator[Term]) -> Iterator[Match]:
    """Every term that has the form of the pattern, with its holes."""
    for term in terms:
        if term.head == pattern.head:
            found = next(_match(pattern, term, {}, outermost=True), None)
            if found is not None:
                evidence = tuple(_evidence(pattern, term, found))
                yield Match(term, tuple(sorted(found.items())), evidence or (term,))


def fits(pattern: Term, term: Term) -> Holes | None:
    """The holes of a term that has the form of the pattern, None where it has not."""
    return next(_match(pattern, term, {}, outermost=True), None)


def hole_name(term: Term) -> str | None:
    """`x` for the hole `__x__`."""
    is_hole = term.head == "name" and term.label.startswith("__") and term.label.endswith("__")
    return term.label.strip("_") if is_hole else None


def _match(pattern: Term, term: Term, holes: Holes, outermost: bool = False) -> Iterator[Holes]:
    name = hole_name(pattern)
    if name is not None:
        yield from _fill(name, term, holes)
    elif term.head == "choice" and pattern.head != "choice":
        for one in alternatives(term):
            yield from _match(pattern, one, holes)
    elif pattern.head == "const":
        if term.head == "const" and pattern.payload == term.payload:
            yield holes
    elif pattern.head == term.head and (pattern.head not in LABELLED or pattern.label == term.label):
        yield from _match_parts(pattern, term, holes, outermost)


def _fill(name: str, term: Term, holes: Holes) -> Iterator[Holes]:
    if name.startswith("any"):
        yield holes
    elif name not in holes:
        yield {**holes, name: term}
    elif same(holes[name], term):
        yield holes


def _match_parts(pattern: Term, term: Term, holes: Holes, outermost: bool) -> Iterator[Holes]:
    if pattern.head in _UNORDERED:
        matched = _unordered(list(pattern.args), list(term.args), holes, outermost)
    elif len(pattern.args) <= len(term.args) and (
        len(pattern.args) == len(term.args) or pattern.head not in ("tuple",)
    ):
        matched = _ordered(pattern.args, term.args, holes)
    else:
        return
    for found in matched:
        yield from _keywords(pattern, term, found)


def _ordered(patterns: tuple[Term, ...], terms: tuple[Term, ...], holes: Holes) -> Iterator[Holes]:
    if not patterns:
        yield holes
        return
    for found in _match(patterns[0], terms[0], holes):
        yield from _ordered(patterns[1:], terms[1:], found)


def _unordered(patterns: list[Term], terms: list[Term], holes: Holes, rest_allowed: bool) -> Iterator[Holes]:
    """Operands in any order; the specific parts of the pattern are placed before its holes."""
    if not patterns:
        if rest_allowed or not terms:
            yield holes
        return
    first = min(patterns, key=lambda p: hole_name(p) is not None and hole_name(p) not in holes)
    others = [p for p in patterns if p is not first]
    for position, term in enumerate(terms):
        for found in _match(first, term, holes):
            yield from _unordered(others, terms[:position] + terms[position + 1 :], found, rest_allowed)


def _keywords(pattern: Term, term: Term, holes: Holes) -> Iterator[Holes]:
    found = [holes]
    for name, part in pattern.keywords:
        given = term.keyword(name)
        if given is None:
            return
        found = [more for one in found for more in _match(part, given, one)]
    yield from found[:1]


def _evidence(pattern: Term, term: Term, holes: Holes) -> Iterator[Term]:
    """The terms of the code that the pattern's own operations met, not what stands in its holes."""
    filled = {value.digest for value in holes.values()}
    stack, seen = [(pattern, term)], set()
    while stack:
        part, here = stack.pop()
        if hole_name(part) is not None or id(here) in seen:
            continue
        seen.add(id(here))
        if here.node is not None and here.head != "const":
            yield here
        for child in part.args:
            for one in here.args if here.head != "choice" else [a for c in here.args for a in c.args]:
                if one.digest not in filled and next(_match(child, one, holes), None) is not None:
                    stack.append((child, one))
                    break
