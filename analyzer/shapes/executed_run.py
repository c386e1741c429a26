"""Body of the process that runs a target's own code: imports it, builds the model, calls it, tells what happened.

The only place of the program that does so. It runs in a worker behind every net, on a copy of the sources that were
read; it knows nothing of what the evaluator says about them.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

from analyzer.records.codec import decode, encode
from analyzer.records.tensors import Dim, ModuleCall, ModuleRecord, TensorSpec
from analyzer.shapes.input_spec import InputSpec, InputValue, TensorValue
from analyzer.shapes.input_values import input_value

if TYPE_CHECKING:
    from torch import nn

SEED = 0
DEEPEST = 8
"""Levels of nested values in which tensors are looked for."""

_checked: list[Callable[..., Any]] = []


def prepare() -> None:
    """Import what a run needs, and forget our own package where the target may have one of that name."""
    import torch  # noqa: F401

    from reference_model.validation import validate

    _checked.append(validate)
    for name in [name for name in sys.modules if name.partition(".")[0] == "reference_model"]:
        del sys.modules[name]


def execute(payload: Mapping[str, Any]) -> Iterator[object]:
    """Yields what was built, then each call, then the checks; or why the target's code did not get that far."""
    import torch

    sys.path[:0] = payload["search_first"]
    sys.path += payload["search_last"]
    sys.argv = [payload["path"]]
    os.environ.update(payload["environment"])
    random.seed(SEED)
    torch.manual_seed(SEED)
    if payload["default_dtype"]:
        torch.set_default_dtype(getattr(torch, payload["default_dtype"]))
    with torch.device(payload["device"]):
        try:
            model = build(payload["module"], payload["expression"])
        except BaseException as error:  # a script may leave by SystemExit
            yield {"raised": described(error)}
            return
        if not isinstance(model, torch.nn.Module):
            yield {"raised": f"the expression gives a {type(model).__name__}, no module"}
            return
        yield {"built": built(model)}
        for call in payload["calls"]:
            yield {"call": made(model, call)}
        if payload["calls"] and payload["device"] == "cpu":
            yield {"checks": checks(model, payload["calls"][-1])}


def build(module: str, expression: str) -> Any:
    """The value of an expression, or of statements that end in one, in the scope of an imported module."""
    scope = dict(vars(importlib.import_module(module)))
    *statements, last = ast.parse(expression).body
    exec(compile(ast.Module(statements, []), "<build>", "exec"), scope)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "<build>", "eval"), scope)


def described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().split("\n")[0][:200]


def built(model: nn.Module) -> dict[str, object]:
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "trainable": sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        "buffers": sum(buffer.numel() for buffer in model.buffers()),
    }


# ---- calls


def made(model: nn.Module, call: Mapping[str, Any]) -> dict[str, object]:
    """The modules with their calls in order, and the output; `raised` where the call ended early."""
    import torch

    calls: dict[str, list[ModuleCall]] = {}
    paths = {module: path for path, module in model.named_modules()}

    def record(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        inputs = (*find_tensors(args), *find_tensors(kwargs))
        calls.setdefault(paths.get(module, "?"), []).append(ModuleCall(inputs, find_tensors(output)))

    handles = [module.register_forward_hook(record, with_kwargs=True) for module in paths]
    result: dict[str, object] = {}
    try:
        model.train(call["training"])
        args, kwargs = arguments(model, call)
        with torch.no_grad():
            output = method_of(model, call["method"])(*args, **kwargs)
        result["output"] = encode(find_tensors(output))
    except BaseException as error:
        result["raised"] = described(error)
    finally:
        for handle in handles:
            handle.remove()
    result["modules"] = encode(tuple(record_of(path, module, calls) for path, module in model.named_modules()))
    return result


def method_of(model: nn.Module, name: str) -> Callable[..., Any]:
    """The module itself for `forward`, so that its hooks see the call."""
    method: Callable[..., Any] = model if name == "forward" else getattr(model, name)
    return method


def record_of(path: str, module: nn.Module, calls: Mapping[str, list[ModuleCall]]) -> ModuleRecord:
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return ModuleRecord(path, type(module).__name__, parameters, calls=tuple(calls.get(path, ())))


def find_tensors(value: Any, depth: int = 0) -> tuple[TensorSpec, ...]:
    """The tensors in `value`, nested structures and dataclasses flattened in order, as the evaluator does it."""
    import torch

    if isinstance(value, torch.Tensor):
        return (TensorSpec(tuple(Dim(size) for size in value.shape), str(value.dtype).removeprefix("torch.")),)
    if depth > DEEPEST:
        return ()
    items: Any = ()
    if isinstance(value, Mapping):
        items = value.values()
    elif isinstance(value, (list, tuple)):
        items = value
    elif is_dataclass(value) and not isinstance(value, type):
        items = vars(value).values()
    return tuple(spec for item in items for spec in find_tensors(item, depth + 1))


def checks(model: nn.Module, call: Mapping[str, Any]) -> list[dict[str, object]]:
    """Forward, shape, finite numbers, range, gradients and memory, as the reference model checks its presets."""
    if call["method"] != "forward":
        return []
    (validate,) = _checked
    args, kwargs = arguments(model, call)
    found = validate(model.train(call["training"]), args, kwargs)
    return [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in found]


# ---- inputs


def arguments(model: nn.Module, call: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """A name that the signature knows is bound by it, any other by position, as in the evaluation."""
    import torch

    parameters = inspect.signature(getattr(type(model), call["method"])).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    torch.manual_seed(SEED)
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for spec in decode(tuple[InputSpec, ...], call["inputs"]):  # type: ignore[arg-type]
        value = value_of(spec.value, largest_index(model))
        if spec.name in parameters or open_ended:
            kwargs[spec.name] = value
        else:
            args.append(value)
    return args, kwargs


def largest_index(model: nn.Module) -> int:
    """Integers below it can index every embedding of the model."""
    import torch

    tables = [module.num_embeddings for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    return min(tables, default=2)


def value_of(value: InputValue, bound: int) -> Any:
    """Random contents of the form that is asked for: integers below `bound`, normal numbers, all true."""
    return input_value(value, lambda form: random_tensor(form, bound))


def random_tensor(value: TensorValue, bound: int) -> Any:
    import torch

    size = [dim.number({}) for dim in value.dims]
    dtype: torch.dtype = getattr(torch, value.dtype)
    if dtype == torch.bool:
        return torch.ones(size, dtype=dtype)
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(size).to(dtype)
    return torch.randint(min(bound, torch.iinfo(dtype).max), size, dtype=dtype)
