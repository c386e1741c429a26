"""Which operators ran in a call, in which module: the products they compute, what they return, what is kept for the
backward pass.

Every quantity is a list of sizes whose product it is, so that it can be named later; nothing is named here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from analyzer.evaluator.recorder import Held, Recorder

Factors = tuple[int, ...]


@dataclass(frozen=True)
class Amount:
    """A quantity of one operator in one module: the product of `factors`, `passes` times in a training step."""

    path: str
    operator: str
    factors: Factors
    passes: int = 1

    @property
    def value(self) -> int:
        return math.prod(self.factors)


@dataclass
class CallLog:
    """What one call computed. `uncounted` are operators with products that are not counted here."""

    products: list[Amount] = field(default_factory=list)
    kept: list[Amount] = field(default_factory=list)
    """Bytes that autograd keeps for the backward pass, each storage once, parameters and buffers left out."""
    uncounted: dict[str, None] = field(default_factory=dict)
    gradient: bool = False
    """Whether autograd kept anything at all."""
    open: bool = False
    """Whether data decide how much is computed: then there are no totals."""

    def flops(self) -> int:
        return sum(amount.value for amount in self.products)

    def training_flops(self) -> int:
        return sum(amount.value * amount.passes for amount in self.products)


Product = tuple[Factors, Sequence[Any]]
"""Factors of one product, and its operands; an operand that needs a gradient costs one more product backward."""


def _mm(left: torch.Tensor, right: torch.Tensor) -> list[Product]:
    return [((2, left.shape[0], left.shape[1], right.shape[1]), (left, right))]


def _bmm(left: torch.Tensor, right: torch.Tensor) -> list[Product]:
    return [((2, *left.shape, right.shape[2]), (left, right))]


def _mv(left: torch.Tensor, right: torch.Tensor) -> list[Product]:
    return [((2, *left.shape), (left, right))]


def _after_bias(count: Callable[[Any, Any], list[Product]]) -> Callable[..., list[Product]]:
    def counted(bias: torch.Tensor, left: torch.Tensor, right: torch.Tensor, **_: Any) -> list[Product]:
        return count(left, right)

    return counted


def _convolution(data: torch.Tensor, weight: torch.Tensor, *rest: Any, out: Any) -> list[Product]:
    """Every position of the output (of the input, where transposed) meets every weight of its group."""
    transposed = bool(rest[4])
    positions = data.shape[2:] if transposed else out.shape[2:]
    return [((2, data.shape[0], *positions, *weight.shape), (data, weight))]


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any) -> list[Product]:
    """Two matrix products over all pairs of positions, masked or not."""
    batch, heads, queries, width = query.shape
    pairs = (2, batch, heads, queries, key.shape[2])
    scored = query if query.requires_grad else key
    return [((*pairs, width), (query, key)), ((*pairs, value.shape[3]), (scored, value))]


def _recurrent(data: torch.Tensor, from_input: torch.Tensor, from_state: torch.Tensor, *rest: Any) -> list[Product]:
    """One direction of one layer: input and state meet their weights at every step; the state needs a gradient
    wherever a weight does.
    """
    positions = (2, *data.shape[:2])
    return [((*positions, *from_input.shape), (data, from_input)), ((*positions, *from_state.shape), (from_state,) * 2)]


COUNTED: dict[str, Callable[..., list[Product]]] = {
    "aten.mm": _mm,
    "aten.addmm": _after_bias(_mm),
    "aten.bmm": _bmm,
    "aten.baddbmm": _after_bias(_bmm),
    "aten.mv": _mv,
    "aten.addmv": _after_bias(_mv),
    "aten.dot": _mv,
    "aten.convolution": _convolution,
    "aten.mkldnn_rnn_layer": _recurrent,
    **dict.fromkeys(
        (
            "aten._scaled_dot_product_flash_attention_for_cpu",
            "aten._scaled_dot_product_fused_attention_overrideable",
            "aten._scaled_dot_product_flash_attention",
            "aten._scaled_dot_product_efficient_attention",
            "aten._scaled_dot_product_cudnn_attention",
        ),
        _attention,
    ),
}
UNCOUNTED = frozenset(
    {"aten._trilinear", "aten._cdist_forward", "aten.lstm", "aten.gru", "aten.rnn_tanh", "aten._thnn_fused_lstm_cell"}
    | {str(packet) for packet in flop_registry} - COUNTED.keys()
)
"""Operators with products of their own that have no row above: a call that uses one has no total."""
OPAQUE = "kernels."
"""Operators of stand-ins that state only the sizes of their results."""


class OperatorLog(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down what operators do while it is active; the recorder tells in which module."""

    def __init__(self, recorder: Recorder, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.log = CallLog()
        self._recorder = recorder
        self._made: dict[int, Factors] = {}
        """The sizes with which a storage was made."""
        weights = (*model.parameters(), *(b for b in model.buffers() if isinstance(b, torch.Tensor)))
        self._weights = {_storage(weight) for weight in weights}
        self._kept: dict[int, torch.Tensor] = {}
        """Held here so that no other tensor gets their storage."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here; torch's wrapper that says so costs time."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func.namespace != "prim" and not self._recorder.is_muted:
            self._count_products(str(func._overloadpacket), args, kwargs, result)
            if not func._schema.is_mutable and not _is_view(func):
                self._count_results(func, result)
        return result

    def _count_products(self, name: str, args: Any, kwargs: Any, result: Any) -> None:
        count = COUNTED.get(name)
        if count is None:
            if name in UNCOUNTED or name.startswith(OPAQUE):
                self.log.uncounted[name] = None
            return
        given = {"out": result} if count is _convolution else {}
        for factors, operands in count(*args, **kwargs, **given):
            passes = 1 + sum(bool(getattr(operand, "requires_grad", False)) for operand in operands)
            self._add(self.log.products, name, factors, passes)

    def _count_results(self, func: Any, result: Any) -> None:
        for leaf in torch.utils._pytree.tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._made[_storage(leaf)] = (*leaf.shape, leaf.element_size())

    def _add(self, amounts: list[Amount], name: str, factors: Factors, passes: int = 1) -> None:
        sizes = tuple(map(_number, factors))
        self.log.open |= None in sizes or not self._recorder.is_counted
        if None not in sizes:
            self._add_for(self._recorder.current_module, amounts, name, cast("Factors", sizes), passes)

    def _add_for(
        self, module: nn.Module | None, amounts: list[Amount], name: str, sizes: Factors, passes: int = 1
    ) -> None:
        """Where a call is repeated, this is done once more, for the module in the place of this one."""
        path = self._recorder.path_of(module) if module is not None else ""
        amounts.append(Amount(path, name, sizes, passes))
        self._recorder.note(self._add_for, module, amounts, name, sizes, passes)

    def keep(self, tensor: torch.Tensor) -> None:
        """Autograd keeps this tensor: its storage counts once."""
        self.log.gradient = True
        if self._recorder.is_muted:
            return
        storage = _storage(tensor)
        new = storage not in self._weights and storage not in self._kept
        sizes = self._kept_sizes(tensor) if new else ()
        self._recorder.note(self._keep_again, self._recorder.current_module, Held(storage), sizes)
        if new:
            self._kept[storage] = tensor
            self._add_kept(self._recorder.current_module, sizes)

    def _kept_sizes(self, tensor: torch.Tensor) -> tuple[int | None, ...]:
        sizes = self._made.get(_storage(tensor), (*tensor.shape, tensor.element_size()))
        size = _number(tensor.untyped_storage().nbytes())
        numbers = tuple(_number(n) for n in sizes)
        fits = None in numbers or math.prod(cast("Factors", numbers)) == size
        return numbers if fits or size is None else (size,)

    def _add_kept(self, module: nn.Module | None, sizes: tuple[int | None, ...]) -> None:
        self.log.open |= None in sizes or not self._recorder.is_counted
        if None not in sizes:
            path = self._recorder.path_of(module) if module is not None else ""
            self.log.kept.append(Amount(path, "kept", cast("Factors", sizes), 1))

    def _keep_again(self, module: nn.Module | None, tensor: torch.Tensor | None, sizes: tuple[int | None, ...]) -> None:
        """In a repeated call: a tensor that is new in each call counts as it did; another has its own storage."""
        storage = _storage(tensor) if tensor is not None else 0
        if tensor is not None:
            new = storage not in self._weights and storage not in self._kept
            sizes = self._kept_sizes(tensor) if new else ()
            if new:
                self._kept[storage] = tensor
        self._recorder.note(self._keep_again, module, Held(storage), sizes)
        if sizes:
            self._add_kept(module, sizes)

    def made_alike(self, old: torch.Tensor, new: torch.Tensor) -> None:
        """A tensor that was made for a repeated call, without the operators that made the other."""
        sizes = self._made.get(_storage(old))
        if sizes is not None:
            self._made[_storage(new)] = sizes


def _number(size: Any) -> int | None:
    """None for a size that depends on data."""
    if isinstance(size, torch.SymInt):
        hint = size.node.hint
        return int(hint) if hint is not None else None
    return int(size)


def _is_view(func: Any) -> bool:
    return any(returned.alias_info is not None for returned in func._schema.returns)


def _storage(tensor: torch.Tensor) -> int:
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:  # a sparse tensor has none
        return id(tensor)


@contextmanager
def logging_operators(interpreter: Any, model: nn.Module) -> Iterator[CallLog]:
    """Write down the operators of a call inside."""
    log = OperatorLog(interpreter.session.recorder, model)
    with ExitStack() as stack:
        stack.enter_context(interpreter.session.oracle.active())
        stack.enter_context(saved_tensors_hooks(log.keep, _no_backward))
        stack.enter_context(log)
        followers = interpreter.session.recorder.followers
        followers.append(log)
        stack.callback(followers.remove, log)
        yield log.log


def _no_backward(_: object) -> Any:
    raise RuntimeError("nothing is kept here: no backward pass runs on shapes")
