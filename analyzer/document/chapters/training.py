"""The training chapter: stages, data, loss, optimizer, schedule, precision, batch arithmetic, shapes and cost."""

from __future__ import annotations

import re

from analyzer.document.absences import absence_blocks, told_absent
from analyzer.document.blocks import heading, note, paragraph, table
from analyzer.document.chance_rows import chances
from analyzer.document.chapters.shapes import shape_flow
from analyzer.document.context import Context
from analyzer.document.cost_rows import cost_table, per_token
from analyzer.document.evaluation_blocks import evaluations
from analyzer.document.formula_places import loss_formulas, reason
from analyzer.document.inline import code, number, ref, refs, value
from analyzer.document.optimizer_rows import optimizers, other_schedules, schedules
from analyzer.document.optimizer_state import has_own_state
from analyzer.document.pipeline_rows import feature_table, stage_table
from analyzer.document.pipeline_starts import opening
from analyzer.document.program_builds import build_of, computes_alike, is_other_model, name_of, told_build
from analyzer.document.technique_blocks import formula
from analyzer.document.training_parts import training_parts
from analyzer.document.update_rows import updates
from analyzer.records.configuration import ConfigTable, DerivedQuantity
from analyzer.records.document import Block, Chapter, Code, Heading, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.processes import Loss, Pipeline
from analyzer.records.source import Span

SYSTEM = (
    "mixed_precision", "torch_compile", "distributed_data_parallel", "fully_sharded_data_parallel",
    "gradient_accumulation", "gradient_checkpointing", "gradient_clipping", "exponential_moving_average",
)  # fmt: skip

ALIASES = {
    "long": "int64", "int": "int32", "short": "int16", "float": "float32", "double": "float64", "half": "float16",
}  # fmt: skip
FEWEST_NUMBERS, MOST_NUMBERS = 2, 40
STEPS = r"\.backward\(|manual_backward|\.minimize\("
LEAVES_OUT = re.compile(r"^torch\.nn\.(?:functional\.(?:cross_entropy|nll_loss)|CrossEntropyLoss|NLLLoss)$")
MEANS = re.compile(r"(?<!WithLoss)(?:[lL]oss|entropy)(?:_with_logits)?$")
"""Losses of torch; each that can reduce takes the mean unless told otherwise."""


def build(context: Context) -> Chapter:
    words, pipelines = context.words, context.analysis.facts.processes.training
    if not pipelines or context.training is None:
        blocks: tuple[Block, ...] = (told_absent(context, "training.none", STEPS, files=number(len(context.files))),)
        return Chapter("training", words.line("training.title"), (*blocks, *training_parts(context)))
    main = context.training
    blocks = opening(context, main)
    blocks += (*another_model(context, main), *told_build(context, main), *_pipeline(context, main))
    for other in pipelines:
        if other is not main:
            blocks += _other(context, other)
    return Chapter("training", words.line("training.title"), blocks)


def another_model(context: Context, pipeline: Pipeline) -> tuple[Block, ...]:
    """A program that was not seen to run the main model is told before its stages."""
    if context.model is None or context.runs_main(pipeline) or is_other_model(context, pipeline):
        return ()
    name = Code(context.model.class_name)
    return (note(context.words, "info", f"{pipeline.kind}.other_model", name=name),)


def _pipeline(context: Context, main: Pipeline) -> tuple[Block, ...]:
    trace = context.trace_of("training")
    words = context.words
    blocks: tuple[Block, ...] = (
        *context.drawing("training_pipeline"),
        heading(words, "training.stages", "training-stages"),
    )
    blocks += (*stage_table(context, main, trace, "training_stages"), *evaluations(context))
    blocks += _numbers(context, main)
    blocks += (
        *_data(context, main),
        *chances(context, main),
        *_losses(context, main),
        *optimizers(context, main),
        *updates(context, main),
        *schedules(context, main),
    )
    blocks += (*_system(context, main), *_batch(context, main))
    blocks += (heading(words, "training.shapes", "training-shapes"),)
    if is_other_model(context, main):
        return blocks + _own_shapes(context, main)
    blocks += shape_flow(context, trace, "training_shapes") if trace else (note(words, "gap", "training.no_trace"),)
    return blocks + _cost(context)


def _own_shapes(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """The call of the model that the program builds, which is not the one that the article shows."""
    found, words = build_of(context, main), context.words
    if found is None or context.model is None:
        return ()
    names = {"name": name_of(context, found), "shown": Code(context.model.qualified_name)}
    told = paragraph(words, "training.other_class_shapes", **names)
    trace = next((trace for trace in found.model.traces if trace.output), None)
    flow = shape_flow(context, trace, "training_shapes") if trace else ()
    return (told, *(flow or (note(words, "gap", "training.no_trace"),)))


def _other(context: Context, other: Pipeline) -> tuple[Block, ...]:
    words = context.words
    title = heading(
        words,
        "training.other",
        f"training-{other.entry.path}-{other.entry.first_line}".replace("/", "-").replace(".", "-"),
        name=Code(other.entry_name),
    )
    name = f"stages_{other.entry.path}_{other.entry.first_line}".replace("/", "_").replace(".", "_")
    return (
        title,
        *stage_table(context, other, None, name),
        *_losses(context, other, name),
        *optimizers(context, other, name),
        *other_schedules(context, other),
    )


def _numbers(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Settings with a number that the program's own file reads: sizes of batches, steps, rates."""
    words = context.words
    rows = []
    for owner in context.analysis.facts.configuration.tables:
        for item in owner.values:
            used = [span for span in item.used_at if _is_read_by(main, owner, span)]
            fact = item.effective if isinstance(item.effective, Known) else item.value
            if used and isinstance(fact, Known) and type(fact.value) in (int, float):
                rows.append((code(item.name), value(words, fact), refs(used, 2), ref(item.where)))
    if len(rows) < FEWEST_NUMBERS:
        return ()
    shown = table(words, "training_numbers", "name value used_at where", rows[:MOST_NUMBERS])
    return (heading(words, "training.numbers", "training-numbers"), *shown)


def _is_read_by(main: Pipeline, owner: ConfigTable, span: Span) -> bool:
    """A line of the program itself: a default that a constructor or function reads for itself may be replaced where it
    is called.
    """
    home, entry = owner.where, main.entry
    reads_itself = home.path == span.path and home.first_line <= span.first_line <= home.last_line
    is_program = (home.path, home.first_line) == (entry.path, entry.first_line)
    is_default = owner.format in ("init_defaults", "function_defaults")
    return span.path == entry.path and (is_program or not (is_default and reads_itself))


def _data(context: Context, main: Pipeline) -> tuple[Block, ...]:
    words = context.words
    rows = [
        (
            words.line(f"training.level_{item.level}") if item.level else (),
            code(item.name),
            code(item.expression),
            code(item.shape or ""),
            code(_dtype(item.dtype or "")),
            ref(item.where),
        )
        for item in main.data
    ]
    title = heading(words, "training.data", "training-data")
    return (
        (title, *table(words, "data_format", "level name code shape dtype where", rows))
        if rows
        else (title, note(words, "gap", "training.no_data"))
    )


def _dtype(name: str) -> str:
    """The name that shapes use elsewhere: `torch.long` is `int64`."""
    return ALIASES.get(name, name)


def _losses(context: Context, main: Pipeline, name: str = "") -> tuple[Block, ...]:
    words = context.words
    rows = [_loss_row(context, item) for item in main.losses]
    if not rows:
        return () if name else (heading(words, "training.loss", "loss"), note(words, "gap", "training.no_loss"))
    blocks = table(
        words,
        f"losses_{name}" if name else "losses",
        "loss code reduction ignore_index label_smoothing label_shift weight condition where",
        rows,
    )
    if name:
        return blocks
    blocks = (heading(words, "training.loss", "loss"), *blocks)
    for found in loss_formulas(context):
        blocks += (*formula(context, found), *reason(context, found))
    return blocks


def _loss_row(context: Context, item: Loss) -> tuple[Line, ...]:
    words = context.words
    averages = item.function.startswith("torch.") and MEANS.search(item.function) is not None
    default = words.line("training.reduction_default") if averages else ()
    reduction = code(item.reduction) if item.reduction else default
    return (
        code(item.function),
        code(item.code, 72),
        reduction,
        value(words, item.ignore_index) if item.ignore_index is not None else _left_index(context, item),
        value(words, item.label_smoothing),
        ref(item.label_shift),
        _weight(item),
        code(item.condition or "", 72),
        ref(item.where),
    )


def _left_index(context: Context, item: Loss) -> Line:
    """What torch's losses over classes leave out where the code says nothing."""
    return context.words.line("training.ignore_default") if LEAVES_OUT.search(item.function) else ()


def _weight(item: Loss) -> Line:
    """As written, and what it comes to where that is more than the number itself."""
    text, found = item.weight or "", item.weight_value
    if isinstance(found, Known) and f"{found.value:g}" != text:
        return (*code(text), Plain(f" = {found.value:g}"))
    return code(text)


def _system(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Precision, compilation, distribution, seeds: everything the loop does beside the textbook."""
    words = context.words
    blocks: tuple[Block, ...] = (heading(words, "training.system", "training-components"),)
    found = feature_table(context, main.features, "training_features")
    blocks += found or (note(words, "info", "training.no_features"),)
    done = {item.id for item in main.features}
    blocks += absence_blocks(context, [name for name in SYSTEM if name not in done])
    return (*blocks, *_seeds(context, main))


def _seeds(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Where seeds are set; those under a condition apart, with the condition."""
    words = context.words
    uncertain = dict(main.seed_conditions)
    always = tuple(span for span in main.seeds if span not in uncertain)
    blocks: tuple[Block, ...] = (paragraph(words, "training.seeds", where=refs(always)),) if always else ()
    for condition in dict.fromkeys(uncertain.values()):
        where = refs(tuple(span for span, text in main.seed_conditions if text == condition))
        blocks += (paragraph(words, "training.seeds_if", where=where, condition=Code(condition)),)
    return blocks or (paragraph(words, "training.no_seeds"),)


def _batch(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Arithmetic that the training code itself does with configuration values."""
    words = context.words
    files = {main.entry.path, *main.files}
    inside = [*main.derived]
    inside += [item for item in context.analysis.facts.configuration.derived if item.where.path in files]
    title = heading(words, "training.batch", "batch-arithmetic")
    if not inside:
        return (title, note(words, "gap", "training.no_batch"))
    return (
        title,
        *table(words, "batch_arithmetic", "name formula value where", [derived_row(context, item) for item in inside]),
    )


def derived_row(context: Context, item: DerivedQuantity) -> tuple[Line, ...]:
    shown: Line = (
        (Plain(number(item.value.value)),)
        if isinstance(item.value, Known) and type(item.value.value) is int
        else value(context.words, item.value)
    )
    return (code(item.name), code(item.formula), shown, ref(item.where))


def _cost(context: Context) -> tuple[Block, ...]:
    words = context.words
    title: Block = Heading(3, words.line("training.cost"), "training-cost")
    wanted = ["training_flops", "flops_training", "parameter_bytes", "gradient_bytes"]
    wanted += ["optimizer_bytes"] if has_own_state(context.analysis) else []
    found = cost_table(context, "training_cost", (*wanted, "activation_bytes"))
    if not found:
        return (title, note(words, "gap", "training.no_cost"))
    return (title, *found, *_step(context), *context.drawing("cost_shares"), *context.drawing("memory"))


def _step(context: Context) -> tuple[Block, ...]:
    """Products for each token at the longest input, and for a step where the training code computes its tokens."""
    cost = dict(context.model.costs if context.model else ()).get("training_flops")
    found = per_token(cost) if cost is not None else None
    if found is None:
        return ()
    flops, name, length = found
    words = context.words
    blocks: tuple[Block, ...] = (
        paragraph(words, "costs.per_token", flops=number(flops), name=Code(name), length=number(length)),
    )
    derived = context.analysis.facts.configuration.derived if computes_alike(context, context.training) else ()
    for item in derived:
        if isinstance(item.value, Known) and type(item.value.value) is int and _counts_tokens(item.formula, name):
            tokens = item.value.value
            step, shown = number(flops * tokens), number(tokens)
            blocks += (
                paragraph(
                    words, "costs.per_step", flops=step, tokens=shown, quantity=Code(item.name), where=ref(item.where)
                ),
            )
    return blocks


def _counts_tokens(formula: str, length: str) -> bool:
    """Whether a formula is a product in which a batch size and the length of a sequence stand."""
    factors = [factor.strip().rpartition(".")[2] for factor in formula.split("*")]
    return (
        all(factor.isidentifier() for factor in factors)
        and length in factors
        and any("batch" in factor for factor in factors)
    )
