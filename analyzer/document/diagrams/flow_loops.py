"""Loops over modules in a `forward`: which modules a loop variable stands for, and how often the body runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping

from analyzer.document.diagrams.flow import Step
from analyzer.document.diagrams.flow_modules import children_of
from analyzer.records.tensors import ModuleRecord, ShapeRow

Paths = Callable[[ast.expr], tuple[str, ...]]
Records = Mapping[str, ModuleRecord]
CONTAINERS = ("ModuleList", "Sequential")


def loop_modules(
    target: ast.expr, source: ast.expr, paths: Paths, records: Records
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Loop variables that stand for the children of a container, through enumerate and zip too; where the children are
    containers themselves, `for up, attn in self.layers` takes them apart.
    """
    match target, source:
        case ast.Tuple(elts=[_, inner]), ast.Call(func=ast.Name(id="enumerate"), args=[first, *_]):
            yield from loop_modules(inner, first, paths, records)
        case ast.Tuple(elts=inner), ast.Call(func=ast.Name(id="zip"), args=sources):
            for one, its_source in zip(inner, sources, strict=False):
                yield from loop_modules(one, its_source, paths, records)
        case ast.Name(id=name), _:
            children = _children(source, paths, records)
            if children:
                yield name, children
        case ((ast.Tuple(elts=inner) | ast.List(elts=inner)), _):
            holders = [path for path in _children(source, paths, records) if records[path].class_name in CONTAINERS]
            for place, one in enumerate(inner):
                found = tuple(path for child in holders if (path := f"{child}.{place}") in records)
                if isinstance(one, ast.Name) and found:
                    yield one.id, found


def _children(source: ast.expr, paths: Paths, records: Records) -> tuple[str, ...]:
    match source:
        case ast.Call(func=ast.Name(id="reversed" | "list" | "tuple" | "iter"), args=[inner]):
            found = _children(inner, paths, records)
            return found[::-1] if source.func.id == "reversed" else found  # type: ignore[attr-defined]
    return tuple(child for path in paths(source) for child in children_of(path, records))


def rounds_of(source: ast.expr, paths: Paths, records: Records) -> int:
    """How many modules a loop runs over; 0 where it runs over something else."""
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id in ("enumerate", "zip"):
        return max((rounds_of(one, paths, records) for one in source.args), default=0)
    return len(_children(source, paths, records))


def runs_of(body: Iterable[ast.stmt], rows: Mapping[int, ShapeRow], later: Mapping[int, tuple[ShapeRow, ...]]) -> float:
    """How often the first line of a body that ran did so, in one call of the module."""
    lines = sorted({node.lineno for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)})
    first = next((line for line in lines if line in rows), None)
    found = (rows[first], *later.get(first, ())) if first is not None else ()
    return sum(row.times / max(len(row.modules), 1) for row in found)


def varies(body: Iterable[ast.stmt], later: Mapping[int, tuple[ShapeRow, ...]]) -> bool:
    """Whether a line of the body ran with several shapes."""
    lines = {node.lineno for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)}
    return any(later.get(line) for line in lines)


def round_line(step: Step, rounds: int) -> tuple[str, ...]:
    """A module that only some rounds have says so."""
    return (f"in {len(step.modules)} of {rounds} rounds",) if 0 < len(step.modules) < rounds else ()
