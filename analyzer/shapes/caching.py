"""Generation with a key/value cache: how a model takes one, what a first and a later call look like.

Two conventions are known: a method of the model that makes the cache which `forward` fills, and a flag with
which `forward` returns the cache that the next call is given. Anything else is not guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from analyzer.records.structure import ArgumentInfo
from analyzer.shapes.input_spec import DimSpec, InputSpec, LiteralValue, TensorValue
from analyzer.shapes.inputs import InputPlanner, Plan, PlannedInput
from analyzer.shapes.operators import Amount
from analyzer.shapes.runs import ModelSource, RawTrace

FLAGS = ("use_cache", "return_cache", "use_kv_cache")
CACHE_ARGUMENTS = ("past_key_values", "cache", "kv_cache", "caches", "past", "layer_past", "past_key_value")
BATCH_ARGUMENTS = ("batch_size", "batch", "bsz", "B", "b", "max_batch_size")
MAXIMUM_DEPTH = 5


@dataclass(frozen=True)
class CacheConvention:
    """The argument that takes the cache, and the flag or the method by which it comes to be."""

    argument: str
    flag: str | None = None
    method: str | None = None


def find_convention(
    planner: InputPlanner, model: nn.Module, arguments: Sequence[ArgumentInfo]
) -> CacheConvention | None:
    """How `forward` and the model's methods say that a cache is used."""
    names = [argument.name for argument in arguments]
    argument = next((name for name in CACHE_ARGUMENTS if name in names), None)
    if argument is None:
        return None
    flag = next((name for name in FLAGS if name in names), None)
    if flag is not None:
        return CacheConvention(argument, flag=flag)
    for name in sorted({name for cls in type(model).__mro__ for name in vars(cls) if "cache" in name}):
        method = planner.method(name)
        if method is not None and _takes_batch_only(method.node):
            return CacheConvention(argument, method=name)
    return None


def _takes_batch_only(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [a.arg for a in node.args.args][1:]
    required = names[: len(names) - len(node.args.defaults)]
    return len(required) == 1 and required[0] in BATCH_ARGUMENTS


def prefill_plan(convention: CacheConvention, plan: Plan) -> Plan:
    """The inputs with the flag set; a cache made by a method is an argument by its expression."""
    if convention.flag is not None:
        return (*plan, PlannedInput(InputSpec(convention.flag, LiteralValue(True)), "cache_flag"))
    return plan


def decode_plan(convention: CacheConvention, plan: Plan) -> Plan:
    """One new token per sequence."""
    shortened = tuple(
        replace(p, spec=InputSpec(p.spec.name, _one_token(p.spec.value)), reason="one_new_token") for p in plan
    )
    return prefill_plan(convention, shortened)


def _one_token(value: Any) -> Any:
    if isinstance(value, TensorValue) and value.dtype == "int64" and len(value.dims) == 2:
        return replace(value, dims=(value.dims[0], DimSpec(None, 1)))
    return value


def new_cache(convention: CacheConvention, source: ModelSource, model: nn.Module, batch: int) -> dict[str, Any]:
    """The empty cache that the model's own method makes; nothing where `forward` returns it."""
    if convention.method is None:
        return {}
    expression = f"model.{convention.method}(batch)"
    made = source.interpreter.evaluate(source.path, expression, {"model": model, "batch": batch})
    return {convention.argument: made}


def filled_cache(convention: CacheConvention, given: Mapping[str, Any], prefill: RawTrace) -> dict[str, Any] | None:
    """The cache after the first call; None where the output does not show it."""
    if convention.method is not None:
        return dict(given)
    value = prefill.value
    found = value.get(convention.argument) if isinstance(value, dict) else getattr(value, convention.argument, None)
    return None if found is None else {convention.argument: found}


def one_position(cache: object, batch: int, lengths: Sequence[int], blocks: Sequence[str] = ()) -> list[Amount] | None:
    """Bytes of one position of one sequence, for each tensor of the cache; None where one has no such axis.

    `blocks` are the paths of the layers: where every one has as many tensors, they are counted by layer.
    """
    found: list[tuple[int, ...]] = []
    for tensor in _tensors(cache):
        axis = next((n for n, size in enumerate(tensor.shape) if 0 < n < tensor.dim() - 1 and size in lengths), None)
        if tensor.dim() < 3 or tensor.shape[0] != batch or axis is None:
            return None
        rest = [int(size) for n, size in enumerate(tensor.shape) if n not in (0, axis)]
        found.append((tensor.element_size(), *rest))
    each = len(found) // len(blocks) if blocks and len(found) % len(blocks) == 0 else 0
    return [Amount(blocks[n // each] if each else "", "cache", sizes) for n, sizes in enumerate(found)] or None


def bytes_per_token(cache: object, batch: int, lengths: Sequence[int]) -> int | None:
    """Bytes that one position of one sequence takes in all layers; None where a tensor has no such axis."""
    amounts = one_position(cache, batch, lengths)
    return None if amounts is None else sum(amount.value for amount in amounts)


def _tensors(value: object, depth: int = 0) -> Iterator[torch.Tensor]:
    """Tensors of nested containers and of plain objects that hold them."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth < MAXIMUM_DEPTH:
        if isinstance(value, Mapping):
            items: Sequence[object] = list(value.values())
        elif isinstance(value, (list, tuple)):
            items = value
        else:
            items = list(getattr(value, "__dict__", {}).values())
        for item in items:
            yield from _tensors(item, depth + 1)
