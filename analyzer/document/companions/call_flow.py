"""Call flow and data flow: layers, call chains, data with shapes, dimensions, relations, both modes, core ideas."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.document.alternatives import arms_in_brackets, choices_told
from analyzer.document.blocks import bullets, heading, note, paragraph, slug, table
from analyzer.document.chapters import modes
from analyzer.document.chapters.absence import no_trace
from analyzer.document.chapters.shapes import line_row, shape_flow
from analyzer.document.companions.sketch import call_tree, chain, short, stack
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, join, number, ref, refs, shapes_text
from analyzer.document.key_modules import KeyModule, key_modules
from analyzer.document.listing import LONGEST, snippet
from analyzer.document.novelty import distinguishing
from analyzer.document.pipeline_rows import shapes_of_call
from analyzer.document.technique_blocks import formula, motivation
from analyzer.document.ways_in import ways_in
from analyzer.records.document import Block, Chapter, Code, Document, Heading, Line, Plain, Preformatted
from analyzer.records.processes import Pipeline, Stage
from analyzer.records.source import Span
from analyzer.records.tensors import Trace

LAYERS = (("entry_point", "ENTRY"), ("config", "CONFIGURATION"), ("data", "DATA"), ("preprocess", "PREPROCESSING"))
MOST_STEPS = 24
MOST_OF_A_ROLE = 6
DATA_STAGES = {
    "data", "tokenize", "augment", "batch", "forward", "loss", "backward", "unscale", "clip", "step", "preprocess",
    "prefill", "decode", "sample", "postprocess", "output",
}  # fmt: skip
"""Stages that the data pass through; building, logging and saving stand beside them."""


def build(context: Context) -> Document:
    words = context.words
    chapters = (
        Chapter("layers", words.line("call_flow.layers"), _layers(context)),
        Chapter("training", words.line("call_flow.training"), _flow(context, context.training, "training")),
        Chapter("inference", words.line("call_flow.inference"), _flow(context, context.inference, "inference")),
        Chapter("dimensions", words.line("call_flow.dimensions"), _dimensions(context)),
        Chapter("relations", words.line("call_flow.relations"), _relations(context)),
        Chapter("modes", words.line("modes.title"), modes.build(context).blocks),
        Chapter("ideas", words.line("call_flow.ideas"), _ideas(context)),
    )
    return Document("docs/call_flow", words.language, words.line("call_flow.title", name=context.name), chapters)


def _layers(context: Context) -> tuple[Block, ...]:
    """Entry, configuration, data, model, as stacked frames of what this repository has."""
    frames = [
        (
            "ENTRY",
            [
                f"{way.command}  ->  {way.target or way.where.path}" if way.command else way.target
                for way in ways_in(context)[:8]
            ],
        )
    ]
    for role, title in LAYERS[1:]:
        frames.append((title, _role_lines(context, role)))
    frames.append(("MODEL", _model_lines(context)))
    frames.append(
        ("OUTPUT", [str(spec.dtype) + str(spec) for spec in (context.trace.output[:4] if context.trace else ())])
    )
    drawn = stack(frames)
    words = context.words
    if not drawn:
        return (note(words, "gap", "call_flow.no_layers"),)
    return (paragraph(words, "call_flow.layers_opening"), Preformatted(drawn))


def _role_lines(context: Context, role: str) -> list[str]:
    """Files of a role, those that the main programs run first."""
    near = {path for program in (context.training, context.inference) if program for path in program.files}
    paths = list(dict.fromkeys(item.path for item in context.analysis.facts.structure.roles if item.role == role))
    paths.sort(key=lambda path: path not in near)
    exports = {item.path: item.exports for item in context.analysis.facts.structure.relations}
    lines = [f"{path}: {', '.join(exports.get(path, ())[:6])}".rstrip(": ") for path in paths[:MOST_OF_A_ROLE]]
    return [*lines, f"... ({len(paths) - MOST_OF_A_ROLE} more)"] if len(paths) > MOST_OF_A_ROLE else lines


def _model_lines(context: Context) -> list[str]:
    """The model's own assignments with the shapes after them, in order."""
    model, trace = context.model, context.trace
    if model is None:
        return []
    lines = [f"{model.class_name}  ({model.where})"]
    for row in trace.rows if trace else ():
        if row.module == "" and len(lines) < MOST_STEPS:
            shown = "; ".join(f"{item.name} {shapes_text(item.tensors)}" for item in row.targets if item.tensors)
            lines += [f"  {short(row.code, 48):<50} {shown}"] if shown else []
    return lines


def _flow(context: Context, pipeline: Pipeline | None, kind: str) -> tuple[Block, ...]:
    words = context.words
    if pipeline is None:
        return (note(words, "gap", f"{kind}.none", files=number(len(context.files))),)
    blocks: tuple[Block, ...] = (
        paragraph(
            words, f"call_flow.entry_{pipeline.start}", entry=Code(pipeline.entry_name), where=ref(pipeline.entry)
        ),
    )
    blocks += (heading(words, "call_flow.chain", f"{kind}-chain"),)
    found = [item for item in context.analysis.facts.processes.call_chains if item.kind == kind]
    blocks += tuple(Preformatted(call_tree(item.root)) for item in found[:3]) or (
        note(words, "gap", "call_flow.no_chain"),
    )
    blocks += (heading(words, "call_flow.data", f"{kind}-data-flow"), *_data_flow(context, pipeline, kind))
    blocks += (heading(words, "call_flow.key_code", f"{kind}-key-code"), *_key_code(context, pipeline))
    return blocks


def _data_flow(context: Context, pipeline: Pipeline, kind: str) -> tuple[Block, ...]:
    """From raw data to the result: what each stage makes, with shapes at the model's boundary."""
    trace = context.trace_of(kind, "prefill") if kind == "inference" else context.trace_of("training")
    stages = [stage for stage in pipeline.stages if stage.kind in DATA_STAGES]
    trace = trace if context.runs_main(pipeline) else None
    steps = [_step(context, stage, trace) for stage in stages[:MOST_STEPS]]
    if not steps:
        return (note(context.words, "gap", "call_flow.no_stages"),)
    return (Preformatted(chain(steps)), *choices_told(context, stages[:MOST_STEPS]))


def _step(context: Context, stage: Stage, trace: Trace | None) -> tuple[str, str]:
    remark = f"{arms_in_brackets(stage)} {stage.where}".strip()
    if stage.kind in ("forward", "prefill", "decode") and trace:
        taken, given = shapes_of_call(context, stage.code, stage.called, trace, stage.function)
        if taken or given:
            remark = f"{', '.join(map(str, taken))} -> {', '.join(map(str, given))}   {remark}"
    return " ".join(stage.code.split())[:88], remark


def _key_code(context: Context, pipeline: Pipeline) -> tuple[Block, ...]:
    """The innermost loop of the pipeline as it stands, with shapes where they are known."""
    span = _core(context, pipeline)
    rows = context.trace.rows if context.trace else ()
    return snippet(context, span, rows) or (note(context.words, "gap", "call_flow.no_code"),)


def _core(context: Context, pipeline: Pipeline) -> Span:
    """Lines from the first to the last stage of the forward's file around it, at most as many as a snippet holds."""
    centre = next((stage for stage in pipeline.stages if stage.kind in ("forward", "prefill", "decode")), None)
    if centre is None:
        return pipeline.entry
    near = [
        s.where
        for s in pipeline.stages
        if s.function == centre.function and s.where.path == centre.where.path and s.where.cell == centre.where.cell
    ]
    near = [span for span in near if abs(span.first_line - centre.where.first_line) < LONGEST // 2]
    first, last = min(span.first_line for span in near), max(span.last_line for span in near)
    whole = Span(centre.where.path, first, last, "", centre.where.cell)
    return context.part(whole, first, min(last, first + LONGEST - 1))


def _dimensions(context: Context) -> tuple[Block, ...]:
    """The forward pass as a whole, then inside of the modules that matter."""
    trace, words = context.trace, context.words
    if trace is None:
        return no_trace(context)
    blocks: tuple[Block, ...] = (
        heading(words, "call_flow.whole", "forward-dimensions"),
        *shape_flow(context, trace, "forward_flow", whole=True),
    )
    for item in key_modules(context)[:-1]:
        blocks += _inside(context, item)
    return blocks


def _inside(context: Context, item: KeyModule) -> tuple[Block, ...]:
    if not item.rows:
        return ()
    name = slug(item.info.qualified_name)
    found = table(
        context.words,
        f"inside_{name}".replace("-", "_"),
        "line code tensors numeric times",
        [line_row(context, row) for row in item.rows[:40]],
    )
    return (Heading(3, context.words.line("call_flow.inside", name=Code(item.info.name)), f"inside-{name}"), *found)


def _relations(context: Context) -> tuple[Block, ...]:
    words = context.words
    found = [item for item in context.analysis.facts.structure.relations if item.exports or item.imports]
    rows = [
        (code(item.path), codes(item.exports[:8]), _imports(item.imports), codes(item.used_by[:6]))
        for item in found[:60]
    ]
    drawing = context.drawing("file_relations", "module_relations")
    return (*drawing, *table(words, "relations", "file exports imports used_by", rows)) or (
        note(words, "gap", "call_flow.no_relations"),
    )


def _imports(items: Sequence[tuple[str, tuple[str, ...]]]) -> Line:
    return join(
        [(Code(path), Plain(f": {', '.join(names[:6])}") if names else Plain("")) for path, names in items[:6]], "; "
    )


def _ideas(context: Context) -> tuple[Block, ...]:
    """The ideas of the code at hand, each with place, formula and reason."""
    words, found = context.words, distinguishing(context)
    blocks: tuple[Block, ...] = ()
    if context.family != "unknown":
        blocks += (paragraph(words, f"family.{context.family}_task"),)
    for item in found:
        name = context.technique_name(item.sheet_id)
        blocks += (
            Heading(3, (Plain(name),), f"idea-{slug(item.sheet_id)}"),
            paragraph(words, "call_flow.idea", where=refs(item.where)),
        )
        blocks += (*formula(context, item), *motivation(context, item))
    rest = [
        item for item in context.used_techniques if item.sheet_id not in {one.sheet_id for one in found} and item.where
    ]
    unique = {item.sheet_id: item for item in rest}
    others = [(Plain(context.technique_name(name) + " "), *refs(item.where, 2)) for name, item in unique.items()]
    listed = (paragraph(words, "call_flow.also"), *bullets(others)) if others else ()
    return (*blocks, *listed) or (note(words, "gap", "preface.nothing_new"),)
