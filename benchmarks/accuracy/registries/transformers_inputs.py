"""Which inputs a model of transformers may take: forms by usual names of arguments, sizes from its configuration."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

Forms = Mapping[str, tuple[str, ...]]
VARIANTS = 6


def candidates(model: Any, config: Any) -> Iterator[tuple[str, ...]]:
    """Inputs to try: what the model calls its main input, then what it demands, then more of what it knows."""
    parameters = inspect.signature(model.forward).parameters
    named = model.main_input_name
    main = [name for name in (named if isinstance(named, (list, tuple)) else [named]) if name in parameters]
    demanded = [
        name
        for name, p in parameters.items()
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    decoder = [name for name in ("decoder_input_ids",) if name in parameters]
    usual = [name for name in ("input_ids", "pixel_values", "input_features", "input_values") if name in parameters]
    masks = [name for name in ("attention_mask", "pixel_attention_mask", "input_features_mask") if name in parameters]
    grids = [name for name in ("image_grid_thw", "spatial_shapes", "merge_sizes") if name in parameters]
    sets = [demanded + main, main + decoder, usual + demanded + decoder, usual[:1] + demanded, usual[:1] + decoder]
    sets += [["inputs_embeds"], demanded + main + masks, usual + demanded + decoder + masks, demanded + main + grids]
    sets += [demanded + main + masks + grids, usual + grids, ["inputs_embeds", *demanded]]
    known = forms(config)
    boxes = [name for name in ("bbox", "visual_feats", "visual_pos") if name in parameters]
    sets += [usual + boxes + demanded + decoder, [name for name in parameters if name in known and name not in masks]]
    for variant in range(VARIANTS):
        for names in sets:
            chosen = list(dict.fromkeys(names))
            if chosen and set(demanded) <= set(chosen) and all(name in known and name in parameters for name in chosen):
                yield tuple(f"{name}: {known[name][min(variant, len(known[name]) - 1)]}" for name in chosen)


def forms(config: Any) -> Forms:
    """Forms of inputs by their usual names, the likeliest first."""
    return {**_text(config), **_images(config), **_sound(config), **_series(config)}


def _text(config: Any) -> Forms:
    width = setting(config, "hidden_size", setting(config, "d_model", 64))
    embedded = (f"float32[B=2, T=16, {width}]",)
    encoded = setting(config, "encoder_hidden_size", setting(config, "cross_attention_dim", width))
    return {
        "input_ids": ("int64[B=2, T=16]",),
        "decoder_input_ids": ("int64[B=2, U=12]", f"int64[B=2, U=12, {setting(config, 'num_channels', 9)}]"),
        "attention_mask": ("int64[B=2, T=16]",),
        "qformer_input_ids": ("int64[B=2, Q=8]",),
        "inputs_embeds": embedded,
        "hidden_states": embedded,
        "action_embeds": embedded,
        "noise_embeds": embedded,
        "context_hidden_states": (f"float32[B=2, S=20, {width}]",),
        "encoder_hidden_states": (f"float32[B=2, S=20, {encoded}]",),
        "query_embeds": (f"float32[B=2, Q=8, {width}]",),
        "bbox": ("int64[B=2, T=16, 4]",),
        "visual_feats": (f"float32[B=2, N=10, {setting(config, 'visual_feat_dim', 64)}]",),
        "visual_pos": ("float32[B=2, N=10, 4]",),
    }


def _images(config: Any) -> Forms:
    """Images, clips, and rows of patches with the grids they were cut from."""
    sides = setting(config, "image_size", setting(config, "img_size", 224))
    sides = [sides["height"], sides["width"]] if isinstance(sides, dict) and "height" in sides else sides
    height, width = sides if isinstance(sides, (list, tuple)) and len(sides) == 2 else (sides, sides)
    channels = setting(config, "num_channels", setting(config, "in_channels", 3))
    channels = channels if isinstance(channels, int) else 3
    frames = setting(config, "num_frames", setting(config, "frames_per_clip", 8))
    patch = setting(config, "patch_size", 16)
    patch = patch if isinstance(patch, int) else 16
    depth = setting(config, "temporal_patch_size", 1)
    image = f"float32[B=2, {channels}, {height}, {width}]"
    video = f"float32[B=2, {frames}, {channels}, {height}, {width}]"
    rows = f"float32[N=32, {channels * depth * patch * patch}]"
    patches = f"float32[B=2, N=16, {channels * patch * patch}]"
    pair = f"float32[B=2, 2, {channels}, {height}, {width}]"
    clip = "num_frames" in vars(config) or "frames_per_clip" in vars(config)
    return {
        "pixel_values": (video, image, patches, pair) if clip else (image, patches, pair, rows),
        "pixel_values_videos": (video,),
        "prompt_pixel_values": (image,),
        "prompt_masks": (image,),
        "hidden_states": (f"float32[B=2, T=16, {setting(config, 'hidden_size', 64)}]", rows),
        "grid_thw": ("int64([[1, 4, 8]])",),
        "image_grid_thw": ("int64([[1, 4, 8]])",),
        "merge_sizes": ("int64([1])",),
        "pixel_attention_mask": ("int64[B=2, N=16]", f"int64[B=2, {height}, {width}]"),
        "pixel_position_ids": ("int64[B=2, N=16, 2]",),
        "spatial_shapes": ("int64([[4, 4], [4, 4]])",),
        "pixel_mask": (f"int64[B=2, {height}, {width}]",),
    }


def _sound(config: Any) -> Forms:
    bins = setting(
        config, "num_mel_bins", setting(config, "feature_size", setting(config, "input_feat_per_channel", 80))
    )
    width = setting(config, "hidden_size", 64)
    wide = setting(config, "feature_projection_input_dim", setting(config, "input_dim", bins))
    rows, columns = f"float32[B=2, F=64, {bins}]", f"float32[B=2, {bins}, 3000]"
    return {
        "input_features": (
            rows,
            columns,
            f"float32[B=2, {bins}, F=200]",
            f"float32[B=2, 1, F=64, {bins}]",
            f"float32[B=2, F=64, {wide}]",
        ),
        "input_features_mask": ("int64[B=2, F=64]", "int64[B=2, 3000]", "int64[B=2, F=200]"),
        "input_values": (
            "float32[B=2, S=16000]",
            f"float32[B=2, {setting(config, 'audio_channels', 1)}, S=16000]",
            rows,
            f"float32[B=2, {setting(config, 'max_length', 1024)}, {bins}]",
            f"float32[B=2, T=16, {width}]",
        ),
        "decoder_input_values": (f"float32[B=2, U=12, {bins}]",),
        "latents": (f"float32[B=2, {width}, F=20]", f"float32[B=2, F=20, {width}]"),
    }


def _series(config: Any) -> Forms:
    length = setting(config, "context_length", 32)
    past = length + max([0, *(setting(config, "lags_sequence", None) or [])])
    ahead = setting(config, "prediction_length", 24)
    variables = setting(config, "num_input_channels", setting(config, "input_size", 1))
    features = setting(config, "num_time_features", 1) or 1
    series: tuple[str, ...] = (
        f"float32[B=2, {length}, {variables}]",
        f"float32[B=2, {past}]",
        f"float32[B=2, {length}]",
        f"float32[B=2, {past}]",
    )
    return {
        "past_values": series,
        "past_observed_mask": series,
        "past_values_padding": (f"int64[B=2, {length}]",),
        "past_time_features": (
            f"float32[B=2, {length}, {features}]",
            f"float32[B=2, {past}, {features}]",
            f"float32[B=2, {length}, 0]",
            f"float32[B=2, {past}, 0]",
        ),
        "states": (f"float32[B=2, T=16, {setting(config, 'state_dim', 17)}]",),
        "actions": (f"float32[B=2, T=16, {setting(config, 'act_dim', 4)}]",),
        "rewards": ("float32[B=2, T=16, 1]",),
        "returns_to_go": ("float32[B=2, T=16, 1]",),
        "timesteps": ("int64[B=2, T=16]",),
        "future_values": (f"float32[B=2, {ahead}]",),
        "future_time_features": (f"float32[B=2, {ahead}, {features}]",),
        "freq": ("int64[B=2, 1]",),
    }


def setting(config: Any, name: str, default: Any) -> Any:
    """The configuration's value, or that of the first of its parts that has one."""
    try:
        found = getattr(config, name, None)
    except Exception:  # a configuration may refuse a value that differs between its layers
        found = None
    for part in getattr(type(config), "sub_configs_defaults", None) or {}:
        inner = getattr(config, part, None)
        found = setting(inner, name, None) if found is None and inner is not None else found
    return default if found is None else found
