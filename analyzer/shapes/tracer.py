"""Which shapes, parameters, FLOPs and cache bytes does the bundled reference GPT have at a given B and T?

torchinfo runs the model on the meta device (torch's own shape rules, no memory, no arithmetic) and lists the modules
that it saw. It keeps one tensor per call and no dtype, so hooks record the rest; where both speak, they must agree.
Knows nothing of the repository under analysis; the only importer of torchinfo and reference_model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from importlib import resources
from typing import TYPE_CHECKING, Any

from analyzer.records.codec import encode
from analyzer.records.errors import UserError
from analyzer.records.tensors import (
    Dim,
    Illustration,
    ModuleCall,
    ModuleRecord,
    ParameterCounts,
    ReferenceTrace,
    TensorSpec,
    Yardstick,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

    from reference_model.config import ModelConfig
    from reference_model.model import GPT

Calls = dict[str, list[ModuleCall]]


def trace_reference(preset: str, batch: int = 2, length: int = 16) -> ReferenceTrace:
    """Rows of shapes for training, prefill (`inference`) and one decode step, with totals and formulas."""
    import torch

    config = read_preset(preset, batch, length)
    with torch.device("meta"):
        model = build_model(config)
        tokens = torch.zeros(batch, length, dtype=torch.long)
        next_token = torch.zeros(batch, 1, dtype=torch.long)
    cache = model.new_cache(batch)
    training, torchinfo_total = trace_modules(model, tokens, targets=tokens)
    inference, _ = trace_modules(model, tokens, cache=cache)
    # A decode step needs room for one more token: at the full context there is none, and no step to show.
    decode, _ = trace_modules(model, next_token, cache=cache) if length < config.context_length else ((), 0)
    return ReferenceTrace(
        preset=preset,
        batch=batch,
        length=length,
        configuration=tuple((field.name, repr(getattr(config, field.name))) for field in fields(config)),
        parameters=count_parameters(model),
        flops_forward=count_forward_flops(model, tokens),
        flops_formula=derive_flops_formula(config),
        kv_bytes_per_token=count_kv_bytes_per_token(model),
        kv_formula=f"2*n_layers*n_kv_heads*head_dim*{model.token_embedding.weight.element_size()}",
        training=training,
        inference=inference,
        decode=decode,
        illustration=read_illustration(preset),
        torchinfo_total=torchinfo_total,
    )


def prepare() -> None:
    """Import what tracing needs, before the nets of the worker are up."""
    import torchinfo  # noqa: F401

    import reference_model.model  # noqa: F401


def trace(payload: Mapping[str, Any]) -> Iterator[object]:
    """Body of a worker: one encoded ReferenceTrace for `preset`, `batch` and `length`."""
    yield encode(trace_reference(payload["preset"], payload["batch"], payload["length"]))


def reference_yardstick(preset: str, batch: int = 2, length: int = 16) -> Yardstick:
    """What stands beside an analysed model: totals only, without the rows."""
    import torch

    with torch.device("meta"):
        model = build_model(read_preset(preset, batch, length))
        tokens = torch.zeros(batch, length, dtype=torch.long)
    return Yardstick(
        preset=preset,
        batch=batch,
        length=length,
        context_length=model.config.context_length,
        parameters=count_parameters(model).total,
        flops_forward=count_forward_flops(model, tokens),
        kv_bytes_per_token=count_kv_bytes_per_token(model),
        activation_dtype=str(model.token_embedding.weight.dtype).removeprefix("torch."),
    )


def read_illustration(preset: str) -> Illustration | None:
    """What the committed weights make of a sentence; they are those of one preset, and None for any other."""
    path = resources.files("reference_model") / "assets" / "illustrations.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["preset"] != preset:
        return None
    last_layer, first_head = content["attention"][-1], 0
    return Illustration(
        sentence=content["sentence"],
        characters=tuple(content["characters"]),
        token_ids=tuple(content["token_ids"]),
        attention=tuple(tuple(row) for row in last_layer[first_head]),
    )


def read_preset(preset: str, batch: int, length: int) -> ModelConfig:
    """The preset, with its context widened to `length` where that is longer: RoPE trains no table of positions, so
    no parameter changes.
    """
    from reference_model.config import PRESETS

    if preset not in PRESETS:
        raise UserError(f"no preset {preset!r}", remedy=f"choose one of {', '.join(PRESETS)}")
    config = PRESETS[preset]
    if batch < 1 or length < 1:
        raise UserError(f"batch {batch} and length {length}", remedy="both must be at least 1")
    if length <= config.context_length:
        return config
    if config.position == "learned":
        raise UserError(
            f"the preset {preset!r} learns {config.context_length} positions", remedy=f"length {length} is too long"
        )
    return replace(config, context_length=length)


def build_model(config: ModelConfig) -> GPT:
    from reference_model.model import GPT

    return GPT(config)


# ---- rows


def trace_modules(model: GPT, tokens: Tensor, **arguments: Any) -> tuple[tuple[ModuleRecord, ...], int]:
    """One row per module in `named_modules()` order, and the total that torchinfo would print."""
    import torchinfo

    with recorded_calls(model) as calls:
        summary = torchinfo.summary(
            model,
            input_data=[tokens],
            verbose=0,
            device="meta",
            mode="train" if "targets" in arguments else "eval",
            **arguments,
        )
    require_agreement(model, summary.summary_list, calls)
    rows = tuple(build_row(path, module, calls) for path, module in model.named_modules())
    return rows, int(summary.total_params)


@contextmanager
def recorded_calls(model: nn.Module) -> Iterator[Calls]:
    """Every call of every module below `model` while the context lasts, with all tensors and their dtypes."""
    calls: Calls = {path: [] for path, _ in model.named_modules()}
    paths = {module: path for path, module in model.named_modules()}

    def record(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        inputs = (*find_tensors(args), *find_tensors(kwargs))
        calls[paths[module]].append(ModuleCall(inputs, find_tensors(output)))

    handles = [module.register_forward_hook(record, with_kwargs=True) for module in paths]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def find_tensors(value: Any) -> tuple[TensorSpec, ...]:
    """The tensors in `value`, nested structures flattened in order; other objects (the cache) hold none."""
    import torch

    if isinstance(value, torch.Tensor):
        shape = tuple(Dim(size) for size in value.shape)
        return (TensorSpec(shape, str(value.dtype).removeprefix("torch.")),)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        return tuple(spec for item in value for spec in find_tensors(item))
    return ()


def require_agreement(model: nn.Module, layers: list[Any], calls: Calls) -> None:
    """The rows of torchinfo and the recorded calls describe the same run; a difference is a defect of ours."""
    paths = {id(module): path for path, module in model.named_modules()}
    listed: dict[str, list[tuple[Any, Any]]] = {path: [] for path in calls}
    for layer in layers:
        if layer.executed:  # a container such as ModuleList is listed and never called
            listed[paths[layer.layer_id]].append((layer.input_size, layer.output_size))
    for path, rows in listed.items():
        recorded = [(list_sizes(call.inputs), list_sizes(call.outputs)) for call in calls[path]]
        if rows != recorded:
            raise AssertionError(f"{path or 'the root'}: torchinfo lists {rows}, the hooks recorded {recorded}")


def list_sizes(tensors: tuple[TensorSpec, ...]) -> list[int | None]:
    """The sizes of the first tensor, which is all that torchinfo keeps; empty where there is none."""
    return [dim.value for dim in tensors[0].shape] if tensors else []


def build_row(path: str, module: nn.Module, calls: Calls) -> ModuleRecord:
    return ModuleRecord(
        path=path,
        class_name=type(module).__name__,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        own_parameters=sum(parameter.numel() for parameter in module.parameters(recurse=False)),
        buffers=sum(buffer.numel() for buffer in module.buffers()),
        detail=module.extra_repr(),
        calls=tuple(calls[path]),
    )


# ---- totals


def count_parameters(model: nn.Module) -> ParameterCounts:
    """Each tensor once; `tied` is what a sum over the modules' own parameters counts again."""
    total = sum(parameter.numel() for parameter in model.parameters())
    trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    own = (p.numel() for module in model.modules() for p in module.parameters(recurse=False))
    buffers = sum(buffer.numel() for buffer in model.buffers())
    return ParameterCounts(total=total, trainable=trainable, active=total, tied=sum(own) - total, buffers=buffers)


def count_forward_flops(model: GPT, tokens: Tensor) -> int:
    """The count of torch itself on the meta device; for fused attention it counts zero on CPU fakes."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(tokens, targets=tokens)
    return int(counter.get_total_flops())


def count_kv_bytes_per_token(model: GPT) -> int:
    """The bytes of a cache for one sequence, divided by the tokens that it holds."""
    tensors = [tensor for layer in model.new_cache(1) for tensor in (layer.keys, layer.values)]
    return sum(tensor.nbytes for tensor in tensors) // model.config.context_length


def derive_flops_formula(config: ModelConfig) -> str:
    """The closed form of `count_forward_flops`: two per weight and token, four per feature and pair of tokens."""
    feed_forward_matrices = 3 if config.activation == "swiglu" else 2
    weights = (
        f"n_layers*(2*d_model**2 + 2*d_model*n_kv_heads*head_dim + {feed_forward_matrices}*d_model*d_ff)"
        " + d_model*vocab_size"
    )
    return f"2*B*T*({weights}) + 4*B*T**2*d_model*n_layers"
