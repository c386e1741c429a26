"""Which shapes of the model's own method can a page compute at other sizes?

Only those whose every size is an expression over the names that a reader may change: a bare number may hide one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.records.formulas import evaluate_formula
from analyzer.records.tensors import ModelShapes, TensorSpec, Trace
from analyzer.render.syntax_tree import Tree, syntax_tree

MOST_SHAPES = 40


@dataclass(frozen=True)
class SizedShape:
    """A variable of the method, its shape in names, and each size as a tree and as the number of the counted call."""

    target: str
    text: str
    trees: tuple[Tree, ...]
    values: tuple[int, ...]


def sized_shapes(model: ModelShapes, start: Mapping[str, int]) -> tuple[SizedShape, ...]:
    """Of the training call where there is one, else of the first; each variable once per shape, in order."""
    trace = next((one for one in model.traces if one.mode == "training"), next(iter(model.traces), None))
    found: dict[tuple[str, str], SizedShape] = {}
    for target, spec in _tensors(trace):
        sized = _sized(target, spec, start)
        if sized is not None:
            found.setdefault((target, str(spec)), sized)
    return tuple(found.values())[:MOST_SHAPES]


def _tensors(trace: Trace | None) -> Iterator[tuple[str, TensorSpec]]:
    for row in trace.rows if trace is not None else ():
        for target in row.targets if row.module == "" else ():
            if not target.nested and len(target.tensors) == 1:
                yield target.name, target.tensors[0]


def _sized(target: str, spec: TensorSpec, start: Mapping[str, int]) -> SizedShape | None:
    trees: list[Tree] = []
    values: list[int] = []
    for dim in spec.shape:
        tree = syntax_tree(dim.expression) if dim.expression is not None else None
        if dim.expression is None or tree is None or dim.value is None:
            return None
        if evaluate_formula(dim.expression, start) != dim.value:
            return None
        trees.append(tree)
        values.append(dim.value)
    return SizedShape(target, str(spec), tuple(trees), tuple(values)) if trees else None
