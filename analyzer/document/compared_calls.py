"""What may be said of two traced calls beside each other: that they agree is a statement only about what both ran.

A call that stopped, an argument that neither got, a loss whose line never ran: each leaves something underived.
"""

from __future__ import annotations

import ast

from analyzer.document.blocks import note
from analyzer.document.context import Context
from analyzer.document.inline import codes, refs
from analyzer.records.document import Block
from analyzer.records.source import Span
from analyzer.records.tensors import Trace

BINDING = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)


def why_no_lines_differ(context: Context) -> tuple[Block, ...]:
    """Where no line differs: that the traces agree, as far as they say anything."""
    pair = _pair(context)
    if pair is None:
        return (note(context.words, "info", "modes.one_trace"),)
    open_parts = underived(context)
    key = "modes.same_lines" if not open_parts else "modes.same_as_far"
    return (note(context.words, "info", key), *open_parts)


def underived(context: Context) -> tuple[Block, ...]:
    """What the two calls leave open, each with its place."""
    pair = _pair(context)
    if pair is None:
        return ()
    words = context.words
    blocks: tuple[Block, ...] = tuple(
        note(words, "gap", "modes.stopped", mode=words.line(f"shapes.mode_{trace.mode}"))
        for trace in pair
        if not trace.output
    )
    missing = _not_given(context, *pair)
    if missing:
        blocks += (note(words, "gap", "modes.not_given", names=codes(missing)),)
    losses = _losses_not_run(context, pair[0])
    if losses:
        blocks += (note(words, "gap", "modes.loss_not_run", where=refs(losses)),)
    return blocks


def _pair(context: Context) -> tuple[Trace, Trace] | None:
    training, inference = context.trace_of("training"), context.trace_of("inference", "prefill", "decode")
    return (training, inference) if training is not None and inference is not None else None


def _not_given(context: Context, training: Trace, inference: Trace) -> list[str]:
    """Arguments that may be left out and that neither call was given; where training got one more, that is its goal."""
    info = context.class_at(context.model.where) if context.model else None
    method = next((one for one in (info.methods if info else ()) if one.name == training.method), None)
    given = {item.name for item in (*training.inputs, *inference.inputs)}
    if method is None or {item.name for item in training.inputs} != {item.name for item in inference.inputs}:
        return []
    return [one.name for one in method.arguments if one.default == "None" and one.name not in given]


def _losses_not_run(context: Context, training: Trace) -> list[Span]:
    """Losses that the training program takes in the model's own files, and that bound nothing in the traced call; of a
    statement that binds no name nothing is known.
    """
    ran = {(row.where.path, row.where.first_line) for row in training.rows}
    found = []
    for loss in context.training.losses if context.training else ():
        line = _binding_line(context, loss.where) if _is_in_model(context, loss.where) else None
        if line is not None and (loss.where.path, line) not in ran:
            found.append(loss.where)
    return list(dict.fromkeys(found))


def _binding_line(context: Context, where: Span) -> int | None:
    """First line of the statement around a place, where it binds a name or returns."""
    file = context.files.get(where.path)
    try:
        tree = ast.parse(file.text) if file is not None and where.cell is None else None
    except (SyntaxError, ValueError, RecursionError):
        tree = None
    inside = [node for node in ast.walk(tree) if isinstance(node, BINDING)] if tree is not None else []
    lines = [node.lineno for node in inside if node.lineno <= where.first_line <= (node.end_lineno or node.lineno)]
    return max(lines, default=None)


def _is_in_model(context: Context, where: Span) -> bool:
    """Whether a line stands in a class that the built model consists of."""
    places = (info.where for info in context.classes.values() if info.qualified_name in context.built_classes)
    return any(place.path == where.path and place.first_line <= where.first_line <= place.last_line for place in places)
