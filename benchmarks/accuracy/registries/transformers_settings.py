"""Which settings of a configuration make its model small: rules over names of settings, none over families."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

LAYERS = re.compile(
    r"^(num_hidden_layers|num_layers|n_layers?|depth|num_blocks|num_encoder_blocks|encoder_layers|decoder_layers"
    r"|num_(encoder|decoder)_layers|(encoder|decoder|conf|pred)_num_(hidden_)?layers|[lxr]_layers|num_spatial_layers"
    r"|num_temporal_layers|(t2u|speech)_(encoder|decoder)_layers|text_encoder_num_layers)$"
)
DEPTHS = re.compile(r"^(depths|num_block_repeats|stage_numb_of_layers|stage_num_blocks|layer_depths)$")
DENSE_LAYERS = ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index", "n_hash_layers")
VOCABULARY = re.compile(r"^(\w+_)?vocab_size$")
EXPERTS = re.compile(r"^(num_experts|num_local_experts|n_routed_experts|moe_num_experts|num_moe_experts)$")
CHOSEN = ("n_group", "topk_group", "num_experts_per_tok", "moe_topk")
WIDTHS = re.compile(
    r"^((moe_|shared_expert_|moe_shared_expert_|dense_)?intermediate_size|hidden_size|hidden_dim|d_model|d_ff|n_embd"
    r"|n_inner|embed_dim|ffn_dim|(encoder|decoder)_ffn_dim|out_hidden_size|(expert_)?ffn_hidden_size)$"
)
HEADS = re.compile(r"^(num_attention_heads|num_key_value_heads|num_heads|n_head|(encoder|decoder)_attention_heads)$")
ATTENTION_LAYERS = ("attn_layer_offset",)
MOST_LAYERS = 12
Settings = dict[str, Any]
Rule = Callable[[str, Any, int], Any]


def few_layers(name: str, value: Any, layers: int) -> Any:
    """As many layers as it takes to have every kind, two blocks of each stage."""
    if LAYERS.match(name) and isinstance(value, int) and value > layers:
        return layers
    if DEPTHS.match(name) and isinstance(value, (list, tuple)) and all(isinstance(part, int) for part in value):
        return [min(part, 2) for part in value]
    return value


def small_tables(name: str, value: Any, layers: int) -> Any:
    """Few layers, small vocabularies, few experts."""
    if VOCABULARY.match(name) and isinstance(value, int) and value > 4096:
        return 4096
    if EXPERTS.match(name) and isinstance(value, int) and value > 8:
        return 8
    if name in CHOSEN and isinstance(value, int) and value > 2:
        return 2
    if name in ("pad_token_id", "bos_token_id", "eos_token_id") and isinstance(value, int) and value > 4095:
        return 0
    return few_layers(name, value, layers)


def small_widths(name: str, value: Any, layers: int) -> Any:
    """Everything above, an eighth of the width and of the heads."""
    if WIDTHS.match(name) and isinstance(value, int) and value % 8 == 0 and value >= 512:
        return value // 8
    if HEADS.match(name) and isinstance(value, int):
        return max(1, value // 8)
    return small_tables(name, value, layers)


def as_it_is(name: str, value: Any, layers: int) -> Any:
    return value


def few_layers_without_cache(name: str, value: Any, layers: int) -> Any:
    """Models whose few layers hold no attention cannot ask their cache for a length."""
    return False if name == "use_cache" else few_layers(name, value, layers)


def small_widths_without_cache(name: str, value: Any, layers: int) -> Any:
    return False if name == "use_cache" else small_widths(name, value, layers)


RULES: tuple[Rule, ...] = (
    few_layers,
    small_tables,
    small_widths,
    as_it_is,
    few_layers_without_cache,
    small_widths_without_cache,
)


def completed(config: Any) -> Settings:
    """What a default leaves open and no model can be built without; widths as the usual quotients."""
    heads = next((_value(config, name) for name in ("num_attention_heads", "n_head", "num_heads")), None)
    width = _value(config, "hidden_size")
    open_ones = {
        "head_dim": width // heads if isinstance(width, int) and isinstance(heads, int) else None,
        "num_key_value_heads": heads,
        "vocab_size": 4096,
        "n_routed_experts": 8,
        "prediction_length": 24,
    }
    names = [name for name in _fields(config) if name in open_ones and _value(config, name) is None]
    return {name: open_ones[name] for name in names if open_ones[name] is not None}


def changed(config: Any, rule: Rule, *, complete: bool = False) -> Settings:
    """Arguments for the configuration class: what the rule changes, in parts of the configuration too."""
    found = completed(config) if complete else {}
    parts = getattr(type(config), "sub_configs_defaults", None) or {}
    layers = enough_layers(config)
    for name in _fields(config):
        value = _value(config, name)
        if name in parts:
            inner = {} if value is None else changed(value, rule, complete=complete)
            if inner:
                found[name] = {"model_type": value.model_type, **dict(parts[name].init_kwargs or {}), **inner}
        elif name not in found and (new := rule(name, value, layers)) != value and _listed(new) != _listed(value):
            found[name] = new
    return {**found, **shortened(config, found)}


def enough_layers(config: Any) -> int:
    """Two, or more where the kinds of layers come later."""
    depth = next((_value(config, name) for name in _fields(config) if LAYERS.match(name)), None)
    needed = 2
    for name in [*_fields(config), "layers_block_type", "layer_types"]:
        kinds = _value(config, name)
        if isinstance(kinds, (list, tuple)) and len(kinds) == depth and all(isinstance(kind, str) for kind in kinds):
            needed = max(needed, max(kinds.index(kind) for kind in kinds) + 1)
    for name in (*DENSE_LAYERS, *ATTENTION_LAYERS):
        first = _value(config, name)
        needed = max(needed, first + 1 if isinstance(first, int) and not isinstance(first, bool) else 0)
    return needed if needed <= MOST_LAYERS else 2


def shortened(config: Any, found: Settings) -> Settings:
    """Lists with an item per layer, where the configuration does not make them itself from the number of layers."""
    counts = {_value(config, name): value for name, value in found.items() if LAYERS.match(name)}
    lists = {name: _value(config, name) for name in _fields(config)}
    lists = {name: value for name, value in lists.items() if isinstance(value, (list, tuple)) and len(value) in counts}
    try:
        made = type(config)(**found)
    except Exception:
        made = config
    return {
        name: list(value)[: counts[len(value)]]
        for name, value in lists.items()
        if name not in found and len(_value(made, name) or value) == len(value)
    }


def _value(config: Any, name: str) -> Any:
    try:
        return getattr(config, name, None)
    except Exception:  # a configuration may refuse a value that differs between its layers
        return None


def _fields(config: Any) -> list[str]:
    return sorted(field.name for field in dataclasses.fields(config))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def worded(settings: Settings) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())
