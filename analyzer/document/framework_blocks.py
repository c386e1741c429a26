"""What a training framework does in a pipeline: which stages are its own, by which manual, and what it was given."""

from __future__ import annotations

from analyzer.document.blocks import note, table
from analyzer.document.context import Context
from analyzer.document.inline import code, ref, value
from analyzer.records.document import Block, Line, Link, Plain
from analyzer.records.processes import FrameworkName, Pipeline, Stage

NAMES: dict[FrameworkName, str] = {"lightning": "Lightning", "transformers": "Hugging Face Trainer"}
MANUALS: dict[FrameworkName, tuple[str, str]] = {
    "lightning": (
        "Lightning manual, “Hooks”",
        "https://lightning.ai/docs/pytorch/stable/common/lightning_module.html#hooks",
    ),
    "transformers": (
        "Transformers manual, “Trainer”",
        "https://huggingface.co/docs/transformers/main_classes/trainer",
    ),
}
"""Where each framework says in which order its loop runs."""


def marked(context: Context, stage: Stage, label: Line) -> Line:
    """The name of a stage, with the framework's where that does it."""
    if stage.framework is None:
        return label
    by = context.words.line("stages.by_framework", name=Plain(NAMES[stage.framework]))
    return (*label, Plain(" "), *by)


def framework_blocks(context: Context, pipeline: Pipeline, name: str) -> tuple[Block, ...]:
    """The note on outside knowledge, and the settings that the source gives."""
    used = sorted({stage.framework for stage in pipeline.stages if stage.framework is not None})
    blocks: tuple[Block, ...] = ()
    for framework in used:
        title, address = MANUALS[framework]
        manual: Line = (Link(title, address),)
        blocks += (note(context.words, "info", "stages.framework", name=Plain(NAMES[framework]), manual=manual),)
    rows = [
        (code(item.made), code(key), code(expression, 60), value(context.words, found), ref(item.where))
        for item in pipeline.frameworks
        for key, expression, found in item.settings
    ]
    return (*blocks, *table(context.words, f"{name}_settings", "constructed argument code value where", rows))
