"""Which configuration name says how often a block stands in a row, and which divisions the source demands to be exact.

A number of repetitions gets a name only if the model, built with two other values of that name alone, has as many
blocks as it then says.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.evaluator.probes import last_name
from analyzer.records.formulas import evaluate_formula
from analyzer.records.tensors import ModuleNode
from analyzer.shapes.closed_forms import Repeats
from analyzer.shapes.parameters import Places, module_records, module_tree
from analyzer.shapes.polynomials import Polynomial, parse_polynomial
from analyzer.shapes.runs import BuiltModel, ModelSource

FORMS = ("{}", "{} - 1", "{} + 1", "{} - 2", "2*{}", "{}//2")
MOST_NAMES = 12
OTHER_VALUES = (3, 2, 4, 5)


def find_repeats(
    source: ModelSource, base: BuiltModel, tree: ModuleNode | None, likely: Collection[str], never: Collection[str]
) -> Repeats:
    """Named numbers of repetitions of the folded blocks of `tree`.

    `likely` names are tried first; `never` are names that changed already without a change of the blocks.
    """
    wanted = {node.path: node.repeats for node in _nodes(tree) if node.repeats > 1}
    found: dict[str, Polynomial] = {}
    names = {name: value for name, value in base.names.items() if name not in never}
    for name in sorted(_candidates(names, wanted.values()), key=lambda name: name not in likely):
        if len(found) == len(wanted):
            break
        trees = _at_other_values(source, base, name)
        for path, count in wanted.items():
            form = _form_of(name, base.names[name], count, [(value, _repeats(tree, path)) for value, tree in trees])
            if form is not None:
                found.setdefault(path, parse_polynomial(form))
    return Repeats(found)


def _candidates(names: Mapping[str, int], counts: Iterable[int]) -> list[str]:
    wanted = set(counts)
    fitting = [name for name, value in names.items() if wanted & {_value(form, value) for form in FORMS}]
    return fitting[:MOST_NAMES]


def _value(form: str, value: int) -> int | None:
    return evaluate_formula(form.format("value"), {"value": value})


def _at_other_values(source: ModelSource, base: BuiltModel, name: str) -> list[tuple[int, ModuleNode | None]]:
    """The module tree at two other values of one name; nothing where the source rejects them."""
    trees: list[tuple[int, ModuleNode | None]] = []
    for value in (value for value in OTHER_VALUES if value != base.names[name]):
        try:
            built = source.build(base.names, {name: value})
        except (CannotEvaluate, TargetRaised):
            return trees
        trees.append((value, module_tree(module_records(built.model, Places()))))
        if len(trees) == 2:
            break
    return trees


def _form_of(name: str, value: int, count: int, seen: list[tuple[int, int]]) -> str | None:
    """The form that gives the number of blocks at the base and at both other values."""
    if len(seen) < 2:
        return None
    points = [(value, count), *seen]
    return next((form.format(name) for form in FORMS if all(_value(form, v) == n for v, n in points)), None)


def _repeats(tree: ModuleNode | None, path: str) -> int:
    return next((node.repeats for node in _nodes(tree) if node.path == path), 0)


def _nodes(node: ModuleNode | None) -> Iterator[ModuleNode]:
    if node is not None:
        yield node
        for child in node.children:
            yield from _nodes(child)


def exact_divisions(trees: Iterable[ast.AST], names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Pairs of names (`n_embd`, `n_head`) of which the source demands that the second divides the first."""
    known = set(names)
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        pair = _demanded(node)
        if pair is not None and known.issuperset(pair):
            found.add(pair)
    return frozenset(found)


def _demanded(node: ast.AST) -> tuple[str, str] | None:
    """`assert a % b == 0`, `if a % b != 0: raise …`."""
    if isinstance(node, ast.Assert):
        return next((pair for test in _conjuncts(node.test) if (pair := _remainder(test, ast.Eq)) is not None), None)
    if isinstance(node, ast.If) and any(isinstance(step, ast.Raise) for step in node.body):
        return _remainder(node.test, ast.NotEq)
    return None


def _conjuncts(test: ast.expr) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _remainder(test: ast.expr, sign: type[ast.cmpop]) -> tuple[str, str] | None:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], sign)):
        return None
    left, right = test.left, test.comparators[0]
    if not (isinstance(right, ast.Constant) and right.value == 0):
        return None
    if not (isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod)):
        return None
    names = (last_name(left.left), last_name(left.right))
    return names if all(names) else None
