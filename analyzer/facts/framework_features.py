"""What a run does because of settings given to a framework: precision, clipping, accumulation, distribution."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.framework_settings import Given, given_settings
from analyzer.facts.program import Program
from analyzer.records.evidence import Known
from analyzer.records.processes import Feature

BY_SETTING: dict[str, str] = {
    "gradient_clip_val": "gradient_clipping", "max_grad_norm": "gradient_clipping",
    "accumulate_grad_batches": "gradient_accumulation", "gradient_accumulation_steps": "gradient_accumulation",
    "precision": "mixed_precision", "fp16": "mixed_precision", "bf16": "mixed_precision",
    "gradient_checkpointing": "gradient_checkpointing", "torch_compile": "torch_compile",
    "label_smoothing_factor": "label_smoothing", "deepspeed": "deepspeed", "fsdp": "fully_sharded_data_parallel",
    "deterministic": "deterministic", "peft_config": "lora",
}  # fmt: skip
"""Technique ids by the name of the setting that turns them on."""
NOTHING_DONE: dict[str, tuple[object, ...]] = {
    "accumulate_grad_batches": (1,), "gradient_accumulation_steps": (1,), "precision": (32, "32", "32-true", 64, "64"),
}  # fmt: skip
"""Values under which a setting does nothing, beside None, nought, false and the empty text."""
STRATEGIES = (("deepspeed", "deepspeed"), ("fsdp", "fully_sharded_data_parallel"), ("ddp", "distributed_data_parallel"))
SCHEDULES = (("cosine", "cosine_schedule"),)


def settings_features(program: Program) -> Iterator[Feature]:
    """Features that given settings turn on; one whose value is not told is listed with that."""
    for given in given_settings(program):
        for id_ in _ids(given):
            index = program.flow.index
            where, code = index.span(given.path, given.node), index.segment(given.path, given.node)
            yield Feature(id_, where, f"{given.name}={code}", ((given.name, given.value),))


def _ids(given: Given) -> Iterator[str]:
    value = given.value.value if isinstance(given.value, Known) else None
    is_off = isinstance(given.value, Known) and (not value or value in NOTHING_DONE.get(given.name, ()))
    if given.name in BY_SETTING and not is_off:
        yield BY_SETTING[given.name]
    if given.name == "strategy" and isinstance(value, str):
        yield from (id_ for word, id_ in STRATEGIES if value.startswith(word))
    if given.name == "lr_scheduler_type" and isinstance(value, str):
        yield from (id_ for word, id_ in SCHEDULES if word in value)
    if given.name in ("warmup_steps", "warmup_ratio") and not is_off:
        yield "linear_warmup"
