"""Tables that training and inference share: stages with their shapes at the boundary, features, values."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from analyzer.document.alternatives import arm_text, choices_told
from analyzer.document.blocks import table
from analyzer.document.context import Context
from analyzer.document.framework_blocks import framework_blocks, marked
from analyzer.document.inline import code, codes, join, ref, refs, value
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.processes import Feature, Pipeline, Stage
from analyzer.records.tensors import ModuleRecord, TensorSpec, Trace

MOST_STAGES = 48
MOST_LOOPS = 2
"""Of those in which a line comes about again."""


def stage_table(context: Context, pipeline: Pipeline, trace: Trace | None, name: str) -> tuple[Block, ...]:
    """Stages in execution order with input, processing, output, place, and the loop or condition around them."""
    trace = trace if context.runs_main(pipeline) else None
    rows = [stage_row(context, stage, trace) for stage in pipeline.stages[:MOST_STAGES]]
    stages = table(context.words, name, "stage input processing output when where", rows)
    told = choices_told(context, pipeline.stages[:MOST_STAGES])
    return (*stages, *told, *framework_blocks(context, pipeline, name))


def stage_row(context: Context, stage: Stage, trace: Trace | None) -> tuple[Line, ...]:
    consumed, produced = codes(stage.consumes[:5]), codes(stage.produces[:4])
    if stage.kind in ("forward", "prefill", "decode") and trace:
        taken, given = shapes_of_call(context, stage.code, stage.called, trace, stage.function)
        given = (_given_at(stage, trace) or given) if given else given
        consumed, produced = _with_shapes(consumed, taken), _with_shapes(produced, given)
    label = marked(context, stage, context.words.line(f"stages.{stage.kind}"))
    return (label, consumed, code(stage.code, 80), produced, when(context, stage), ref(stage.where))


def _given_at(stage: Stage, trace: Trace) -> list[TensorSpec]:
    """What the statement binds or returns, where it is a line of the traced call and ran with one shape: it may hold
    more calls than the first.
    """
    place = (stage.where.path, stage.where.first_line)
    rows = [row for row in trace.rows if (row.where.path, row.where.first_line) == place]
    return [spec for target in rows[0].targets for spec in target.tensors][:3] if len(rows) == 1 else []


def _with_shapes(names: Line, specs: list[TensorSpec]) -> Line:
    return (*names, Plain(" → "), *codes(f"{spec.dtype}{spec}" for spec in specs)) if specs else names


def shapes_of_call(
    context: Context, text: str, called: Sequence[str], trace: Trace, function: str = ""
) -> tuple[list[TensorSpec], list[TensorSpec]]:
    """What a stage's call takes and returns: the whole model where that and nothing else may be `called`, or the part
    of it that the call names (`model.encoder(mel)`) and that is called; nothing where the call names a method of its
    own or may run another model. `function` is where the stage stands: there `self` may be the model.
    """
    names = _called(text)
    if names is None or context.model is None:
        return [], []
    record = _part(context, names, called, function)
    if record is not None:
        call = record.calls[0] if len({str(call) for call in record.calls}) == 1 else None
        return (list(call.inputs[:3]), list(call.outputs[:3])) if call else ([], [])
    info = context.class_at(context.model.where)
    methods = {method.name for method in info.methods} - {trace.method} if info else set()
    parts = {found.name.partition(".")[0] for found in info.submodules} if info else set()
    if set(called) != {context.model.qualified_name} or names[-1] in methods or parts & set(names[1:]):
        return [], []
    return [item.value for item in trace.inputs if isinstance(item.value, TensorSpec)], list(trace.output[:3])


def _part(context: Context, names: list[str], called: Sequence[str], function: str) -> ModuleRecord | None:
    """The part of the model that a call names: the only module of its class that may be called, or a member of `self`
    in the model's own method.
    """
    path = next((".".join(names[at:]) for at in range(1, len(names)) if ".".join(names[at:]) in context.records), "")
    record = context.records.get(path) if path else None
    if record is None or context.model is None:
        return None
    own = context.class_at(record.defined_at)
    if own is not None:
        return record if set(called) == {own.qualified_name} else None
    in_model = names[0] == "self" and function.startswith(f"{context.model.qualified_name}.")
    return record if not called and in_model else None


def _called(text: str) -> list[str] | None:
    """The dotted name that a statement calls: `logits = self.model.decoder(x)[0]`."""
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError):
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names: list[str] = []
    node: ast.AST | None = calls[0].func if calls else None
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else None


def when(context: Context, stage: Stage) -> Line:
    """The innermost loop and the condition around a stage, as written; the arms of choices that it stands in, and the
    loops in which it comes about again.
    """
    words = context.words
    parts = []
    if stage.loops:
        parts.append(words.line("stages.in_loop", loop=code(stage.loops[-1], 48)))
    parts += [arm_text(context, arm) for arm in stage.arms]
    arms = {arm.condition for arm in stage.arms}
    outer = (text for text in stage.outer_conditions if not text.startswith("not ("))  # what its own arm says
    around = dict.fromkeys((*outer, *((stage.condition,) if stage.condition else ())))
    parts += [words.line("stages.under", condition=code(text, 48)) for text in around if text not in arms]
    if stage.again and not stage.loops:
        parts.insert(0, words.line("stages.once"))
    loops = [loop for loop in stage.again if loop]
    if loops:
        more = [Plain("…")] if len(loops) > MOST_LOOPS else []
        parts.append(words.line("stages.again", loop=join([*(code(loop, 48) for loop in loops[:MOST_LOOPS]), *more])))
    parts += [words.line("stages.again_outside")] if "" in stage.again else []
    return join(parts) if parts else words.line("stages.once")


def feature_table(context: Context, features: tuple[Feature, ...], name: str) -> tuple[Block, ...]:
    """Things that a pipeline does, with their values and lines."""
    groups: dict[tuple[object, ...], list[Feature]] = {}
    for item in features:
        groups.setdefault((item.id, item.code, item.condition), []).append(item)
    rows = [feature_row(context, items) for items in groups.values()]
    return table(context.words, name, "technique code value condition where", rows)


def feature_row(context: Context, items: list[Feature]) -> tuple[Line, ...]:
    """One row for the places where the same code does the same thing."""
    item = items[0]
    values = join([(Code(name), Plain(" = "), *value(context.words, found)) for name, found in item.values])
    return (
        feature_name(context, item.id),
        code(item.code, 72),
        values,
        code(item.condition or "", 48),
        refs([one.where for one in items], 3),
    )


def feature_name(context: Context, identifier: str) -> Line:
    """The sheet's name, the wording's, or the identifier itself."""
    if identifier in context.sheets:
        return (Plain(context.technique_name(identifier)),)
    return (
        context.words.line(f"features.{identifier}")
        if context.words.has(f"features.{identifier}")
        else (Code(identifier),)
    )
