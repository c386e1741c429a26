"""The inference chapter: stages, decoding parameters, cache, output, shapes and cost."""

from __future__ import annotations

from analyzer.document.absences import absence_blocks, named_at, used_at
from analyzer.document.blocks import heading, note, paragraph, table
from analyzer.document.chapters.shapes import shape_flow
from analyzer.document.chapters.training import another_model
from analyzer.document.context import Context, walk
from analyzer.document.cost_rows import cost_table
from analyzer.document.evaluation_blocks import left_out
from analyzer.document.inference_settings import settings
from analyzer.document.inline import code, codes, join, number, ref, refs
from analyzer.document.pipeline_rows import feature_name, feature_table, stage_row, stage_table
from analyzer.document.pipeline_starts import callables, opening
from analyzer.records.document import Block, Chapter, Code, Line
from analyzer.records.processes import Pipeline
from analyzer.records.tensors import ModuleNode, ModuleRecord, Trace

OUTPUT_STAGES = ("sample", "postprocess", "output", "metric")
DECODING = (
    "greedy_decoding",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "beam_search",
    "repetition_penalty",
    "speculative_decoding",
)
SERVING = ("kv_cache", "quantization", "streaming", "torch_compile", "mixed_precision")
TEXT = ("language_model", "speech", "image_text")
OF_TEXT = {"kv_cache", "streaming"}
"""What only models that write token after token can have."""
MOST_CACHE_ROWS = 12
MOST_SECTIONS = 3


def build(context: Context) -> Chapter:
    words, main = context.words, context.inference
    if main is None:
        blocks: tuple[Block, ...] = (note(words, "gap", "inference.none", files=number(len(context.files))),)
        return Chapter("inference", words.line("inference.title"), blocks + callables(context) + _shapes(context))
    blocks = (*opening(context, main), *another_model(context, main))
    blocks += (*context.drawing("inference_pipeline"), heading(words, "inference.stages", "inference-stages"))
    blocks += stage_table(context, main, context.trace_of("inference", "prefill", "decode"), "inference_stages")
    blocks += (*left_out(context, main), *settings(context, main))
    blocks += (*_decoding(context, main), *_cache(context, main), *_output(context, main))
    blocks += (*_shapes(context), *_cost(context))
    blocks += _others(context, [item for item in context.analysis.facts.processes.inference if item is not main])
    return Chapter("inference", words.line("inference.title"), blocks)


def _others(context: Context, others: list[Pipeline]) -> tuple[Block, ...]:
    """A section each while they are few; of many one table."""
    if len(others) <= MOST_SECTIONS:
        return tuple(block for other in others for block in _other(context, other))
    words = context.words
    rows = [
        (
            code(other.entry_name),
            words.listed([words.line(f"stages.{kind}") for kind in dict.fromkeys(one.kind for one in other.stages)]),
            join([feature_name(context, name) for name in dict.fromkeys(one.id for one in other.features)]),
            ref(other.entry),
        )
        for other in others
    ]
    title = heading(words, "inference.others", "inference-others", count=number(len(others)))
    return (title, *table(words, "inference_others", "name steps technique where", rows))


def _other(context: Context, other: Pipeline) -> tuple[Block, ...]:
    place = f"{other.entry.path}-{other.entry.first_line}".replace("/", "-").replace(".", "-")
    title = heading(context.words, "inference.other", f"inference-{place}", name=Code(other.entry_name))
    return (title, *stage_table(context, other, None, f"stages_{place}".replace("-", "_")))


def _decoding(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Parameters of decoding and serving with defaults and lines, and what was looked for in vain."""
    words = context.words
    reads_text = context.family in TEXT
    title = heading(words, "inference.components" if reads_text else "inference.parts", "inference-components")
    found = feature_table(context, main.features, "inference_features")
    done = {item.id for item in main.features}
    wanted = (*DECODING, *SERVING) if reads_text else tuple(name for name in SERVING if name not in OF_TEXT)
    if any(item.sheet_id == "kv_cache" for item in context.used_techniques):
        done.add("kv_cache")  # the cache has a section of its own
    absent = absence_blocks(context, [name for name in wanted if name not in done])
    return (
        title,
        *(found or (note(words, "info", "inference.no_features"),)),
        *absent,
        note(words, "info", "inference.no_benchmarks"),
    )


def _cache(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Module shapes of prefill beside those of one decoding step."""
    words = context.words
    if context.family not in TEXT:
        return ()
    title = heading(words, "inference.cache", "kv-cache")
    prefill, decode = context.trace_of("prefill", "inference"), context.trace_of("decode")
    cached = [span for item in context.used_techniques if item.sheet_id == "kv_cache" for span in item.where[:1]]
    cached += [item.where for item in main.features if item.id == "kv_cache"]
    if not cached:
        named = (*used_at(context, "kv_cache"), *named_at(context, "kv_cache"))
        key = "inference.cache_named" if named else "inference.no_cache"
        return (title, note(words, "info", key, **({"where": refs(named, 2)} if named else {})))
    blocks: tuple[Block, ...] = (title, *context.drawing("kv_cache"))
    if prefill and decode:
        blocks += table(words, "prefill_decode", "module class prefill decode", _compare(context, prefill, decode))
    else:
        blocks += (note(words, "gap", "inference.cache_untraced", where=ref(cached[0])),)
    return blocks + cost_table(context, "cache_cost", ("kv_bytes_per_token", "kv_bytes_at_full_length"))


def _compare(context: Context, prefill: Trace, decode: Trace) -> list[tuple[Line, ...]]:
    """Rows of modules whose shapes differ between the two calls; repeated blocks once."""
    later = {record.path: record for record in decode.modules}
    first = {node.paths[0] for node in _nodes(context)}
    rows: list[tuple[Line, ...]] = []
    for record in prefill.modules:
        other = later.get(record.path)
        if record.path in first and other and _outputs(record) != _outputs(other):
            name = code(record.path) if record.path else context.words.line("shapes.whole_model")
            rows.append((name, code(record.class_name), codes(_outputs(record)), codes(_outputs(other))))
    return rows[:MOST_CACHE_ROWS]


def _nodes(context: Context) -> list[ModuleNode]:
    return [node for node in walk(context.model.tree if context.model else None) if node.paths]


def _outputs(record: ModuleRecord) -> list[str]:
    return [str(spec) for spec in record.calls[0].outputs[:3]] if record.calls else []


def _output(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """What the numbers at the end mean: the stages after the model."""
    words = context.words
    rows = [stage_row(context, stage, None) for stage in main.stages if stage.kind in OUTPUT_STAGES]
    title = heading(words, "inference.output", "output-interpretation")
    text = paragraph(words, f"inference.meaning_{context.family}")
    return (title, text, *table(words, "output_stages", "stage input processing output when where", rows))


def _shapes(context: Context) -> tuple[Block, ...]:
    words = context.words
    trace = context.trace_of("inference", "prefill")
    title = heading(words, "inference.shapes", "inference-shapes")
    blocks = shape_flow(context, trace, "inference_shapes") if trace else (note(words, "gap", "inference.no_trace"),)
    decode = context.trace_of("decode")
    if decode:
        blocks += (paragraph(words, "inference.decode_step"), *shape_flow(context, decode, "decode_shapes"))
    return (title, *blocks)


def _cost(context: Context) -> tuple[Block, ...]:
    words = context.words
    found = cost_table(context, "inference_cost", ("flops", "flops_prefill", "flops_decode", "parameter_bytes"))
    return (heading(words, "inference.cost", "inference-cost"), *found) if found else ()
