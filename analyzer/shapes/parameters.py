"""How many parameters a built model has, module by module, each tensor once, and its folded module tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from analyzer.records.source import Span
from analyzer.records.tensors import ModuleCall, ModuleNode, ModuleRecord, ParameterCounts

MAXIMUM_DETAIL = 200
PLAIN = (int, float, bool, str)
LONGEST_VALUE, MOST_VALUES = 40, 32


@dataclass(frozen=True)
class Places:
    """Where modules were created and their classes defined, and what they were given, by module path."""

    created: Mapping[str, Span] = field(default_factory=dict)
    defined: Mapping[str, Span] = field(default_factory=dict)
    given: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Plain arguments of constructors."""


def count_parameters(model: nn.Module) -> ParameterCounts:
    """Totals; `active` is the total, until `routing` knows of a choice among modules."""
    parameters = list(model.parameters())
    total = sum(parameter.numel() for parameter in parameters)
    repeated = sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
    return ParameterCounts(
        total=total,
        trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        active=total,
        tied=repeated - total,
        buffers=_numbers_in_buffers(model),
    )


def _numbers_in_buffers(module: nn.Module) -> int:
    """Elements of buffers; one that the code replaced by an unknown value counts nothing."""
    return sum(buffer.numel() for buffer in module.buffers() if isinstance(buffer, torch.Tensor))


def with_calls(
    records: Sequence[ModuleRecord], calls: Mapping[str, tuple[ModuleCall, ...]]
) -> tuple[ModuleRecord, ...]:
    """The records of a built model with what its modules were called with."""
    return tuple(replace(record, calls=calls.get(record.path, ())) for record in records)


def find_ties(model: nn.Module) -> tuple[tuple[str, str], ...]:
    """Pairs of parameter paths that are one tensor: the first path and each further one."""
    first: dict[int, str] = {}
    ties: list[tuple[str, str]] = []
    for path, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            ties.append((first[id(parameter)], path))
        first.setdefault(id(parameter), path)
    return tuple(ties)


def module_records(model: nn.Module, places: Places) -> tuple[ModuleRecord, ...]:
    """Every module in `named_modules()` order."""
    held = _held_before(model)
    return tuple(
        ModuleRecord(
            path,
            type(module).__name__,
            sum(p.numel() for p in module.parameters()),
            sum(p.numel() for p in module.parameters(recurse=False)),
            _numbers_in_buffers(module),
            places.created.get(path),
            places.defined.get(path),
            _detail(module),
            values=_values(module),
            own_shapes=_own_shapes(module),
            shared=held[path],
            arguments=places.given.get(path, ()),
        )
        for path, module in model.named_modules()
    )


def _held_before(model: nn.Module) -> dict[str, int]:
    """By module the elements of its own parameters that one before it holds."""
    seen: set[int] = set()
    found: dict[str, int] = {}
    for path, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        found[path] = sum(tensor.numel() for tensor in own if id(tensor) in seen)
        seen.update(map(id, own))
    return found


def _detail(module: nn.Module) -> str:
    """What torch's own modules print of their arguments; the target's `extra_repr` is not called."""
    if not type(module).__module__.startswith("torch."):
        return ""
    return module.extra_repr()[:MAXIMUM_DETAIL]


def _values(module: nn.Module) -> tuple[tuple[str, int | float | bool | str], ...]:
    """Plain attributes of a module of a class that torch does not define."""
    if type(module).__module__.startswith("torch."):
        return ()
    found = sorted((name, value) for name, value in vars(module).items() if not name.startswith("_"))
    plain = [(name, value) for name, value in found if name != "training" and type(value) in PLAIN]
    return tuple((name, value) for name, value in plain if len(str(value)) <= LONGEST_VALUE)[:MOST_VALUES]


def _own_shapes(module: nn.Module) -> tuple[tuple[str, tuple[int, ...]], ...]:
    if type(module).__module__.startswith("torch."):
        return ()
    own = module.named_parameters(recurse=False)
    return tuple((name, tuple(int(size) for size in tensor.shape)) for name, tensor in own)


def module_tree(records: Sequence[ModuleRecord]) -> ModuleNode | None:
    """The tree of all modules with runs of identical siblings folded into one node."""
    children: dict[str, list[ModuleRecord]] = {}
    for record in records[1:]:
        children.setdefault(record.path.rpartition(".")[0], []).append(record)
    return _node(records[0], children) if records else None


def _node(record: ModuleRecord, children: Mapping[str, list[ModuleRecord]]) -> ModuleNode:
    below = [_node(child, children) for child in children.get(record.path, ())]
    return ModuleNode(
        record.path,
        record.path.rpartition(".")[2],
        record.class_name,
        record.parameters,
        1,
        (record.path,),
        record.detail,
        record.created_at,
        record.defined_at,
        _fold(below),
    )


def _fold(siblings: Sequence[ModuleNode]) -> tuple[ModuleNode, ...]:
    """Neighbours that differ only in their path become one node with all their paths."""
    folded: list[ModuleNode] = []
    for node in siblings:
        last = folded[-1] if folded else None
        if last is not None and _is_numbered(last) and _is_numbered(node) and _form(last) == _form(node):
            folded[-1] = replace(last, repeats=last.repeats + 1, paths=(*last.paths, node.path))
        else:
            folded.append(node)
    return tuple(replace(node, name=_folded_name(node)) for node in folded)


def _is_numbered(node: ModuleNode) -> bool:
    """Only members of a sequence are folded: `q_proj` and `k_proj` stay two modules."""
    return node.paths[-1].rpartition(".")[2].isdigit()


def _form(node: ModuleNode) -> tuple[object, ...]:
    below = tuple((child.name, child.repeats, _form(child)) for child in node.children)
    return (node.class_name, node.parameters, node.detail, node.defined_at, below)


def _folded_name(node: ModuleNode) -> str:
    return node.name if node.repeats == 1 else f"{node.name}…{node.paths[-1].rpartition('.')[2]}"
