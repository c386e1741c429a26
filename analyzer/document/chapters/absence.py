"""What a chapter says when there is nothing to show: what was searched and not found."""

from __future__ import annotations

from analyzer.document.blocks import note
from analyzer.document.context import Context
from analyzer.document.inline import number
from analyzer.records.document import Block, Line
from analyzer.records.evidence import Known


def no_model(context: Context) -> tuple[Block, ...]:
    """Why there is no model to describe."""
    words = context.words
    candidates = context.analysis.facts.structure.models
    if candidates:
        reason = words.line("common.no_model_built")
    else:
        reason = words.line("common.no_model_class", files=number(len(context.files)))
    return (note(words, "gap", "common.no_model", reason=reason),)


def no_trace(context: Context) -> tuple[Block, ...]:
    """Why the model has no shapes."""
    if context.model is None:
        return no_model(context)
    gaps = context.model.gaps
    reason: Line = (
        context.words.reason(gaps[0].reason, gaps[0].arguments)
        if gaps
        else context.words.line("common.no_reason_recorded")
    )
    key = "common.no_trace" if isinstance(context.model.parameters, Known) else "common.not_buildable"
    return (note(context.words, "gap", key, name=context.model.class_name, reason=reason),)
