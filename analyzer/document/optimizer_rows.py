"""The optimizer with its groups and the learning rate with its curve, as tables."""

from __future__ import annotations

from analyzer.document.absences import told_absent
from analyzer.document.blocks import heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, join, number, ref, refs, value
from analyzer.document.listing import snippet
from analyzer.document.wording import Filling
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Optimizer, Pipeline, Schedule
from analyzer.records.source import Span
from analyzer.records.techniques import Unspecified

MOST_CURVE_ROWS = 9
HELD: dict[bool | None, str] = {True: "_if_held", False: "_if_not", None: "_if_open"}
LONGEST_FORMULA = 400
OPTIMIZERS = r"\boptim\.[A-Z]\w+\(|torch\.optim\b|\boptimizer\w*\s*="
SCHEDULES = r"lr_scheduler|\bscheduler\b|param_group\w*\[.lr.\]|adjust_learning_rate|get_lr\b"
"""Words of code without which nothing of the kind can be there."""


def optimizers(context: Context, main: Pipeline, name: str = "") -> tuple[Block, ...]:
    words = context.words
    if not main.optimizers:
        return (
            ()
            if name
            else (
                heading(words, "training.optimizer", "optimizer"),
                told_absent(context, "training.no_optimizer", OPTIMIZERS),
            )
        )
    blocks: tuple[Block, ...] = () if name else (heading(words, "training.optimizer", "optimizer"),)
    blocks += _chosen(context, main)
    for at, item in enumerate(main.optimizers):
        key = f"training.optimizer_class{HELD[item.effective]}" if item.condition else "training.optimizer_class"
        given: dict[str, Line] = {"condition": code(item.condition)} if item.condition else {}
        blocks += (paragraph(words, key, name=Code(item.class_name), where=ref(item.where), **given),)
        blocks += _optimizer_tables(context, main, item, f"{name}_{at}")
    return blocks


def _chosen(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Of optimizers that exclude one another the one that a default run builds."""
    built = [item for item in main.optimizers if item.effective]
    others = [item for item in main.optimizers if item.effective is False]
    if not others or len(built) != 1 or built[0].condition is None:
        return ()
    names = codes([item.class_name for item in others])
    name, where = Code(built[0].class_name), ref(built[0].where)
    return (paragraph(context.words, "training.optimizer_chosen", name=name, where=where, others=names),)


def _optimizer_tables(context: Context, main: Pipeline, item: Optimizer, suffix: str) -> tuple[Block, ...]:
    words = context.words
    rows: list[tuple[Line, ...]] = [
        (code(name), code(expression), value(words, found), _replaced(context, main, name))
        for name, expression, found in item.arguments
    ]
    groups = [
        (
            code(group.selection),
            join([(Code(name), Plain(" = "), *value(words, found)) for name, found in group.options]),
            ref(group.where),
        )
        for group in item.groups
    ]
    rows += [_default(context, found) for found in _left_to_the_library(context, item)]
    arguments = table(words, f"optimizer{suffix}", "argument code value note", rows)
    return (*arguments, *table(words, f"optimizer_groups{suffix}", "group options where", groups))


def _replaced(context: Context, main: Pipeline, name: str) -> Line:
    """The rate of the construction counts only until a line of the program puts another one in its place."""
    places = [one.set_at for one in main.schedules if one.set_at is not None]
    return context.words.line("training.rate_replaced", where=refs(places, 2)) if name == "lr" and places else ()


def _left_to_the_library(context: Context, item: Optimizer) -> list[Unspecified]:
    """Arguments that the construction does not give."""
    owner = item.class_name.rpartition(".")[2]
    found = (one for one in context.analysis.findings.unspecified if one.parameter.startswith(f"{owner}."))
    return [one for one in found if _is_same_place(one.where, item.where)]


def _is_same_place(one: Span, other: Span) -> bool:
    return one.path == other.path and other.first_line <= one.first_line <= other.last_line


def _default(context: Context, item: Unspecified) -> tuple[Line, ...]:
    """An argument with the library's own default and where that stands."""
    note = context.words.line("training.left_out", source=item.citation)
    return (code(item.parameter.partition(".")[2]), (), code(item.library_default), note)


def schedules(context: Context, main: Pipeline) -> tuple[Block, ...]:
    words = context.words
    title = heading(words, "training.schedule", "schedule")
    if not main.schedules:
        return (title, told_absent(context, "training.no_schedule", SCHEDULES, "info"))
    blocks: tuple[Block, ...] = (title,)
    for at, item in enumerate(main.schedules):
        blocks += _schedule(context, main, item, at)
    return blocks


def _schedule(context: Context, main: Pipeline, item: Schedule, at: int) -> tuple[Block, ...]:
    words = context.words
    rows = [
        (code(name), code(expression), value(words, found), refs(found.where, 2) if isinstance(found, Known) else ())
        for name, expression, found in item.arguments
    ]
    blocks: tuple[Block, ...] = (
        paragraph(words, "training.schedule_kind", name=Code(item.kind), where=ref(item.where)),
    )
    if item.formula:
        formula, counter = code(item.formula, LONGEST_FORMULA), Code(item.counter)
        blocks += (paragraph(words, "training.rate_formula", formula=formula, counter=counter),)
    elif ":" in item.kind:
        blocks += snippet(context, item.where)
    blocks += table(words, f"schedule_{at}", "argument code value where", rows)
    if item.curve:
        points = curve_points(item)
        blocks += (
            paragraph(words, "training.curve"),
            *context.drawing("learning_rate_curve" if at == 0 else f"learning_rate_curve_{at}"),
        )
        blocks += table(
            words,
            f"curve_{at}",
            "step learning_rate",
            [((Plain(number(step)),), (Code(f"{rate:.6g}"),)) for step, rate in points],
        )
        if not item.counter:
            blocks += _called_at(context, main)
        if item.counter:
            key = "training.curve_share" if item.in_percent else "training.curve_counter"
            blocks += (paragraph(words, key, counter=Code(item.counter)),)
    elif isinstance(item.curve_gap, Unknown):
        blocks += (
            note(
                words, "gap", "training.no_curve", reason=words.reason(item.curve_gap.reason, item.curve_gap.arguments)
            ),
        )
    return blocks


def _called_at(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Where the scheduler is told to go on: what a step of its curve is."""
    stages = [stage for stage in main.stages if stage.kind == "schedule" and stage.loops and stage.framework is None]
    if not stages:
        return ()
    told = {"code": code(stages[0].code), "where": ref(stages[0].where), "loop": code(stages[0].loops[-1])}
    return (paragraph(context.words, "training.curve_calls", **told),)


def other_schedules(context: Context, pipeline: Pipeline) -> tuple[Block, ...]:
    """The rates of a further trainer: where they start, their largest, where they end."""
    words = context.words
    blocks: tuple[Block, ...] = ()
    for item in pipeline.schedules:
        places: dict[str, Filling] = {"name": Code(item.kind), "where": ref(item.where)}
        if item.curve:
            first, last, peak = item.curve[0][1], item.curve[-1][1], max(rate for _, rate in item.curve)
            rates = {key: Code(f"{rate:.6g}") for key, rate in (("first", first), ("peak", peak), ("last", last))}
            blocks += (paragraph(words, "training.other_schedule", **places, **rates),)
        elif isinstance(item.curve_gap, Unknown):
            reason = words.reason(item.curve_gap.reason, item.curve_gap.arguments)
            blocks += (paragraph(words, "training.other_schedule_open", **places, reason=reason),)
    return blocks


def curve_points(item: Schedule) -> list[tuple[int, float]]:
    """First, last, largest and evenly spread samples of a curve."""
    peak = max(item.curve, key=lambda point: point[1])
    if peak[1] == min(rate for _, rate in item.curve):
        return [item.curve[0], item.curve[-1]]
    stride = max(len(item.curve) // (MOST_CURVE_ROWS - 3), 1)
    return sorted({*item.curve[::stride], peak, item.curve[0], item.curve[-1]})
