"""Shapes that docstrings give for parameters and results (`x: (N, T, D)`), against those evaluated in the function.

A letter may stand for another size further on, so that only a number of axes or an order of axes can differ: the same
sizes, stated in an order in which they do not come.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.bundles import Shapes
from analyzer.records.formulas import number_of
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.records.tensors import ShapeRow, TensorSpec
from analyzer.techniques.claims.figures import Verdict
from analyzer.techniques.claims.shape_comments import stated_shape
from analyzer.techniques.claims.texts import Line, docstring_lines

ENTRY = re.compile(
    r"^\s*(?:[-*]\s+|:param\s+(?:[\w.\[\]]+\s+)?|@param\s+)?`{0,2}(?P<name>[A-Za-z_]\w*)`{0,2}"
    r"\s*(?:\([^()]*\))?\s*:(?P<rest>.*)$"
)
MOST_AXES = 6
Sizes = dict[str, int]


@dataclass(frozen=True)
class Entry:
    """A shape that a docstring states for a name of its function."""

    line: Line
    name: str
    parts: tuple[str, ...]
    spec: TensorSpec
    where: Span
    returned: bool


def audit_docstrings(index: SourceIndex, shapes: Shapes) -> Iterator[Claim]:
    """One claim per stated shape whose name has one evaluated shape in the main model."""
    models = [model for model in shapes.models if model.main]
    rows = [row for model in models for trace in model.traces for row in trace.rows if row.where.cell is None]
    variables = {name: value for model in models for name, value in model.variables}
    documented: dict[tuple[str, int], tuple[ast.AST, list[Line]]] = {}
    for line, node in docstring_lines(index):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            documented.setdefault((line.path, node.lineno), (node, []))[1].append(line)
    for (path, _), (node, lines) in documented.items():
        own = [row for row in rows if row.where.path == path and _is_within(row, node)]
        if own:
            yield from _judged(index, list(_entries(lines, own)), variables)


def _is_within(row: ShapeRow, node: ast.AST) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    return first <= row.where.first_line <= last


def _entries(lines: list[Line], rows: list[ShapeRow]) -> Iterator[Entry]:
    for line in lines:
        match = ENTRY.match(line.text)
        parts = stated_shape(match.group("rest").strip().rstrip(".")) if match is not None else None
        if match is None or parts is None:
            continue
        given = [row for row in rows if row.code.lstrip().startswith(("def ", "async def "))]
        found = _specs(given, match.group("name")) or _specs(rows, match.group("name"))
        if len(found) == 1:
            spec, where = next(iter(found.values()))
            returned = not _specs(given, match.group("name"))
            yield Entry(line, match.group("name"), parts, spec, where, returned)


def _specs(rows: list[ShapeRow], name: str) -> dict[str, tuple[TensorSpec, Span]]:
    """The shapes that a name has in the rows; only its last line counts where several bind it."""
    bound = [(row, target) for row in rows for target in row.targets if target.name == name]
    last = max((row.where.first_line for row, _ in bound), default=0)
    single = [(row, t) for row, t in bound if row.where.first_line == last and not t.nested and len(t.tensors) == 1]
    return {str([dim.value for dim in t.tensors[0].shape]): (t.tensors[0], row.where) for row, t in single}


def _judged(index: SourceIndex, entries: list[Entry], variables: Mapping[str, int]) -> Iterator[Claim]:
    meaning: Sizes = {}
    for entry in entries:
        verdict, meaning = _verdict(entry, meaning, variables)
        if verdict is not None:
            stated = "(" + ", ".join(entry.parts) + ")"
            where = index.span(entry.line.path, entry.line.number)
            yield Claim(entry.line.text.strip(), stated, str(entry.spec), verdict, where, (entry.where,), entry.name)


def _verdict(entry: Entry, meaning: Sizes, variables: Mapping[str, int]) -> tuple[Verdict | None, Sizes]:
    values = [dim.value for dim in entry.spec.shape]
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return None, meaning
    if len(entry.parts) != len(known):
        return ("differ" if entry.returned else None), meaning
    bound = _bound(entry.parts, known, meaning, variables)
    if bound is not None:
        fixed = any(not _letters((part,), variables) for part in entry.parts)
        is_new = bound.keys() - meaning.keys() == _letters(entry.parts, variables)
        return ("agree" if fixed or not is_new else None), bound
    orders = itertools.permutations(entry.parts) if len(known) <= MOST_AXES else iter(())
    is_permuted = any(_bound(order, known, meaning, variables) is not None for order in orders)
    return ("differ" if is_permuted else None), meaning


def _letters(parts: tuple[str, ...], variables: Mapping[str, int]) -> set[str]:
    """Names that may stand for any size: a shape of nothing but new ones confirms nothing."""
    return {name for part in parts for name in re.findall(r"[A-Za-z_]\w*", part) if name not in variables}


def _bound(parts: tuple[str, ...], values: list[int], meaning: Sizes, variables: Mapping[str, int]) -> Sizes | None:
    """The letters' sizes, those known before included, or None where one would have two."""
    found = dict(meaning)
    for part, value in zip(parts, values, strict=True):
        names = {name for name in re.findall(r"[A-Za-z_]\w*", part) if name not in variables or name in found}
        unbound = names - found.keys()
        if len(unbound) > 1:
            continue
        letter = next(iter(unbound), None)
        size = _solved(part, letter, value, {**variables, **found})
        if size is None:
            return None
        if letter is not None:
            found[letter] = size
    return found


def _solved(part: str, letter: str | None, value: int, names: Mapping[str, float]) -> int | None:
    """The size of the one open letter for which the part has the value; the value itself where no letter is open."""
    if letter is None:
        return value if number_of(part, names.get) == value else None
    at = [number_of(part, {**names, letter: number}.get) for number in (1.0, 2.0, 3.0)]
    first, second, third = at
    if first is None or second is None or third is None or second - first != third - second or second == first:
        return None
    size = 1 + (value - first) / (second - first)
    return int(size) if size == int(size) and size >= 0 else None
