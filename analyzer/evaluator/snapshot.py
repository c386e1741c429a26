"""What a call can reach and change, in a form that is equal for two calls only where they cannot behave differently.

Objects are numbered in the order of a fixed walk, so that two graphs of the same form give the same text; what is
no plain data (functions, classes, modules of the library) is the same only if it is the same object. A plain value
that a module of the target holds (a layer's index) stands apart, for whoever can tell that it was not read.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import re
import types
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from analyzer.evaluator.command_line import CommandLine
from analyzer.evaluator.constants import storage_of
from analyzer.evaluator.objects import MARK, is_own_class, is_own_instance
from analyzer.evaluator.oracle import SYMBOLIC, Oracle
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.registrations import FilledTable
from analyzer.evaluator.values import UnknownValue

PLAIN = (type(None), bool, int, float, complex, str, bytes)
_PLAIN = frozenset(PLAIN)
_TORCH_CONSTANTS = (torch.dtype, torch.device, torch.memory_format, torch.layout)
_FIXED = (
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType),
    *(type, Proxy, re.Pattern, torch._ops.OpOverloadPacket, *_TORCH_CONSTANTS),
)
"""Objects that are what they are: nobody changes them without being seen, and they are compared by identity."""
_TABLES = frozenset((list, set, dict, OrderedDict, FilledTable, CommandLine))
_DIGESTED_BYTES = 64_000_000
_DEPTH = 60
MAXIMUM_NESTING = 4
_FAKE_ATTRIBUTES = frozenset(("constant", "dispatch_keys", "fake_mode", "pytype", "real_tensor", "_is_param"))
_BASE_ATTRIBUTES = frozenset(vars(nn.Module())) | {"training"}
_EMPTY_HOOKS = frozenset(name for name in vars(nn.Module()) if "hook" in name)


class CannotCompare(Exception):
    """Something that the walk does not know how to describe."""


class Snapshot:
    """`text` describes everything that is reached from some roots; `plain` are the values that stand apart, by number
    of the module and name.
    """

    __slots__ = ("holders", "numbers", "objects", "plain", "storages", "text")

    def __init__(self) -> None:
        self.text: list[Any] = []
        self.plain: dict[tuple[int, str], tuple[type, Any]] = {}
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.storages: dict[int, int] = {}
        self.holders: list[torch.Tensor] = []
        """A tensor for each storage, by its number."""

    def is_unchanged(self, later: Snapshot) -> bool:
        """Whether a later walk from the same roots met the same objects in the same state."""
        return (
            self.text == later.text
            and self.plain == later.plain
            and len(self.objects) == len(later.objects)
            and all(one is other for one, other in zip(self.objects, later.objects, strict=True))
        )


def take_snapshot(oracle: Oracle, roots: Iterable[Any]) -> Snapshot:
    """Everything that can be reached from the roots; CannotCompare where it holds something not known here."""
    walk = _Walk(oracle)
    with oracle.aside():
        for root in roots:
            walk.visit(root, 0)
    return walk.found


class _Walk:
    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.found = Snapshot()
        self.say = self.found.text.append

    def visit(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind in _PLAIN:
            self.say(kind)
            self.say(value)
        elif isinstance(value, torch.Tensor):
            if self._is_new(value):
                self._tensor(value, depth)
        elif isinstance(value, nn.Module):
            if self._is_new(value):
                self._module(value, depth)
        else:
            self._other(value, kind, depth)

    def _is_new(self, value: Any) -> bool:
        """Numbers the object; one that was met before is told by its number."""
        found = self.found
        number = found.numbers.get(id(value))
        if number is None:
            found.numbers[id(value)] = len(found.objects)
            found.objects.append(value)
            return True
        self.say(Snapshot)
        self.say(number)
        return False

    def _other(self, value: Any, kind: type, depth: int) -> None:
        if depth > _DEPTH:
            raise CannotCompare(kind.__name__)
        if kind is tuple or kind is torch.Size:
            self._items(kind, value, depth)
        elif kind in _TABLES:
            if self._is_new(value):
                self._table(value, kind, depth)
        elif isinstance(value, SYMBOLIC):
            self.say(kind)
            self.say(value.node.expr)
        elif isinstance(value, UnknownValue):
            self.say(kind)
            self.say(value.cause)
        elif isinstance(value, _FIXED) or is_fixed(value):
            self._same(value)
        else:
            self._composed(value, kind, depth)

    def _composed(self, value: Any, kind: type, depth: int) -> None:
        if kind is types.MethodType:
            self._same(value.__func__)
            self.visit(value.__self__, depth + 1)
        elif kind is functools.partial:
            self._items(kind, (value.func, value.args, value.keywords), depth)
        elif is_own_instance(value) and self._is_new(value):
            self._instance(value, kind, depth)
        elif not is_own_instance(value):
            raise CannotCompare(kind.__name__)

    def _same(self, value: Any) -> None:
        self.say(object)
        self.say(id(value))
        self.found.objects.append(value)  # held, so that nothing else gets its identity

    def _items(self, kind: type, values: Iterable[Any], depth: int) -> None:
        items = tuple(values)
        self.say(kind)
        self.say(len(items))
        for item in items:
            self.visit(item, depth + 1)

    def _table(self, value: Any, kind: type, depth: int) -> None:
        self.say(kind)
        if kind is list or kind is set:
            self.say(len(value))
            for item in value:
                self.visit(item, depth + 1)
        else:
            base = OrderedDict if isinstance(value, OrderedDict) else dict  # not what a subclass makes of it
            self.say(base.__len__(value))
            for key, item in base.items(value):
                self.visit(key, depth + 1)
                self.visit(item, depth + 1)

    def _instance(self, value: Any, kind: type, depth: int) -> None:
        """An object of the target: its attributes, and its items if it is a container too."""
        bases = [base for base in kind.__mro__ if not is_own_class(base) and base is not object]
        if any(base not in _TABLES and base is not tuple and not _is_generic(base) for base in bases):
            raise CannotCompare(kind.__name__)
        own = [item for base in kind.__mro__ if is_own_class(base) for item in vars(base).values()]
        if any(isinstance(item, types.MemberDescriptorType) for item in own):
            raise CannotCompare(kind.__name__)
        self.say(id(kind))
        self.found.objects.append(kind)
        if isinstance(value, dict):
            self._table(value, dict, depth)
        elif isinstance(value, (list, tuple, set)):
            base: Any = next(base for base in (list, tuple, set) if isinstance(value, base))
            self._items(kind, base.__iter__(value), depth)
        self._table(getattr(value, "__dict__", {}), dict, depth)

    def _module(self, value: nn.Module, depth: int) -> None:
        if depth > _DEPTH:
            raise CannotCompare("depth")
        kind, number, say = type(value), self.found.numbers[id(value)], self.say
        apart = stands_apart(kind)
        say(id(kind))
        self.found.objects.append(kind)
        attributes = value.__dict__
        say(len(attributes))
        for name, item in attributes.items():
            if name in _EMPTY_HOOKS and not item:
                say(item if item is None else name)
                continue
            say(name)
            if apart and type(item) in _PLAIN and name not in _BASE_ATTRIBUTES:
                self.found.plain[number, name] = (type(item), item)
            else:
                self.visit(item, depth + 1)

    def _tensor(self, value: torch.Tensor, depth: int) -> None:
        kind = type(value)
        if value.layout is not torch.strided or value.is_quantized:
            raise CannotCompare("layout")
        storage = storage_of(value)
        if storage not in self.found.storages:
            self.found.storages[storage] = len(self.found.holders)
            self.found.holders.append(value)
        self._attributes(value)
        self.say(
            (
                kind,
                tuple(map(_size, value.shape)),
                tuple(map(_size, value.stride())),
                _size(value.storage_offset()),
                value.dtype,
                (value.requires_grad, value.is_leaf, value._is_view(), value.is_conj(), value.is_neg()),
                isinstance(value, nn.Parameter),
                self.found.storages[storage],
            )
        )
        self.say(self.oracle.bounds.of(value))
        self._contents(value, depth)

    def _attributes(self, value: torch.Tensor) -> None:
        """What Python code attached to the tensor; fake tensors carry the bookkeeping of their mode."""
        for name, item in value.__dict__.items():
            if name in _FAKE_ATTRIBUTES and (name != "constant" or item is None):
                continue
            if name.startswith("_") and (item is None or name.endswith(("_epoch", "_vc", "_device"))):
                continue
            if type(item) not in _PLAIN:
                raise CannotCompare(f"Tensor.{name}")
            self.say(name)
            self.say(item)

    def _contents(self, value: torch.Tensor, depth: int) -> None:
        if not self.oracle.is_fake(value):
            if value.numel() * value.element_size() > _DIGESTED_BYTES:
                raise CannotCompare("size")
            octets = value.detach().resolve_conj().resolve_neg().contiguous().flatten().view(torch.uint8)
            self.say(hashlib.sha256(octets.numpy().tobytes()).digest())
        elif self.oracle.constants.computable(value):
            recipe = self.oracle.constants.recipe_of(value)
            self.say(str(recipe.function))
            self._items(list, (recipe.position, recipe.args, dict(recipe.kwargs)), depth + 1)


def _size(size: Any) -> Any:
    return size.node.expr if isinstance(size, torch.SymInt) else size


def _is_generic(base: type) -> bool:
    return base.__module__ == "abc" or base.__name__ == "Generic"


def stands_apart(kind: type) -> bool:
    """Whether code of torch has no part in this class but the machinery of modules, which reads no plain attribute."""
    bases = [base for base in kind.__mro__ if not is_own_class(base)]
    return is_own_class(kind) and all(base in (nn.Module, object) or _is_generic(base) for base in bases)


def is_fixed(value: Any, depth: int = 0) -> bool:
    """Whether a value that is not reached from the call's own objects can be relied on not to change."""
    kind = type(value)
    if kind in _PLAIN or isinstance(value, (*_FIXED, UnknownValue, range, *SYMBOLIC)):
        return True
    if depth > MAXIMUM_NESTING:
        return False
    if kind in (tuple, frozenset, torch.Size):
        return all(is_fixed(item, depth + 1) for item in value)
    if isinstance(value, enum.Enum):
        return all(is_fixed(item, depth + 1) for item in vars(value).values())
    if kind is types.MethodType:
        return isinstance(value.__self__, (type, Proxy)) and is_fixed(value.__func__)
    if kind is functools.partial:
        return all(is_fixed(item, depth + 1) for item in (value.func, value.args, *value.keywords.values()))
    return False


def is_own_function(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and MARK in value.__dict__
