"""How a training evaluates: the stages of each evaluation, and which updates it leaves out by which argument."""

from __future__ import annotations

from analyzer.document.blocks import heading, paragraph
from analyzer.document.context import Context
from analyzer.document.inline import codes, refs
from analyzer.document.pipeline_rows import stage_table
from analyzer.records.document import Block, Code
from analyzer.records.processes import Pipeline

MOST_EVALUATIONS = 3


def evaluations(context: Context) -> tuple[Block, ...]:
    """A section for each of the first evaluations; one that the inference chapter tells is only named."""
    blocks: tuple[Block, ...] = ()
    found = context.analysis.facts.processes.evaluations
    for place, item in enumerate(found[:MOST_EVALUATIONS], 1):
        name = Code(item.entry_name)
        blocks += (heading(context.words, "training.evaluation", f"evaluation-{place}", name=name),)
        if context.inference is not None and context.inference.entry == item.entry:
            blocks += (paragraph(context.words, "training.evaluation_told"),)
        else:
            blocks += (*stage_table(context, item, None, f"evaluation_stages_{place}"), *left_out(context, item))
    rest = found[MOST_EVALUATIONS:]
    if rest:
        blocks += (
            paragraph(
                context.words,
                "training.evaluations_more",
                names=codes([item.entry_name for item in rest]),
                where=refs([item.entry for item in rest]),
            ),
        )
    return blocks


def left_out(context: Context, evaluation: Pipeline) -> tuple[Block, ...]:
    """What of the training's functions the evaluation does not run."""
    words = context.words
    if evaluation.start != "evaluation":
        return ()
    if not evaluation.left_out:
        return (paragraph(words, "training.evaluation_closed"),)
    kinds = words.listed([words.line(f"stages.{kind}") for kind in dict.fromkeys(s.kind for s in evaluation.left_out)])
    where = refs([stage.where for stage in evaluation.left_out], 8)
    given = codes([f"{name}={value}" for name, value in evaluation.left_out_by])
    key = "training.evaluation_without" + ("_by" if evaluation.left_out_by else "")
    return (paragraph(words, key, kinds=kinds, where=where, **({"given": given} if evaluation.left_out_by else {})),)
