# ruff: noqa: E501 - one row, one line
"""Pieces of torch that are ours: parameters without contents, devices, compilers, checkpoints, data parallelism."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.library.torch_modules import INIT
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.native.data_arrays import DataArray, element, listed
from analyzer.evaluator.native.stdlib import NullContext
from analyzer.evaluator.policy import OfClass, Proxy
from analyzer.evaluator.values import UnknownValue, find_unknown

LEGACY = ["FloatTensor", "LongTensor", "IntTensor", "BoolTensor", "DoubleTensor", "HalfTensor", "ByteTensor"]

GRADIENT_MODES = "torch.autograd.grad_mode"


def provide(session: Any) -> Provided:
    names: dict[str, Any] = {
        "torch.compile": _identity, "torch.jit.script": _identity, "torch.jit.ignore": _identity,
        "torch.jit.export": _identity, "torch.jit.unused": _identity, "torch.jit.script_if_tracing": _identity,
        "torch.jit.interface": _identity,
        "torch.jit.is_scripting": lambda: False, "torch.jit.is_tracing": lambda: False,
        "torch.jit.isinstance": lambda value, kind: session.natives.by_name["isinstance"](value, kind),  # noqa: PLW0108 - made later
        "torch.jit.annotate": lambda kind, value: value, "torch.fx.wrap": _identity,
        **{f"torch.{name}": _assertion(session) for name in ("_assert", "_assert_async", "_check", "_check_tensor_all")},
        **{f"torch.{name}_with": _assertion_with(session) for name in ("_check", "_check_tensor_all")},
        **{f"torch.compiler.{name}": lambda: False for name in ("is_compiling", "is_exporting", "is_dynamo_compiling")},
        **{f"torch.compiler.{name}": _identity for name in ("disable", "allow_in_graph", "assume_constant_result")},
        **{f"torch._dynamo.{name}": _identity for name in ("disable", "allow_in_graph", "assume_constant_result")},
        "torch._dynamo.is_compiling": lambda: False, "torch._dynamo.mark_static_address": lambda *args, **kwargs: None,
        "torch._dynamo.mark_dynamic": lambda *args, **kwargs: None, "torch._dynamo.graph_break": lambda *args, **kwargs: None,
        "torch.cuda.is_available": _no_device(session, "torch.cuda.is_available()", False),
        "torch.cuda.device_count": _no_device(session, "torch.cuda.device_count()", 0),
        "torch.fx.Proxy": _never_made("torch.fx", "Proxy"),
        "torch._subclasses.FakeTensor": _never_made("torch._subclasses", "FakeTensor"),
        "torch.nn.functional.grouped_mm": _grouped_product,
        "torch.xpu.is_available": _no_device(session, "torch.xpu.is_available()", False),
        "torch.xpu.is_current_stream_capturing": _no_device(session, "torch.xpu.is_current_stream_capturing()", False),
        "torch.cuda.is_current_stream_capturing": _no_device(session, "torch.cuda.is_current_stream_capturing()", False),
        "torch.cuda.is_bf16_supported": _no_device(session, "torch.cuda.is_bf16_supported()", False),
        "torch.backends.mps.is_available": _no_device(session, "torch.backends.mps.is_available()", False),
        "torch.mps.is_available": _no_device(session, "torch.mps.is_available()", False),
        "torch.distributed.is_available": lambda: False, "torch.distributed.is_initialized": lambda: False,
        "torch.distributed.get_world_size": lambda *a: 1, "torch.distributed.get_rank": lambda *a: 0,
        "torch.accelerator.current_accelerator": _no_device(session, "torch.accelerator.current_accelerator()", None),
        "torch.accelerator.is_available": _no_device(session, "torch.accelerator.is_available()", False),
        "torch.utils._pytree.register_pytree_node": lambda *args, **kwargs: None,
        "torch.manual_seed": lambda seed: None, "torch.seed": lambda: 0,
        "torch.inference_mode": _inference_mode, "torch.autograd.function.Function.apply": OfClass(_apply_of(session)),
        **{f"torch.{name}": lambda *args, **kwargs: NullContext() for name in ("autocast", "amp.autocast", "cuda.amp.autocast")},
        "torch.is_autocast_cpu_enabled": lambda: False, "torch.get_default_device": lambda: torch.device("cpu"),
        "torch.nn.attention.sdpa_kernel": lambda *args, **kwargs: NullContext(),
        "torch.is_autocast_enabled": lambda *args: False,
        "torch.utils.checkpoint.checkpoint": _checkpoint(session),
        "torch.is_tensor": lambda value: value if isinstance(value, UnknownValue) else isinstance(value, torch.Tensor),
        "torch.Tensor.numpy": _numpy(session), "torch.Tensor.item": _item(session), "torch.Tensor.tolist": _to_list(session),
        "torch.Tensor.type": _type, "torch.Tensor.get_device": lambda self: -1,
        "torch.version.cuda": None, "torch.jit.ScriptModule": type("ScriptModule", (nn.Module,), {"__module__": "torch.jit"}),
        "torch.jit.script_method": _identity,
        "torch.nn.Module.cuda": lambda self, *args: self, "torch.nn.Module.cpu": lambda self: self,
        "torch.nn.Module.xpu": lambda self, *args: self,
        "torch.nn.Module.load_state_dict": lambda self, *args, **kwargs: session.unknown("weights_not_loaded"),
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm": lambda module, *args: module,
        "torch.optim.Optimizer": type("Optimizer", (), {"__module__": "torch.optim"}),
    }  # fmt: skip
    modes = [f"{GRADIENT_MODES}.{kind}" for kind in ("no_grad", "enable_grad", "set_grad_enabled")]
    names |= {f"{mode}.{end}": _method(end) for mode in modes for end in ("__enter__", "__exit__")}
    calls: dict[Any, Callable[..., Any]] = {
        nn.Parameter: lambda *args, **kwargs: _parameter(session, *args, **kwargs),
        torch.Tensor: lambda *args: _legacy_tensor(session, torch.float32, *args),
        nn.DataParallel: lambda module, *args, **kwargs: _Parallel(module),
        nn.parallel.DistributedDataParallel: lambda module, *args, **kwargs: _Distributed(module),
    }
    names |= {f"torch.nn.init.{name}": _initialiser(session, name) for name in INIT.split() if name.endswith("_")}
    for name in LEGACY:
        dtype = torch.tensor([], dtype=getattr(torch, name).dtype).dtype
        calls[getattr(torch, name)] = lambda *args, dtype=dtype: _legacy_tensor(session, dtype, *args)
    return names, calls, {}


def _no_device(session: Any, question: str, answer: bool | int | None) -> Callable[..., bool | int | None]:
    """Models are evaluated as on a machine without accelerator; code that asks is told so, and the report says it."""

    def ask(*args: Any, **options: Any) -> bool | int | None:
        if _is_called(session.current):
            session.asked_device = question.removesuffix("()")
        session.assume_device(f"{question} = {answer}")
        return answer

    return ask


def _is_called(frame: Any) -> bool:
    """The line belongs to what is being evaluated, not to a file that is only loaded for it."""
    while frame is not None and frame.caller is not None:
        if not frame.function:
            return False
        frame = frame.caller
    return True


def _never_made(module: str, name: str) -> type:
    """A class of values that only tracers make; an evaluation has none, whatever is asked about it."""
    return type(name, (), {"__module__": module})


def _grouped_product(
    rows: Any, matrices: Any, *, offs: Any = None, bias: Any = None, out_dtype: Any = None
) -> torch.Tensor:
    """Each row times the matrix of its group: sizes and cost are those of all rows times one of them.

    torch's own rule for tensors without contents takes bfloat16 only, its kernels take more.
    """
    for value in (rows, matrices, offs, bias):
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
    if rows.dim() != 2 or matrices.dim() != 3 or offs is None or bias is not None or out_dtype is not None:
        raise CannotEvaluate("not_in_library", "torch.nn.functional.grouped_mm of other forms")
    if offs.dim() != 1 or offs.dtype != torch.int32 or offs.shape[0] != matrices.shape[0]:
        raise RuntimeError("grouped_mm: offs must hold one int32 end for each matrix")
    product: torch.Tensor = rows @ matrices[0]
    return product


def _initialiser(session: Any, name: str) -> Callable[..., Any]:
    """Initialisation changes contents only; what it demands of the shape still holds."""
    wants_matrix = any(part in name for part in ("xavier", "kaiming", "orthogonal"))

    def initialise(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(tensor, torch.Tensor):
            if wants_matrix and tensor.dim() < 2:
                raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
            value = kwargs.get("val", *args[:1] or (None,)) if name == "constant_" else FILLED_WITH.get(name)
            if isinstance(value, (int, float)) and _is_setting(session, tensor):
                with torch.no_grad():
                    return tensor.fill_(value)
            session.oracle.forget_contents(tensor)
        return tensor

    return initialise


FILLED_WITH = {"zeros_": 0.0, "ones_": 1.0}


def _is_setting(session: Any, tensor: torch.Tensor) -> bool:
    """Whether a tensor is a number or a few that are known: what a buffer keeps is read when the model is called."""
    few = not isinstance(tensor, nn.Parameter) and session.oracle.has_contents(tensor)
    return few and tensor.numel() <= MOST_SETTINGS


MOST_SETTINGS = 16


def _assertion(session: Any) -> Callable[..., None]:
    """A condition on sizes or constants is decided as `assert` decides it; what it says is a function or a text."""

    def demand(condition: Any, message: Any = "") -> None:
        if not session.truth(condition):
            raise AssertionError(session.call(message, (), {}) if callable(message) else message)

    return demand


def _assertion_with(session: Any) -> Callable[..., None]:
    """The same with the kind of error that is raised where it fails."""
    demand = _assertion(session)

    def demand_with(error: Any, condition: Any, message: Any = "") -> None:
        try:
            demand(condition, message)
        except AssertionError as failed:
            raise session.call(error, failed.args, {}) from None

    return demand_with


def _identity(function: Any = None, *args: Any, **kwargs: Any) -> Any:
    return _identity if function is None else function


class GradientContext(Proxy):
    """What `forward` of an own gradient function keeps for its `backward`, which is never run."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {"needs_input_grad": (True,) * 64, "saved_tensors": ()}

    def member(self, name: str) -> Any:
        if name in ("save_for_backward", "mark_dirty", "mark_non_differentiable", "set_materialize_grads"):
            return lambda *values: None
        if name not in self._kept:
            raise AttributeError(name)
        return self._kept[name]

    def set_member(self, name: str, value: Any) -> None:
        self._kept[name] = value


def _apply_of(session: Any) -> Callable[[type], Callable[..., Any]]:
    """`apply` of a subclass of `torch.autograd.Function` runs its `forward`, without gradients."""

    def apply_of(cls: type) -> Callable[..., Any]:
        def apply(*args: Any) -> Any:
            context, forward = GradientContext(), session.attribute(cls, "forward")
            own = cls.__mro__[: cls.__mro__.index(torch.autograd.Function)]
            with torch.no_grad():
                if not any("setup_context" in vars(kind) for kind in own):
                    return session.call(forward, (context, *args), {})
                output = session.call(forward, args, {})
                session.call(session.attribute(cls, "setup_context"), (context, args, output), {})
                return output

        return apply

    return apply_of


def _method(name: str) -> Callable[..., Any]:
    return lambda self, *args: getattr(self, name)(*args)


def _inference_mode(mode: Any = True) -> Any:
    """As `no_grad`: the tensors that inference mode makes may not be changed outside it, ours may."""
    if callable(mode):
        return torch.no_grad()(mode)
    return torch.no_grad() if mode else NullContext()


class _Parallel(nn.DataParallel):  # type: ignore[type-arg]
    """The wrapper as it is on one device: the module under the name `module`, called as it is."""

    def __init__(self, module: nn.Module) -> None:
        nn.Module.__init__(self)
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)


class _Distributed(nn.parallel.DistributedDataParallel):
    """One process of one."""

    def __init__(self, module: nn.Module) -> None:
        nn.Module.__init__(self)
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    train = nn.Module.train


_Parallel.__name__ = _Parallel.__qualname__ = "DataParallel"
_Parallel.__module__ = "torch.nn"
_Distributed.__name__ = _Distributed.__qualname__ = "DistributedDataParallel"
_Distributed.__module__ = "torch.nn.parallel"


def _checkpoint(session: Any) -> Callable[..., Any]:
    def checkpoint(function: Any, *args: Any, **kwargs: Any) -> Any:
        options = ("use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug", "early_stop")
        return session.call(function, args, {key: value for key, value in kwargs.items() if key not in options})

    return checkpoint


def _parameter(session: Any, data: Any = None, requires_grad: bool = True) -> Any:
    """A parameter has a shape and a type; its contents change in training, so they are no constants."""
    unknown = find_unknown((data, requires_grad), {})
    if unknown is not None:
        return unknown
    if data is None:
        data = torch.empty(0)
    fake = session.oracle.as_fake(data.detach() if isinstance(data, nn.Parameter) else data)
    session.parameter_writes.note(fake)
    return nn.Parameter(fake, requires_grad)


def _legacy_tensor(session: Any, dtype: torch.dtype, *args: Any) -> Any:
    """`torch.Tensor(2, 3)` is uninitialised, `torch.Tensor([1, 2])` has contents."""
    unknown = find_unknown(args, {})
    if unknown is not None:
        return unknown
    if len(args) == 1 and not isinstance(args[0], (int, torch.SymInt, torch.Size)):
        value = args[0]
        return value.to(dtype) if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=dtype)
    sizes = args[0] if args and isinstance(args[0], torch.Size) else args
    return torch.empty(tuple(sizes) or (0,), dtype=dtype)


def _contents(session: Any, tensor: torch.Tensor, what: str) -> torch.Tensor:
    if not session.oracle.has_contents(tensor):
        raise CannotEvaluate("depends_on_data", what)
    contents: torch.Tensor = session.oracle.contents(tensor)
    return contents


def _numpy(session: Any) -> Callable[..., Any]:
    def numpy(self: torch.Tensor, **options: Any) -> Any:
        if session.oracle.has_contents(self):
            return session.oracle.contents(self).detach().numpy()
        return DataArray(session, self)

    return numpy


def _item(session: Any) -> Callable[..., Any]:
    def item(self: torch.Tensor) -> Any:
        if session.oracle.has_contents(self):
            return session.oracle.contents(self).item()
        if self.numel() != 1:
            raise RuntimeError("a Tensor with more than one element cannot be converted to Scalar")
        return element(session, self)

    return item


def _to_list(session: Any) -> Callable[..., Any]:
    def to_list(self: torch.Tensor) -> Any:
        if session.oracle.has_contents(self):
            return session.oracle.contents(self).tolist()
        return listed(session, self)

    return to_list


def _type(self: torch.Tensor, dtype: Any = None) -> Any:
    if dtype is None:
        return next((f"torch.{name}" for name in LEGACY if getattr(torch, name).dtype == self.dtype), str(self.dtype))
    if isinstance(dtype, str) and dtype.removeprefix("torch.") in LEGACY:
        dtype = getattr(torch, dtype.removeprefix("torch."))
    return self.to(getattr(dtype, "dtype", dtype))
