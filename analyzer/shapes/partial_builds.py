"""Builds whose script states some sizes and not all: `BERT(len(vocab), hidden=args.hidden)` without its vocabulary.

Each argument is evaluated alone; those that cannot be, and are sizes, get example values, and the rest stay what the
script says.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.evaluator.handing import parameters_of
from analyzer.evaluator.probes import last_name
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.tensors import UnstatedSize
from analyzer.shapes.entry_points import BuildPlan, constructor_of
from analyzer.shapes.example_values import Slot, example_values
from analyzer.shapes.size_arguments import ArgumentUses
from analyzer.shapes.statements import needed_statements


def complete_builds(interpreter: Interpreter, owner: Definition, plan: BuildPlan) -> Iterator[BuildPlan]:
    """`plan` with example values for the sizes that its script cannot tell; none where something else is open."""
    constructor = constructor_of(interpreter.index, owner)
    *body, last = ast.parse(plan.expression).body
    if plan.captured:
        yield from _with_lengths(interpreter, owner, plan, body, last)
        return
    if constructor is None or not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Call):
        return
    path, node = constructor
    arguments = _bound(last.value, node)
    if arguments is None:
        return
    uses = ArgumentUses(interpreter.index)
    declared = {argument.arg: argument for argument, _ in parameters_of(node)}
    open_names = [name for name, value in arguments.items() if not _is_known(interpreter, plan.path, body, value)]
    if not open_names or not all(uses.is_size(path, declared[name], node) for name in open_names):
        return
    slots = [Slot(name, plan.where) for name in open_names]
    for values in example_values(interpreter.index, owner.path, slots):
        sizes = tuple(UnstatedSize(slot.name, values[slot.name], slot.where) for slot in slots)
        text = _filled(body, last.value, {**arguments, **{n: ast.Constant(values[n]) for n in open_names}})
        yield replace(plan, expression=text, unstated=sizes)


def _with_lengths(
    interpreter: Interpreter, owner: Definition, plan: BuildPlan, body: list[ast.stmt], last: ast.stmt
) -> Iterator[BuildPlan]:
    """A plan that leads to the model through calls, with example values for what is the length of something unknown:
    `Trainer(BERT(len(vocab)), len(vocab))`. A length has the name of the parameter that receives it.
    """
    statements = [*needed_statements(body, last), last]
    lengths = {ast.unparse(call): call for statement in statements for call in _lengths(statement)}
    unknown = [text for text, call in lengths.items() if not _is_known(interpreter, plan.path, body, call)]
    names = {text: _receiver(interpreter.index, plan.path, statements, text) for text in unknown}
    if not unknown or not all(names.values()):
        return
    slots = [Slot(name, plan.where) for name in names.values()]
    plans: dict[str, BuildPlan] = {}
    for values in example_values(interpreter.index, owner.path, slots):
        numbers = _Lengths({text: values[name] for text, name in names.items()})
        *others, call = [numbers.visit(copy.deepcopy(node)) for node in statements]
        text = "\n".join(map(ast.unparse, (*needed_statements(others, call), call)))
        sizes = tuple(UnstatedSize(name, values[name], slots[0].where) for name in dict.fromkeys(names.values()))
        plans.setdefault(text, replace(plan, expression=text, unstated=sizes))
    yield from plans.values()


def _lengths(node: ast.AST) -> Iterator[ast.Call]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and last_name(call.func) == "len" and len(call.args) == 1:
            yield call


class _Lengths(ast.NodeTransformer):
    """Numbers in the place of lengths."""

    def __init__(self, values: Mapping[str, int]) -> None:
        self._values = values

    def visit_Call(self, node: ast.Call) -> ast.AST:
        value = self._values.get(ast.unparse(node))
        return self.generic_visit(node) if value is None else ast.Constant(value)


def _receiver(index: SourceIndex, path: str, statements: list[ast.stmt], text: str) -> str:
    """The parameter of a function or class of the repository that is given this expression."""
    for call in (node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Call)):
        target = index.symbols.resolve(path, dotted_name(call.func) or "")
        found = constructor_of(index, target) if isinstance(target, Definition) else None
        bound = _bound(call, found[1]) if found is not None else None
        for name, value in (bound or {}).items():
            if ast.unparse(value) == text:
                return name
    return ""


def _bound(call: ast.Call, node: ast.FunctionDef) -> dict[str, ast.expr] | None:
    """What each parameter is given; None where stars leave that open."""
    names = [argument.arg for argument, _ in parameters_of(node)]
    starred = any(isinstance(value, ast.Starred) for value in call.args) or any(k.arg is None for k in call.keywords)
    if starred or len(call.args) > len(names):
        return None
    bound = dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
    return bound if bound.keys() <= set(names) else None


def _is_known(interpreter: Interpreter, path: str, body: list[ast.stmt], value: ast.expr) -> bool:
    statements = [*needed_statements(body, value), ast.Expr(value)]
    text = "\n".join(map(ast.unparse, statements))
    try:
        interpreter.evaluate(path, interpreter.with_source_lines(path, text))
    except (CannotEvaluate, TargetRaised):
        return False
    return True


def _filled(body: list[ast.stmt], call: ast.Call, arguments: Mapping[str, ast.expr]) -> str:
    """The call with all its arguments by name, after what they need."""
    keywords = [ast.keyword(name, value) for name, value in arguments.items()]
    complete = ast.Expr(ast.Call(call.func, [], keywords))
    return "\n".join(map(ast.unparse, (*needed_statements(body, complete), complete)))
