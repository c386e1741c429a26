"""`gqa`: key/value heads from all to one: parameters, cache and decoding time, counted and measured."""

from __future__ import annotations

import torch

from reference_model.bench import measure_speed
from reference_model.config import ModelConfig
from reference_model.figures import bars
from reference_model.lab.experiment import Outcome
from reference_model.model import GPT

HEADS = 8


def run(steps: int, seeds: int) -> Outcome:
    """One model per number of key/value heads; timings are medians over `seeds + 2` runs."""
    rows = []
    for kv_heads in (8, 4, 2, 1):
        torch.manual_seed(0)
        model = GPT(ModelConfig(context_length=256, d_model=128, n_heads=HEADS, n_kv_heads=kv_heads, d_ff=352))
        attention = sum(p.numel() for name, p in model.named_parameters() if ".attention." in name)
        cache = sum(x.numel() * x.element_size() for layer in model.new_cache(1) for x in (layer.keys, layer.values))
        speed = measure_speed(model, 4, 128, 16, seeds + 2)
        rows.append((kv_heads, attention, model.num_parameters(), cache, speed.per_token.median * 1000))
    return Outcome(
        title=f"Grouped queries: {HEADS} query heads, context 256, four layers of width 128",
        columns=("kv heads", "attention parameters", "all parameters", "cache bytes per sequence", "ms per token"),
        rows=tuple(rows),
        shows="the cache shrinks with the key/value heads in exact proportion, the parameters by the key and value "
        "projections only.",
        does_not_show="what fewer heads cost in quality (Ainslie et al., 2023 measure that at scale), nor the speed of "
        "large batches on a GPU, where reading the cache dominates.",
        panels=(bars("Cache", "bytes per sequence", {str(row[0]): float(row[3]) for row in rows}),),
    )
