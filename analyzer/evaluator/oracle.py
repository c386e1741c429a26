"""The only file on torch's private API: fake tensors, symbolic sizes, and which operators run for real.

An operator whose tensors are all real constants runs for real; one that touches a fake tensor runs on
shapes alone, and so does one whose result is large: its contents are computed where code asks for them
(`constants`). Contents that are random, uninitialised or written from a fake tensor are no constants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch._C._autograd import _top_saved_tensors_default_hooks
from torch._decomp import decomposition_table
from torch._guards import Source
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
    UnsupportedOperatorException,
)
from torch.fx.experimental.symbolic_shapes import DimDynamic, GuardOnDataDependentSymNode, ShapeEnv
from torch.nn.modules import module as module_hooks
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, _get_current_dispatch_mode_stack
from torch.utils._pytree import tree_map

from analyzer.evaluator.bounds import Bounds
from analyzer.evaluator.constants import Constants, leaves_of, storage_of
from analyzer.evaluator.devices import neutral, without_devices
from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.operator_calls import (
    argument,
    asks_for_contents,
    check_repeats,
    has_symbolic_size,
    is_determined,
    is_small,
    may_grow,
    refuse_new_form,
    written,
)
from analyzer.evaluator.values import find_unknown, plain

SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
NO_SYMBOLIC_FORM = re.compile(
    r"Cannot call \w+\(\) on tensor with symbolic|SymIntArrayRef expected to contain only concrete|Expected.*concrete int"  # noqa: E501
)
BINCOUNT = torch.ops.aten.bincount.default
INDEX = torch.ops.aten.index.Tensor


class _Dimension(Source):
    """Where a symbol comes from; torch's own sources live in a module that takes two seconds to import."""

    def __init__(self, name: str) -> None:
        self.dimension = name

    @property
    def _name_template(self) -> str:
        return self.dimension

    def __hash__(self) -> int:
        return hash(self.dimension)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Dimension) and other.dimension == self.dimension


class _Shared:
    """A copied tensor (`copy.deepcopy(block)`) stays in the world of the original."""

    def __deepcopy__(self, memo: object) -> Any:
        return self


class _Mode(_Shared, FakeTensorMode):  # type: ignore[no-untyped-call]
    pass


class _Environment(_Shared, ShapeEnv):
    def _maybe_guard_rel(self, expression: Any) -> None:  # type: ignore[override]
        """A decided relation is logged by us and must not replace the symbol by its number."""


def _empty_alike(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype)


class _Alike(torch.autograd.Function):
    """A tensor of the same form that is no leaf."""

    @staticmethod
    def forward(context: Any, tensor: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return _empty_alike(tensor)


class Oracle:
    """Real torch operators on tensors that have a shape and a type, and contents only where they are constant."""

    def __init__(
        self,
        decided: Callable[[str, bool], None],
        specialised: Callable[[str], None],
        device_replaced: Callable[[str], None] = lambda device: None,
    ) -> None:
        self.device_replaced = device_replaced
        self.environment = _Environment(duck_shape=False, specialize_zero_one=False)
        self.fake = _Mode(shape_env=self.environment, allow_non_fake_inputs=True)
        self.names: dict[str, str] = {}
        """Symbol of the shape environment (`s44`) to the name of the dim (`T`)."""
        self._symbols: dict[str, torch.SymInt] = {}
        self.constants = Constants()
        self.bounds = Bounds()
        self._changed: dict[int, torch.Tensor] = {}
        self._decided = decided
        self._specialised = specialised
        self._functions = _Functions(self)
        self._dispatch = _Dispatch(self)
        self.watched: list[int] | None = None
        """Storages with contents that were written to, while somebody wants to know."""
        self.changed: Callable[[torch.Tensor], None] = lambda tensor: None
        """Told of every tensor that is written to."""
        self._active = 0
        self.tentative: Callable[[], bool] = lambda: False
        """Whether what is evaluated now may not happen at all: nothing real may be changed by it."""

    @contextmanager
    def active(self) -> Iterator[None]:
        """Operators inside answer by this oracle."""
        if self._active:
            yield
            return
        self._active += 1
        dtype = torch.get_default_dtype()
        grad = torch.is_grad_enabled()
        try:
            with self._functions, self._dispatch:
                yield
        finally:
            self._active -= 1
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)

    def symbol(self, name: str, value: int) -> torch.SymInt:
        """The symbolic size of that name; the first value given is its hint."""
        if name not in self._symbols:
            source = _Dimension(name)
            symbol = self.environment.create_symbol(
                value, source, dynamic_dim=DimDynamic.DYNAMIC, constraint_dim=None, do_not_specialize_zero_one=True
            )
            made = self.environment.create_symintnode(symbol, hint=value, source=source)
            assert isinstance(made, torch.SymInt)
            self._symbols[name] = made
            self.names[str(symbol)] = name
        return self._symbols[name]

    def tensor(self, shape: Sequence[Any], dtype: str = "float32") -> torch.Tensor:
        """A fake tensor; a dim is an integer or a pair of name and value."""
        sizes = [self.symbol(*dim) if isinstance(dim, tuple) else dim for dim in shape]
        with self.fake:
            return torch.empty(sizes, dtype=getattr(torch, dtype))

    def as_fake(self, tensor: torch.Tensor) -> torch.Tensor:
        """The same tensor without contents."""
        if isinstance(tensor, FakeTensor) and not self.constants.computable(tensor):
            return tensor
        with self.fake:
            return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype)

    def is_fake(self, tensor: torch.Tensor) -> bool:
        return isinstance(tensor, FakeTensor) or storage_of(tensor) in self._changed

    def is_real(self, tensor: torch.Tensor) -> bool:
        return not self.is_fake(tensor)

    def has_contents(self, value: Any) -> bool:
        """Whether a tensor's contents are constants that code may branch on."""
        return isinstance(value, torch.Tensor) and (not self.is_fake(value) or self.constants.computable(value))

    def contents(self, tensor: torch.Tensor) -> torch.Tensor:
        """A real tensor with the contents of one that has them."""
        if not self.is_fake(tensor):
            return tensor
        with _disable_current_modes(), torch.no_grad():
            return self.constants.compute(tensor)

    def shaped(self, sizes: Sequence[Any], dtype: torch.dtype) -> torch.Tensor:
        """A tensor without contents whose sizes may depend on data."""
        with self.fake:
            return torch.empty(tuple(sizes), dtype=dtype)

    def data_number(self) -> torch.SymInt:
        """A whole number that depends on data."""
        made = self.environment.create_unbacked_symint()
        assert isinstance(made, torch.SymInt)
        return made

    def data_size(self) -> torch.SymInt:
        """A size that depends on data."""
        made = self.data_number()
        torch._check(made >= 0)  # type: ignore[no-untyped-call]
        return made

    def depends_on_data(self, value: Any) -> bool:
        """Whether a symbolic number has no number behind it in this run."""
        return isinstance(value, SYMBOLIC) and self.hint(value) is None

    @staticmethod
    def expression(value: Any) -> Any:
        """What to compare where two sizes may be the same: an expression over symbols, or the number."""
        return value.node.expr if isinstance(value, SYMBOLIC) else value

    def written(self, tensor: torch.Tensor) -> None:
        """The contents of this tensor change."""
        if self.watched is not None and (not isinstance(tensor, FakeTensor) or self.constants.has_recipe(tensor)):
            self.watched.append(storage_of(tensor))
        self.constants.written(tensor)
        self.changed(tensor)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Tensors are looked at inside as they are: nobody who follows the evaluation sees it."""
        with torch._C.DisableTorchFunction(), _disable_current_modes(), torch.no_grad():
            yield

    def is_followed(self, known: Sequence[Any]) -> bool:
        """Whether somebody besides us and those known sees each operator, each kept tensor or each call of a module."""
        expected = {id(self._dispatch), *map(id, known)}
        if any(id(mode) not in expected for mode in _get_current_dispatch_mode_stack()):
            return True
        keeping = _top_saved_tensors_default_hooks(True)
        hooks = module_hooks._global_forward_hooks, module_hooks._global_forward_pre_hooks
        strange = keeping is not None and id(getattr(keeping[0], "__self__", None)) not in expected
        return strange or any(len(held) > 1 for held in hooks)

    def data_numbers(self) -> int:
        """How many numbers that depend on data there are so far."""
        return int(self.environment.unbacked_symint_counter)

    def alike(self, tensor: torch.Tensor) -> torch.Tensor:
        """A new tensor of the same form, as if the operators that made this one had run again."""
        with torch._C.DisableTorchFunction(), _disable_current_modes():
            if not isinstance(tensor, FakeTensor):
                made = tensor.clone()
            else:
                with self.fake:
                    made = _Alike.apply(tensor) if tensor.requires_grad else _empty_alike(tensor)  # type: ignore[no-untyped-call]
        self.bounds.put(made, self.bounds.of(tensor))
        return made

    def forget_contents(self, tensor: torch.Tensor) -> None:
        """From now on this real tensor's contents count as unknown."""
        self.written(tensor)
        if not isinstance(tensor, FakeTensor):
            self._changed[storage_of(tensor)] = tensor

    def text(self, value: Any) -> str:
        """A symbolic size in the names of its dims."""
        shown = str(value.node.expr if isinstance(value, SYMBOLIC) else value)
        return re.sub(r"\b[su]\d+\b", lambda found: self.names.get(found.group(), found.group()), shown)

    def hint(self, value: Any) -> Any:
        """The number behind a symbolic size, without specialising it; None where it depends on data."""
        node = value.node
        if node.hint is not None:
            return node.hint
        expression = node.expr
        known = {s: self.environment.backed_var_to_val.get(s) for s in getattr(expression, "free_symbols", ())}
        if not known or any(number is None for number in known.values()):
            return None
        return type(value.node.pytype(0))(expression.subs(known))

    def decide(self, value: Any) -> bool:
        """The truth of a symbolic condition by its hint; the condition is logged."""
        hint = self.hint(value)
        if hint is None:
            raise CannotEvaluate("depends_on_data", self.text(value))
        if isinstance(value, torch.SymBool):
            self._decided(self.text(value), bool(hint))
        return bool(hint)

    def run_fake(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """The operator on shapes; where torch has no symbolic form of it, on the numbers behind the symbols.

        Fake mode runs an operator for real if none of its tensors is fake, so the first ones are made so.
        """
        leaves = leaves_of(args, kwargs)
        if not any(isinstance(leaf, FakeTensor) for leaf in leaves):
            args, kwargs = tree_map(self._without_contents, (args, dict(kwargs)))
        try:
            with self.fake:
                return function(*args, **kwargs)
        except RuntimeError as error:
            refusal = refusal_for(error)
            if refusal is not None:
                raise refusal from None
            if not NO_SYMBOLIC_FORM.search(str(error)):
                raise
        return self._run_decomposed(function, args, kwargs)

    def _run_decomposed(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        decomposition = decomposition_table.get(function)
        if decomposition is not None:
            try:
                with self.fake:
                    return decomposition(*args, **kwargs)
            except RuntimeError as error:
                if not NO_SYMBOLIC_FORM.search(str(error)):
                    raise
        args, kwargs = tree_map(self._concrete, (args, dict(kwargs)))
        self._specialised(str(function))
        with self.fake:
            return function(*args, **kwargs)

    def _without_contents(self, value: Any) -> Any:
        return self.as_fake(value) if isinstance(value, torch.Tensor) else value

    def _concrete(self, value: Any) -> Any:
        """The same with numbers for symbols."""
        if isinstance(value, SYMBOLIC):
            hint = self.hint(value)
            if hint is None:
                raise CannotEvaluate("depends_on_data", self.text(value))
            return hint
        if isinstance(value, FakeTensor) and any(isinstance(size, torch.SymInt) for size in value.shape):
            with self.fake:
                return torch.empty([self._concrete(size) for size in value.shape], dtype=value.dtype)
        return value


def refusal_for(error: BaseException) -> CannotEvaluate | None:
    """Our refusal for what torch raises when shapes alone do not decide."""
    if isinstance(error, (DataDependentOutputException, GuardOnDataDependentSymNode)):
        return CannotEvaluate("depends_on_data", _first_line(error))
    if isinstance(error, DynamicOutputShapeException):
        return CannotEvaluate("size_depends_on_data", _first_line(error))
    if isinstance(error, UnsupportedOperatorException):
        return CannotEvaluate("no_fake_kernel", _first_line(error))
    return None


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:120]


class _Functions(TorchFunctionMode):
    """Devices are ignored, initialisers cost nothing, unknown arguments give unknown results."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self.oracle = oracle

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        unknown = find_unknown(args, kwargs)
        if unknown is not None:
            return plain(unknown)
        if getattr(func, "__module__", "") == "torch.nn.init":
            tensor = args[0] if args else kwargs.get("tensor")  # torch names it where it hands the call on
            if isinstance(tensor, torch.Tensor):
                self.oracle.forget_contents(tensor)
                return tensor
        name = getattr(func, "__name__", "")
        if name == "__deepcopy__" and isinstance(
            args[0], torch.Tensor
        ):  # torch copies storages, of which fakes have none
            return args[0].detach().clone().requires_grad_(args[0].requires_grad)
        if name in ("cuda", "cpu", "pin_memory", "xpu") and args and isinstance(args[0], torch.Tensor):
            if name in ("cuda", "xpu"):
                self.oracle.device_replaced(name)
            return args[0]
        if func is not torch.device:
            self._note_devices(name, args, kwargs)
        args, kwargs = without_devices(name, args, kwargs)
        return func(*args, **kwargs)

    def _note_devices(self, name: str, args: Any, kwargs: dict[str, Any]) -> None:
        for value in (kwargs.get("device"), *(args[1:] if name in ("to", "_to") else ())):
            if (
                value is not None
                and neutral(value) is not value
                and str(value).partition(":")[0] not in ("cpu", "meta")
            ):
                self.oracle.device_replaced(str(value))


class _Dispatch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Routes each operator to real or fake tensors."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.oracle = oracle

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here; torch's wrapper that says so would import its compiler."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        leaves = leaves_of(args, kwargs)
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        if not tensors:
            return self._create(func, args, kwargs)
        oracle = self.oracle
        symbolic = any(isinstance(leaf, SYMBOLIC) for leaf in leaves)  # run for real, they would turn into numbers
        constant = not symbolic and is_determined(func)
        if func._schema.is_mutable and oracle.tentative():
            constant = False
            refuse_new_form(func)
        if not constant or any(oracle.is_fake(tensor) for tensor in tensors):
            return self._run_fake(func, args, kwargs, tensors, constant=constant)
        if asks_for_contents(func):
            check_repeats(func, args)
        elif may_grow(tensors, args, kwargs) and self._grows(func, args, kwargs):
            return self._keep_recipe(func, args, kwargs, oracle.run_fake(func, args, kwargs))
        if func._schema.is_mutable:
            for tensor in written(func, args, kwargs):
                oracle.written(tensor)
        return func(*args, **kwargs)

    def _positions(self, index: Any) -> Sequence[Any]:
        """A mask with known contents chooses as many entries as it has true ones: it stands for their positions."""
        if not isinstance(index, torch.Tensor) or index.dtype != torch.bool or not self.oracle.has_contents(index):
            return (index,)
        return self.oracle.contents(index).nonzero(as_tuple=True)

    def _count(self, args: Any, kwargs: Any) -> torch.Tensor:
        """`bincount`, of which torch knows no shape: as many entries as there can be different numbers."""
        weights, least = argument(args, kwargs, 1, "weights", None), argument(args, kwargs, 2, "minlength", 0)
        size, most = self.oracle.bounds.count(args[0], least, self.oracle.data_size)
        made = self.oracle.shaped((size,), torch.int64 if weights is None else weights.dtype)
        self.oracle.bounds.put_length(made, most)
        return made

    def _create(self, func: Any, args: Any, kwargs: Any) -> Any:
        made = self.oracle.run_fake(func, args, kwargs)
        if not is_determined(func) or has_symbolic_size(made):
            return made
        return func(*args, **kwargs) if is_small(made) else self._keep_recipe(func, args, kwargs, made)

    def _keep_recipe(self, func: Any, args: Any, kwargs: Any, made: Any) -> Any:
        self.oracle.constants.record(func, args, kwargs, made, self.oracle.is_real)
        return made

    def _contents(self, value: Any) -> Any:
        return self.oracle.contents(value) if isinstance(value, torch.Tensor) else value

    def _grows(self, func: Any, args: Any, kwargs: Any) -> bool:
        if func._schema.is_mutable:
            return False
        return not is_small(self.oracle.run_fake(func, args, kwargs))

    def _run_fake(self, func: Any, args: Any, kwargs: Any, tensors: Sequence[torch.Tensor], *, constant: bool) -> Any:
        oracle = self.oracle
        if constant and asks_for_contents(func) and all(map(oracle.has_contents, tensors)):
            args, kwargs = tree_map(self._contents, (args, kwargs))
            check_repeats(func, args)
            return func(*args, **kwargs)
        if func is INDEX and constant:
            args = (args[0], [part for index in args[1] for part in self._positions(index)])
        result = self._count(args, kwargs) if func is BINCOUNT else oracle.run_fake(func, args, kwargs)
        if not func._schema.is_mutable:
            oracle.bounds.note(func, args, kwargs, result)
            return self._keep_recipe(func, args, kwargs, result) if constant else result
        changed = written(func, args, kwargs)
        for tensor in changed:
            oracle.forget_contents(tensor)
        if isinstance(result, torch.Tensor) and changed and len(func._schema.returns) == 1:
            return changed[0] if not isinstance(changed[0], FakeTensor) else result
        return result
