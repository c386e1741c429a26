"""Builds for models whose sizes the repository does not state: they come from a checkpoint, a tokenizer, a caller.

Such a size gets an example value, so that shapes can be derived in its name; totals that rest on one are not
stated. Only what the source declares or uses as a size is filled, never a switch, a text or a rate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analyzer.evaluator.handing import handed_relations, parameters_of
from analyzer.evaluator.probes import Relations, last_name
from analyzer.index import Definition, SourceIndex
from analyzer.records.source import Span
from analyzer.records.tensors import UnstatedSize
from analyzer.shapes.entry_points import BuildPlan, configuration_classes, constructor_of, import_of

COUNT = 5
"""How often blocks are repeated; probes keep it, so that few sizes that the source states are multiples of it."""
DIVISORS = (4, 2, 6, 12)
UNIT = 24
"""Every other size is a prime times this, so that each of `DIVISORS` divides it with an even quotient."""
PRIMES = (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79)
INTEGER = re.compile(r"(Optional\[)?int\]?( \| None)?|None \| int")


@dataclass(frozen=True)
class _Slot:
    """A size that has no stated value."""

    name: str
    where: Span


@dataclass(frozen=True)
class _Filled:
    """An argument of the constructor: a size itself, or a configuration with the open ones of its fields."""

    argument: str
    slots: tuple[_Slot, ...]
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
    roles = _roles(index, owner.path, [slot.name for slot in slots])
    plans: dict[str, BuildPlan] = {}
    for values in (_distinct(slots, roles), _alike(slots, roles), _uniform(slots, roles)):
        expression = _expression(index, owner, filled, values)
        sizes = tuple(UnstatedSize(slot.name, values[slot.name], slot.where) for slot in slots)
        where = index.span(constructor[0], constructor[1].lineno)
        plans.setdefault(expression, BuildPlan(owner.path, expression, "example_sizes", where, unstated=sizes))
    return tuple(plans.values())


# -- what is left open -----------------------------------------------------------------------------------------


class _Reader:
    """What the constructor of one class has to be given."""

    def __init__(self, index: SourceIndex, owner: Definition) -> None:
        self._index, self._owner = index, owner

    @cached_property
    def _sized(self) -> frozenset[str]:
        """Names that stand in the place of a size in the call of a layer."""
        nodes = (node for tree in _trees(self._index, self._owner.path) for node in ast.walk(tree))
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
        if is_size(argument, node):
            return _Filled(argument.arg, (_Slot(argument.arg, self._index.span(path, argument)),))
        for config in configuration_classes(self._index, self._owner, argument):
            fields = [
                (field, size)
                for field, default, size in _fields(self._index, config)
                if not self._is_stated(_field_name(field), default)
            ]
            if all(size for _, size in fields):
                slots = tuple(_Slot(_field_name(field), self._index.span(config.path, field)) for field, _ in fields)
                return _Filled(argument.arg, slots, config)
        return None

    def _is_stated(self, name: str, default: ast.expr | None) -> bool:
        """A default; -1 for what layers are sized by stands for a size that is set later (`vocab_size: int = -1`)."""
        return default is not None and not (ast.unparse(default) == "-1" and name in self._sized)


def _fields(index: SourceIndex, config: Definition) -> Iterator[tuple[ast.AST, ast.expr | None, bool]]:
    """Fields of a dataclass, or arguments of a constructor, with their default and whether they are sizes."""
    constructor = constructor_of(index, config)
    if constructor is not None:
        for argument, default in parameters_of(constructor[1]):
            yield argument, default, is_size(argument, constructor[1])
        return
    assert isinstance(config.node, ast.ClassDef)
    for statement in config.node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement, statement.value, _says_integer(statement.annotation)


def _field_name(node: ast.AST) -> str:
    if isinstance(node, ast.arg):
        return node.arg
    assert isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    return node.target.id


def is_size(argument: ast.arg, node: ast.FunctionDef) -> bool:
    """Declared as an integer; or undeclared, used as a size in the constructor, and decided on nowhere."""
    if argument.annotation is not None:
        return _says_integer(argument.annotation)
    uses = _uses(node, argument.arg)
    return any(use == "size" for use in uses) and "other" not in uses


def _says_integer(annotation: ast.expr) -> bool:
    return INTEGER.fullmatch(ast.unparse(annotation).strip("'\"")) is not None


def _uses(node: ast.FunctionDef, name: str) -> set[str]:
    """How a constructor uses an argument: `size` in arithmetic, `range` and calls of layers, else `other`."""
    found: set[str] = set()
    for parent in ast.walk(node):
        for child in ast.iter_child_nodes(parent):
            if isinstance(child, ast.Name) and child.id == name and isinstance(child.ctx, ast.Load):
                found.add(_use(parent, child))
    return found


def _use(parent: ast.AST, child: ast.Name) -> str:
    if isinstance(parent, ast.BinOp):
        return "size"
    if isinstance(parent, ast.Call) and child in parent.args:
        return "size" if last_name(parent.func) in LAYER_SIZES else "passed"
    if isinstance(parent, (ast.Call, ast.keyword, ast.Assign, ast.Tuple)):
        return "passed"
    return "other"


LAYER_SIZES = frozenset({
    "range", "Linear", "Embedding", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "LayerNorm",
    "RMSNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "LSTM", "GRU", "RNN", "zeros", "ones",
    "empty", "randn", "MultiheadAttention",
})  # fmt: skip
"""Calls whose positional arguments are sizes."""


# -- which example values --------------------------------------------------------------------------------------


def _roles(index: SourceIndex, path: str, names: Sequence[str]) -> Relations:
    """Which of the names say how often something is repeated and which divide others."""
    return handed_relations(list(_trees(index, path)), names)


def _trees(index: SourceIndex, path: str) -> Iterator[ast.Module]:
    """The file and the files of the repository that it imports from."""
    own = index.tree(path)
    if not isinstance(own, ast.Module):
        return
    yield own
    imports = (node for node in ast.walk(own) if isinstance(node, ast.ImportFrom))
    found = (index.symbols.resolve_module(path, node.module or "", node.level) for node in imports)
    for other in sorted({p for p in found if isinstance(p, str) and p in index.files and p != path}):
        tree = index.tree(other)
        if isinstance(tree, ast.Module):
            yield tree


def _distinct(slots: Sequence[_Slot], roles: Relations) -> dict[str, int]:
    """A value of its own for every name."""
    divisors = [s.name for s in slots if s.name in roles.divisors]
    others = [s.name for s in slots if s.name not in roles.divisors | roles.counts]
    values = {name: DIVISORS[number % len(DIVISORS)] for number, name in enumerate(divisors)}
    values |= {name: UNIT * PRIMES[number % len(PRIMES)] for number, name in enumerate(others)}
    return {slot.name: values.get(slot.name, COUNT) for slot in slots}


def _alike(slots: Sequence[_Slot], roles: Relations) -> dict[str, int]:
    """One value for names that end in the same word (`n_audio_state`, `n_text_state`)."""
    values = _distinct(slots, roles)
    first: dict[str, int] = {}
    return {name: first.setdefault(name.rpartition("_")[2], value) for name, value in values.items()}


def _uniform(slots: Sequence[_Slot], roles: Relations) -> dict[str, int]:
    """One value for all that are neither counts nor divisors."""
    values = _distinct(slots, roles)
    special = {name: DIVISORS[0] if name in roles.divisors else COUNT for name in roles.divisors | roles.counts}
    return {name: special.get(name, UNIT * PRIMES[0]) for name in values}


def _expression(index: SourceIndex, owner: Definition, filled: Sequence[_Filled], values: Mapping[str, int]) -> str:
    """`Whisper(dims=ModelDimensions(n_mels=120, …))`"""
    arguments, imports = [], ""
    for part in filled:
        sizes = ", ".join(f"{slot.name}={values[slot.name]}" for slot in part.slots)
        arguments.append(sizes if part.config is None else f"{part.argument}={part.config.name}({sizes})")
        if part.config is not None and index.symbols.resolve(owner.path, part.config.name) != part.config:
            imports += import_of(part.config)
    return f"{imports}{owner.name}({', '.join(arguments)})"
