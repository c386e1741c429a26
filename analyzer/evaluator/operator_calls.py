"""What a call of one of torch's operators is like: how much it makes, what it writes into, what its result rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from analyzer.evaluator.constants import leaves_of
from analyzer.evaluator.errors import BudgetExhausted, CannotEvaluate

REAL_ELEMENTS = 4_000_000
SMALL_ELEMENTS, SMALL_SIZE = 2_000, 1_000
REPEATS = torch.ops.aten.repeat_interleave.Tensor
UNINITIALISED = {"aten::empty", "aten::empty_strided", "aten::new_empty", "aten::empty_like", "aten::empty_permuted"}


def argument(args: Any, kwargs: Any, position: int, name: str, default: Any) -> Any:
    return args[position] if position < len(args) else kwargs.get(name, default)


def refuse_new_form(func: Any) -> None:
    """A tensor of another shape in the same object cannot be taken back."""
    if torch.Tag.inplace_view in func.tags or func._schema.name in ("aten::set_", "aten::resize_"):
        raise CannotEvaluate("change_on_undecided_branch", func._schema.name)


def asks_for_contents(func: Any) -> bool:
    return torch.Tag.data_dependent_output in func.tags or torch.Tag.dynamic_output_shape in func.tags


def check_repeats(func: Any, args: Sequence[Any]) -> None:
    """What depends on contents is at most as large as them, but for numbers that say how often a row is repeated."""
    if func is REPEATS and int(args[0].sum()) > REAL_ELEMENTS:
        raise BudgetExhausted("budget_exhausted", "elements")


def may_grow(tensors: Sequence[torch.Tensor], args: Any, kwargs: Any) -> bool:
    """Whether the result of an operator on constants could be large; what is small in everything stays small."""
    if sum(tensor.numel() for tensor in tensors) > SMALL_ELEMENTS:
        return True
    return any(isinstance(leaf, int) and abs(leaf) > SMALL_SIZE for leaf in leaves_of(args, kwargs))


def is_determined(func: Any) -> bool:
    """Whether the operator's result follows from its arguments: neither random nor uninitialised."""
    return torch.Tag.nondeterministic_seeded not in func.tags and func._schema.name not in UNINITIALISED


def has_symbolic_size(made: Any) -> bool:
    tensors = [leaf for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor)]
    return any(isinstance(size, torch.SymInt) for tensor in tensors for size in tensor.shape)


def is_small(made: Any) -> bool:
    if has_symbolic_size(made):
        return False
    return sum(leaf.numel() for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor)) <= REAL_ELEMENTS


def written(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
    """Arguments that the operator writes into."""
    found = []
    for position, wanted in enumerate(func._schema.arguments):
        if wanted.alias_info is not None and wanted.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(wanted.name)
            found += [leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)]
    return found
