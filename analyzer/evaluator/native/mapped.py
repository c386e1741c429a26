"""`torch.vmap`: the function is evaluated for one slice, whose result is repeated; all slices have the same form.

What is computed inside happens once per slice, so that products inside leave the cost of the call open.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.values import UnknownValue, find_unknown


def provide(session: Any) -> Provided:
    mapped = _vmap(session)
    return {"torch.vmap": mapped, "torch.func.vmap": mapped}, {}, {}


def _vmap(session: Any) -> Callable[..., Any]:
    def vmap(
        func: Any,
        in_dims: Any = 0,
        out_dims: Any = 0,
        randomness: str = "error",
        *,
        chunk_size: int | None = None,
    ) -> Any:
        unknown = find_unknown((func, in_dims, out_dims), {})
        if unknown is not None:
            return unknown

        def mapped(*args: Any, **kwargs: Any) -> Any:
            dims = in_dims if isinstance(in_dims, (tuple, list)) else (in_dims,) * len(args)
            if len(dims) != len(args):
                raise ValueError(f"vmap: in_dims has {len(dims)} entries for {len(args)} arguments")
            size = _size_of(tuple(zip(args, dims, strict=True)))
            sliced = [_slice(session, value, dim) for value, dim in zip(args, dims, strict=True)]
            with session.recorder.mapping():
                result = session.call(func, sliced, kwargs)  # torch maps over no keyword argument
            return _stacked(session, result, out_dims, size)

        return mapped

    return vmap


def _size_of(pairs: Sequence[tuple[Any, Any]]) -> Any:
    """How many slices there are: the same in everything that is mapped."""
    sizes = list(_sizes(pairs))
    if not sizes:
        raise ValueError("vmap: nothing is mapped over")
    if any(isinstance(size, int) and isinstance(sizes[0], int) and size != sizes[0] for size in sizes):
        raise ValueError(f"vmap: Expected all tensors to have the same size in the mapped dimension, got {sizes}")
    return sizes[0]


def _sizes(pairs: Sequence[tuple[Any, Any]]) -> Iterator[Any]:
    for value, dim in pairs:
        for leaf in tree_leaves(value) if dim is not None else ():
            if not isinstance(leaf, torch.Tensor) or not isinstance(dim, int):
                raise ValueError(f"vmap: cannot map over {type(leaf).__name__} by {dim!r}")
            yield leaf.shape[dim]


def _slice(session: Any, value: Any, dim: int | None) -> Any:
    """One slice of every tensor, without its contents, which differ from slice to slice."""
    if dim is None:
        return value
    return tree_map(lambda leaf: session.oracle.as_fake(leaf).select(dim, 0), value)


def _stacked(session: Any, result: Any, out_dims: Any, size: Any) -> Any:
    if isinstance(result, (tuple, list)) and isinstance(out_dims, (tuple, list)):
        pairs = zip(result, out_dims, strict=True)
        return type(result)(_stacked(session, part, dim, size) for part, dim in pairs)
    return tree_map(functools.partial(_repeated, session, out_dims, size), result)


def _repeated(session: Any, dim: int, size: Any, leaf: Any) -> Any:
    if isinstance(leaf, UnknownValue):
        return leaf
    if not isinstance(leaf, torch.Tensor):
        raise ValueError(f"vmap: a function must return tensors, got {type(leaf).__name__}")
    made = session.oracle.as_fake(leaf).unsqueeze(dim)
    sizes = list(made.shape)
    sizes[dim] = size
    return made.expand(sizes).contiguous()
