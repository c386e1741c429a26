"""Writes `models/transformers.toml`: the base class of every model family of transformers, default configuration.

`python -m benchmarks.accuracy.registries.transformers_families FILE [FAMILY…]` with transformers importable. Each
family is tried in a fork: layers are made few, and where that is not small enough also vocabularies, experts and
widths, by rules that know names of settings and no family; inputs follow from the signature and the configuration.
What real torch does not run under any of them is listed at the end with the reason. The result is kept in the
repository, because to try takes an hour.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.accuracy.execution import arguments, evaluated
from benchmarks.accuracy.forks import in_fork
from benchmarks.accuracy.operators import declare_missing_operators

SECONDS = 100.0
MIB = 14_000
PARAMETERS = 120_000_000
LAYERS = re.compile(
    r"^(num_hidden_layers|num_layers|n_layers?|depth|num_blocks|num_encoder_blocks|encoder_layers|decoder_layers"
    r"|num_(encoder|decoder)_layers|(encoder|decoder|conf|pred)_num_(hidden_)?layers|[lxr]_layers|num_spatial_layers"
    r"|num_temporal_layers|(t2u|speech)_(encoder|decoder)_layers|text_encoder_num_layers)$"
)
DEPTHS = re.compile(r"^(depths|num_block_repeats|stage_numb_of_layers|stage_num_blocks|layer_depths)$")
VOCABULARY = re.compile(r"^(\w+_)?vocab_size$")
EXPERTS = re.compile(r"^(num_experts|num_local_experts|n_routed_experts|moe_num_experts|num_moe_experts)$")
WIDTHS = re.compile(
    r"^((moe_|shared_expert_|moe_shared_expert_)?intermediate_size|hidden_size|hidden_dim|d_model|d_ff|n_embd|n_inner"
    r"|embed_dim|ffn_dim|(encoder|decoder)_ffn_dim|out_hidden_size)$"
)
HEADS = re.compile(r"^(num_attention_heads|num_key_value_heads|num_heads|n_head|(encoder|decoder)_attention_heads)$")
Settings = dict[str, Any]


def few_layers(name: str, value: Any) -> Any:
    """Two layers, two blocks of each stage."""
    if LAYERS.match(name) and isinstance(value, int) and value > 2:
        return 2
    if DEPTHS.match(name) and isinstance(value, (list, tuple)) and all(isinstance(part, int) for part in value):
        return [min(part, 2) for part in value]
    return value


def small_tables(name: str, value: Any) -> Any:
    """Few layers, small vocabularies, few experts."""
    if VOCABULARY.match(name) and isinstance(value, int) and value > 4096:
        return 4096
    if EXPERTS.match(name) and isinstance(value, int) and value > 8:
        return 8
    if name in ("n_group", "topk_group", "num_experts_per_tok", "moe_topk") and isinstance(value, int) and value > 2:
        return 2
    if name in ("pad_token_id", "bos_token_id", "eos_token_id") and isinstance(value, int) and value > 4095:
        return 0
    return few_layers(name, value)


def small_widths(name: str, value: Any) -> Any:
    """Everything above, an eighth of the width and of the heads."""
    if WIDTHS.match(name) and isinstance(value, int) and value % 8 == 0 and value >= 512:
        return value // 8
    if HEADS.match(name) and isinstance(value, int):
        return max(1, value // 8)
    return small_tables(name, value)


def as_it_is(name: str, value: Any) -> Any:
    return value


RULES = (few_layers, small_tables, small_widths, as_it_is)


def main() -> None:
    """Try the families and write the list."""
    torch.set_num_threads(1)
    declare_missing_operators()
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES  # type: ignore[import-not-found]

    mixed = sorted(MODEL_MAPPING_NAMES, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    wanted = sys.argv[2:] or mixed
    found: dict[str, Any] = {}
    failed: dict[str, Any] = {}
    for family in wanted:
        answer = in_fork(
            lambda request: entry(request["family"]), {"family": family, "limit": SECONDS, "limit_mib": MIB}
        )
        print(family, answer.get("failed") or answer["build"], file=sys.stderr, flush=True)
        (failed if "failed" in answer else found)[family] = answer
        write(Path(sys.argv[1]), found, failed)


def write(file: Path, found: Mapping[str, Any], failed: Mapping[str, Any]) -> None:
    """The list, one model a line, so that it is read and compared easily; the failures as comments."""
    lines = ["# Made by registries/transformers_families.py.", "[source]", 'packages = ["transformers"]']
    lines += (
        ["used_for_fixing = true", 'imported_once = ["transformers"]', "", "[[model]]"]
        if False
        else ["used_for_fixing = true", 'imported_once = ["transformers"]', ""]
    )
    seen = set()
    for family, item in found.items():
        key = (item["file"], item["build"])
        if key in seen:
            continue
        seen.add(key)
        inputs = ", ".join(f'"{text}"' for text in item["inputs"])
        lines += ["[[model]]", f'name = "{family}"', f'file = "{item["file"]}"', f'build = "{item["build"]}"']
        lines += [f"inputs = [{inputs}]", ""]
    lines += [f"# {family}: {item['failed']}" for family, item in failed.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def entry(family: str) -> Mapping[str, object]:
    """How one family is built and called, `failed` where nothing works."""
    from transformers.models import auto  # type: ignore[import-not-found]

    config_class = auto.configuration_auto.CONFIG_MAPPING[family]
    model_class = auto.modeling_auto.MODEL_MAPPING[config_class]
    if isinstance(model_class, (tuple, list)):
        model_class = model_class[0]
    reasons = []
    for rule in RULES:
        try:
            return attempt(config_class, model_class, rule)
        except Exception as error:
            reasons.append(f"{rule.__name__}: {type(error).__name__}: {error}".splitlines()[0][:160])
    return {"failed": " | ".join(dict.fromkeys(reasons))}


def attempt(config_class: Any, model_class: Any, rule: Any) -> Mapping[str, object]:
    """Build and call the model under one rule; the first inputs that run are taken."""
    settings = changed(config_class(), rule)
    call = f"{model_class.__name__}({config_class.__name__}({worded(settings)}))"
    build = f"from {config_class.__module__} import {config_class.__name__}; {call}"
    scope = vars(sys.modules[model_class.__module__])
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in evaluated(build, scope).parameters())
    if size > PARAMETERS:
        raise ValueError(f"{size} parameters")
    model = evaluated(build, scope).eval()
    last: Exception = ValueError("no inputs known")
    for inputs in dict.fromkeys(candidates(model, model.config)):
        try:
            args, kwargs = arguments(model, {"method": "forward", "inputs": inputs})
            with torch.no_grad():
                model(*args, **kwargs)
        except Exception as error:
            last = error
            continue
        file = model_class.__module__.replace(".", "/") + ".py:" + model_class.__name__
        return {"file": file, "build": build, "inputs": list(inputs)}
    raise last


def changed(config: Any, rule: Any) -> Settings:
    """Arguments for the configuration class: what the rule changes, in parts of the configuration too."""
    found: Settings = {}
    names = {field.name for field in dataclasses.fields(config)}
    parts = getattr(type(config), "sub_configs_defaults", None) or {}
    for name in sorted(names):
        value = getattr(config, name, None)
        if name in parts:
            inner = {} if value is None else changed(value, rule)
            if value is not None and inner:
                found[name] = {"model_type": value.model_type, **dict(parts[name].init_kwargs or {}), **inner}
        elif (new := rule(name, value)) != value and list_of(new) != list_of(value):
            found[name] = new
    return found


def list_of(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def worded(settings: Settings) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def candidates(model: Any, config: Any) -> Iterator[tuple[str, ...]]:
    """Inputs to try: what the model calls its main input, then what it demands, then more of what it knows."""
    parameters = inspect.signature(model.forward).parameters
    main = [model.main_input_name] if model.main_input_name in parameters else []
    demanded = [
        name
        for name, p in parameters.items()
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    decoder = [name for name in ("decoder_input_ids",) if name in parameters]
    usual = [name for name in ("input_ids", "pixel_values", "input_features", "input_values") if name in parameters]
    sets = [demanded + main, main + decoder, usual + demanded + decoder, usual[:1] + demanded, usual[:1] + decoder]
    sets += [["inputs_embeds"], demanded + main + ["attention_mask"], usual + demanded + decoder + ["attention_mask"]]
    for names in sets:
        yield from forms_of(list(dict.fromkeys(name for name in names if name)), parameters, config)


def forms_of(names: list[str], parameters: Mapping[str, Any], config: Any) -> Iterator[tuple[str, ...]]:
    """Each name with a form; nothing where one of them has none."""
    for frames in (16, 3000):
        known = forms(config, frames)
        if names and all(name in known and name in parameters for name in names):
            yield tuple(f"{name}: {known[name]}" for name in names)


def forms(config: Any, frames: int) -> Mapping[str, str]:
    """Forms of inputs by their usual names, sizes from the configuration or its parts."""
    sides = setting(config, "image_size", 224)
    height, width = sides if isinstance(sides, (list, tuple)) and len(sides) == 2 else (sides, sides)
    channels = setting(config, "num_channels", setting(config, "in_channels", 3))
    channels = channels if isinstance(channels, int) else 3
    frames_in_clip = setting(config, "num_frames", 8)
    bins = setting(config, "num_mel_bins", setting(config, "feature_size", 80))
    length = setting(config, "context_length", 32)
    width_of_text = setting(config, "hidden_size", setting(config, "d_model", 64))
    variables = setting(config, "num_input_channels", 1)
    image = f"float32[B=2, {channels}, {height}, {width}]"
    video = f"float32[B=2, {frames_in_clip}, {channels}, {height}, {width}]"
    return {
        "input_ids": "int64[B=2, T=16]", "decoder_input_ids": "int64[B=2, U=12]",
        "attention_mask": "int64[B=2, T=16]", "inputs_embeds": f"float32[B=2, T=16, {width_of_text}]",
        "pixel_values": image if "num_frames" not in vars(config) else video, "pixel_values_videos": video,
        "input_features": f"float32[B=2, {bins}, T={frames}]" if frames == 3000 else f"float32[B=2, T=64, {bins}]",
        "input_values": "float32[B=1, T=16000]" if frames == 16 else f"float32[B=2, {channels}, T=16000]",
        "bbox": "int64[B=2, T=16, 4]", "past_values": f"float32[B=2, {length}, {variables}]",
        "visual_feats": f"float32[B=2, N=10, {setting(config, 'visual_feat_dim', 64)}]",
        "visual_pos": "float32[B=2, N=10, 4]",
    }  # fmt: skip


def setting(config: Any, name: str, default: Any) -> Any:
    """The configuration's value, or that of the first of its parts that has one."""
    found = getattr(config, name, None)
    parts = getattr(type(config), "sub_configs_defaults", None) or {}
    for part in parts:
        inner = getattr(config, part, None)
        found = setting(inner, name, None) if found is None and inner is not None else found
    return default if found is None else found


if __name__ == "__main__":
    main()
