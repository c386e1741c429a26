"""Calls of a model that documents and docstrings of its repository show: `preds = v(img)` in a block that builds `v`.

The block's statements are evaluated to learn what `img` is; its sizes then go by the names that the model knows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import torch

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.index import Definition, SourceIndex
from analyzer.records.source import Span
from analyzer.shapes.entry_points import examples_for, imports_name
from analyzer.shapes.input_spec import (
    DimSpec,
    InputSpec,
    InputValue,
    LiteralValue,
    MappingValue,
    SequenceValue,
    TensorValue,
)
from analyzer.shapes.inputs import InputPlanner, Plan, PlannedInput
from analyzer.shapes.statements import needed_statements

PLAIN = (int, float, bool, str, type(None))


def documented_plans(
    index: SourceIndex, interpreter: Interpreter, planner: InputPlanner, owner: Definition, parameters: Sequence[str]
) -> Iterator[Plan]:
    """The arguments of each documented call of `owner` as inputs of a method with these parameters."""
    for where, body, call in _calls(index, owner):
        named = _by_parameter(call, parameters)
        if named is None:
            continue
        values = ast.Expr(ast.Tuple([value for _, value in named], ast.Load()))
        needed = [s for s in needed_statements(body, values) if not imports_name(s, owner.name)]
        text = "\n".join(ast.unparse(node) for node in (*needed, values))
        try:
            given = interpreter.evaluate(owner.path, text)
        except (CannotEvaluate, TargetRaised, SyntaxError):
            continue
        specs = [_input(planner, value) for value in given]
        if all(spec is not None for spec in specs):
            yield tuple(
                PlannedInput(InputSpec(name, spec), "documented_call", where)
                for (name, _), spec in zip(named, specs, strict=True)
                if spec is not None
            )


def _calls(index: SourceIndex, owner: Definition) -> Iterator[tuple[Span, list[ast.stmt], ast.Call]]:
    """Calls of a variable that holds an instance, with the statements before and the place."""
    for example in examples_for(index, owner):
        for position, call in _calls_in(example.tree.body, owner.name):
            first = example.first_line - 1
            where = index.span(example.path, first + call.lineno, first + (call.end_lineno or call.lineno))
            yield where, example.tree.body[:position], call


def _calls_in(body: Sequence[ast.stmt], class_name: str) -> Iterator[tuple[int, ast.Call]]:
    instances: set[str] = set()
    for position, statement in enumerate(body):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in instances:
                yield position, node
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            made = ast.unparse(statement.value.func).rpartition(".")[2] == class_name
            targets = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            instances = instances | targets if made else instances - targets


def _by_parameter(call: ast.Call, parameters: Sequence[str]) -> list[tuple[str, ast.expr]] | None:
    """Each argument with the parameter that takes it; None where that cannot be said."""
    if any(isinstance(value, ast.Starred) for value in call.args) or len(call.args) > len(parameters):
        return None
    named = [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg in parameters]
    if len(named) < len(call.keywords) or not (call.args or named):
        return None
    return [*zip(parameters, call.args, strict=False), *((name, value) for name, value in named if name)]


def _input(planner: InputPlanner, value: object) -> InputValue | None:
    if isinstance(value, torch.Tensor):
        form = _form(value)
        return planner.tensor_like(*form) if form else None
    return _nested(value)


def _nested(value: object) -> InputValue | None:
    """Tensors inside of lists and dicts keep the sizes that were seen: what their axes mean is not known."""
    if isinstance(value, torch.Tensor):
        form = _form(value)
        return TensorValue(form[1], tuple(DimSpec(None, size) for size in form[0])) if form else None
    if isinstance(value, (list, tuple)):
        items = [_nested(item) for item in value]
        found = tuple(item for item in items if item is not None)
        return (
            SequenceValue("list" if isinstance(value, list) else "tuple", found) if len(found) == len(items) else None
        )
    if isinstance(value, dict):
        pairs = [(key, _nested(item)) for key, item in value.items()]
        known = tuple((key, item) for key, item in pairs if item is not None)
        return MappingValue(known) if len(known) == len(pairs) else None
    return LiteralValue(value) if type(value) in PLAIN else None


def _form(tensor: torch.Tensor) -> tuple[list[int], str] | None:
    if not all(isinstance(size, int) for size in tensor.shape):
        return None
    return [int(size) for size in tensor.shape], str(tensor.dtype).removeprefix("torch.")
