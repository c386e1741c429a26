"""Builds for models whose sizes the repository does not state: they come from a checkpoint, a tokenizer, a caller.

Such a size gets an example value, so that shapes can be derived in its name; totals that rest on one are not
stated. Only what the source declares or uses as a size is filled, never a switch, a text or a rate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analyzer.evaluator.handing import parameters_of
from analyzer.evaluator.probes import last_name
from analyzer.index import Definition, SourceIndex
from analyzer.records.tensors import UnstatedSize
from analyzer.shapes.entry_points import BuildPlan, configuration_classes, constructor_of, import_of
from analyzer.shapes.example_values import Slot, example_values, imported_trees
from analyzer.shapes.size_arguments import LAYER_SIZES, ArgumentUses, says_integer

RATE = "0.1"
"""What a dropout gets that nothing states; no size depends on it."""


@dataclass(frozen=True)
class _Filled:
    """An argument of the constructor: a size itself, a configuration with the open ones of its fields, or a rate."""

    argument: str
    slots: tuple[Slot, ...] = ()
    config: Definition | None = None


def find_example_builds(index: SourceIndex, owner: Definition) -> tuple[BuildPlan, ...]:
    """Builds of `owner` with example sizes: each size its own value, then equal ones where names end alike,
    then one value for all; none where an argument cannot be filled or every size is stated.
    """
    constructor = constructor_of(index, owner)
    if constructor is None:
        return ()
    filled = _Reader(index, owner).filled(*constructor)
    slots = [slot for argument in filled for slot in argument.slots]
    if not slots:
        return ()
    plans: dict[str, BuildPlan] = {}
    for values in example_values(index, owner.path, slots):
        expression = _expression(index, owner, filled, values)
        sizes = tuple(UnstatedSize(slot.name, values[slot.name], slot.where) for slot in slots)
        where = index.span(constructor[0], constructor[1].lineno)
        plans.setdefault(expression, BuildPlan(owner.path, expression, "example_sizes", where, unstated=sizes))
    return tuple(plans.values())


class _Reader:
    """What the constructor of one class has to be given."""

    def __init__(self, index: SourceIndex, owner: Definition) -> None:
        self._index, self._owner = index, owner
        self._uses = ArgumentUses(index)

    @cached_property
    def _sized(self) -> frozenset[str]:
        """Names that stand in the place of a size in the call of a layer."""
        nodes = (node for tree in imported_trees(self._index, self._owner.path) for node in ast.walk(tree))
        calls = (node for node in nodes if isinstance(node, ast.Call) and last_name(node.func) in LAYER_SIZES)
        return frozenset(last_name(value) for call in calls for value in call.args)

    def filled(self, path: str, node: ast.FunctionDef) -> tuple[_Filled, ...]:
        """Its open arguments; nothing where one is neither a size nor a configuration."""
        found: list[_Filled] = []
        for argument, default in parameters_of(node):
            filled = None if self._is_stated(argument.arg, default) else self._argument(argument, path, node)
            if filled is not None:
                found.append(filled)
            elif default is None:
                return ()
        return tuple(found)

    def _argument(self, argument: ast.arg, path: str, node: ast.FunctionDef) -> _Filled | None:
        if self._uses.is_size(path, argument, node):
            return _Filled(argument.arg, (Slot(argument.arg, self._index.span(path, argument)),))
        if self._uses.is_rate(path, argument, node):
            return _Filled(argument.arg)
        for config in configuration_classes(self._index, self._owner, argument):
            fields = [
                (field, size)
                for field, default, size in self._fields(config)
                if not self._is_stated(_field_name(field), default) or (size and self._is_awaited(field, default))
            ]
            if all(size for _, size in fields):
                slots = tuple(Slot(_field_name(field), self._index.span(config.path, field)) for field, _ in fields)
                return _Filled(argument.arg, slots, config)
        return None

    def _fields(self, config: Definition) -> Iterator[tuple[ast.AST, ast.expr | None, bool]]:
        """Fields of a dataclass, or arguments of a constructor, with their default and whether they are sizes."""
        constructor = constructor_of(self._index, config)
        if constructor is not None:
            path, node = constructor
            for argument, default in parameters_of(node):
                yield argument, default, self._uses.is_size(path, argument, node)
            return
        assert isinstance(config.node, ast.ClassDef)
        for statement in config.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                yield statement, statement.value, says_integer(statement.annotation)

    @cached_property
    def _replaced(self) -> frozenset[str]:
        """Names that the code asks to be None before it goes on without them: `if c.n is None`, `c.n or 4`."""
        nodes = [node for tree in imported_trees(self._index, self._owner.path) for node in ast.walk(tree)]
        tests = [node.test for node in nodes if isinstance(node, (ast.If, ast.IfExp))]
        asked = [node.left for test in tests for node in ast.walk(test) if isinstance(node, ast.Compare)]
        asked += [value for node in nodes if isinstance(node, ast.BoolOp) for value in node.values[:-1]]
        return frozenset(map(last_name, asked))

    def _is_awaited(self, field: ast.AST, default: ast.expr | None) -> bool:
        """`vocab_size: int | None = None` that a layer takes as it is: the tokenizer sets it before a model is made."""
        name = _field_name(field)
        is_none = isinstance(default, ast.Constant) and default.value is None
        return is_none and name in self._sized and name not in self._replaced

    def _is_stated(self, name: str, default: ast.expr | None) -> bool:
        """A default; -1 for what layers are sized by stands for a size that is set later (`vocab_size: int = -1`)."""
        return default is not None and not (ast.unparse(default) == "-1" and name in self._sized)


def _field_name(node: ast.AST) -> str:
    if isinstance(node, ast.arg):
        return node.arg
    assert isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    return node.target.id


def _expression(index: SourceIndex, owner: Definition, filled: Sequence[_Filled], values: Mapping[str, int]) -> str:
    """`Whisper(dims=ModelDimensions(n_mels=120, …))`"""
    arguments, imports = [], ""
    for part in filled:
        sizes = ", ".join(f"{slot.name}={values[slot.name]}" for slot in part.slots) or f"{part.argument}={RATE}"
        arguments.append(sizes if part.config is None else f"{part.argument}={part.config.name}({sizes})")
        if part.config is not None and index.symbols.resolve(owner.path, part.config.name) != part.config:
            imports += import_of(part.config)
    return f"{imports}{owner.name}({', '.join(arguments)})"
