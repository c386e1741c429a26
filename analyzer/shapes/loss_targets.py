"""Which arguments of a method end up as class labels of a cross-entropy, and the forms that such labels may have.

Followed through views, slices and names of the method itself; which form fits is found by calling.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import islice, product

from torch import nn

from analyzer.evaluator.probes import last_name
from analyzer.shapes.first_use import viewed_name
from analyzer.shapes.input_spec import TensorValue

FUNCTIONS = ("cross_entropy", "nll_loss")
CLASSES = ("CrossEntropyLoss", "NLLLoss")
MOST_FORMS = 6


def label_arguments(node: ast.AST, names: Sequence[str], model: nn.Module) -> tuple[str, ...]:
    """Those of the names that a loss over classes takes as its labels."""
    origins = {name: name for name in names}
    losses: set[str] = set()
    found: dict[str, None] = {}
    for part in sorted(_assignments_and_calls(node), key=_end):
        if isinstance(part, ast.Assign):
            _bind(part, origins, losses)
        elif _is_loss(part, losses, model):
            labels = [*part.args[1:], *(k.value for k in part.keywords if k.arg in ("target", "labels"))]
            found.update((origins[root], None) for label in labels if (root := viewed_name(label)) in origins)
    return tuple(name for name in names if name in found)


def label_forms(first: object, arguments: Sequence[str]) -> Iterator[dict[str, TensorValue]]:
    """Labels for all of the arguments: one for each position of the first input, or one for each of its rows."""
    if not isinstance(first, TensorValue) or not first.dims or not arguments:
        return
    rows = TensorValue("int64", first.dims[:1])
    forms = [first, rows] if first.dtype == "int64" and len(first.dims) > 1 else [rows]
    for chosen in islice(product(forms, repeat=len(arguments)), MOST_FORMS):
        yield dict(zip(arguments, chosen, strict=True))


def _assignments_and_calls(node: ast.AST) -> list[ast.Assign | ast.Call]:
    return [part for part in ast.walk(node) if isinstance(part, (ast.Assign, ast.Call))]


def _end(node: ast.Assign | ast.Call) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _bind(node: ast.Assign, origins: dict[str, str], losses: set[str]) -> None:
    """A name for a view of labels, or for a loss."""
    target, value = node.targets[0], node.value
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
    for one, other in pairs:
        if isinstance(one, ast.Name):
            if isinstance(other, ast.Call) and last_name(other.func) in CLASSES:
                losses.add(one.id)
            elif (root := viewed_name(other)) in origins:
                origins[one.id] = origins[root]


def _is_loss(node: ast.Call, losses: set[str], model: nn.Module) -> bool:
    func = node.func
    if isinstance(func, ast.Call):
        return last_name(func.func) in CLASSES
    if isinstance(func, ast.Name) and func.id in losses:
        return True
    is_own = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self"
    own = model._modules.get(last_name(func)) if is_own else None
    return last_name(func) in FUNCTIONS or isinstance(own, (nn.CrossEntropyLoss, nn.NLLLoss))
