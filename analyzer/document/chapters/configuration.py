"""Every hyper-parameter with value, type, place, override chain and consumers; derived quantities; presets."""

from __future__ import annotations

from analyzer.document.blocks import folded, heading, note, paragraph, slug, table
from analyzer.document.chapters.training import derived_row
from analyzer.document.context import Context
from analyzer.document.inline import code, number, ref, refs, value
from analyzer.document.override_lines import overrides_line
from analyzer.document.preset_rows import presets
from analyzer.document.program_builds import told_build
from analyzer.records.configuration import ConfigTable, ConfigValue, Reference
from analyzer.records.document import Block, Chapter, Code, Line, Link, Plain
from analyzer.records.evidence import Known

DOCUMENT = "docs/configuration"
MOST_VALUES = 250
OPEN_TABLES = 3
"""Tables that the model's and the pipelines' files read stand open, up to this many; others are folded."""


def build(context: Context) -> Chapter:
    words, configuration = context.words, context.analysis.facts.configuration
    blocks: tuple[Block, ...] = context.drawing("configuration_chain")
    if not configuration.tables:
        blocks += (note(words, "gap", "configuration.none", files=number(len(context.files))),)
    else:
        count = sum(len(item.values) for item in configuration.tables)
        blocks += (
            paragraph(words, "configuration.opening", count=number(count), tables=number(len(configuration.tables))),
        )
    if any(found.effective is not None for item in configuration.tables for found in item.values):
        program = configuration.program
        blocks += (
            paragraph(words, "configuration.of_program", program=code(program))
            if program
            else paragraph(words, "configuration.of_code"),
        )
    shown, left = article_tables(context)
    for at, item in enumerate(shown):
        blocks += config_table(context, item, at < OPEN_TABLES)
    if left:
        link = Link(words.text("documents.configuration"), f"{DOCUMENT}.{words.language}.md")
        count = sum(len(item.values) for item in left)
        blocks += (paragraph(words, "configuration.more", count=number(count), tables=number(len(left)), link=(link,)),)
    return Chapter(
        "configuration",
        words.line("configuration.title"),
        (*blocks, *_derived(context), *presets(context), *_builds(context), *_unused(context)),
    )


def _builds(context: Context) -> tuple[Block, ...]:
    """What training programs build from these settings, beside the build that the article shows."""
    counted = {one.entry for one in context.analysis.shapes.program_builds if isinstance(one.model.parameters, Known)}
    pipelines = (one for one in context.analysis.facts.processes.training if one.entry in counted)
    return tuple(block for pipeline in pipelines for block in told_build(context, pipeline))


def article_tables(context: Context) -> tuple[list[ConfigTable], list[ConfigTable]]:
    """The tables that the article shows, and those that only the companion holds: there are none of these unless a
    repository has more values than a reader of the article could want.
    """
    ranked = _by_use(context)
    if sum(len(item.values) for item in ranked) <= MOST_VALUES:
        return ranked, []
    near = _near_files(context)
    ranked.sort(key=lambda item: item.where.path not in near)
    shown: list[ConfigTable] = []
    room = MOST_VALUES
    for item in ranked:
        if room < len(item.values) and len(shown) >= OPEN_TABLES:
            break
        shown.append(item)
        room -= len(item.values)
    return shown, [item for item in ranked if item not in shown]


def _near_files(context: Context) -> frozenset[str]:
    """Files of the main model and of the programs that the article follows."""
    pipelines = (context.training, context.inference)
    paths = {stage.where.path for pipeline in pipelines if pipeline for stage in pipeline.stages}
    return frozenset(paths | {pipeline.entry.path for pipeline in pipelines if pipeline} | context.model_files)


def _by_use(context: Context) -> list[ConfigTable]:
    """What the programs of the article and its model read comes first, then what their files hold, then the rest; in
    each the tables whose values are read most.
    """
    near = _near_files(context)
    ranked = [
        (_distance(context, item, near), -sum(len(one.used_at) > 0 for one in item.values), item.where, item.name, item)
        for item in context.analysis.facts.configuration.tables
    ]
    return [item for *_, item in sorted(ranked, key=lambda row: row[:4])]


def _distance(context: Context, item: ConfigTable, near: frozenset[str]) -> int:
    """0 for settings of the programs that the article follows and of its model's class, 1 for those of their files."""
    entries = {pipeline.entry.path for pipeline in (context.training, context.inference) if pipeline}
    if item.where.path in entries and item.format != "init_defaults":
        return 0
    model = context.model.where if context.model else None
    spans = [item.where, *(span for found in item.values for span in found.used_at)]
    if model and any(s.path == model.path and model.first_line <= s.first_line <= model.last_line for s in spans):
        return 0
    return 1 if item.where.path in near else 2


def config_table(context: Context, item: ConfigTable, is_open: bool) -> tuple[Block, ...]:
    words = context.words
    name = f"config_{slug(item.name)}_{slug(item.where.path)}_{item.where.first_line}".replace("-", "_")
    rows = [_row(context, found) for found in item.values]
    found = table(words, name, "name default value type effective overrides used_at where note", rows)
    if item.argument_loop is not None:
        found += (paragraph(words, "configuration.argument_loop", where=ref(item.argument_loop)),)
    kind = words.line(f"formats.{item.format}")
    if is_open:
        title = heading(
            words, "configuration.table", name.replace("_", "-"), name=Code(item.name), kind=kind, where=ref(item.where)
        )
        return (title, *found)
    return folded(
        words,
        "configuration.folded",
        found,
        name=Code(item.name),
        kind=kind,
        where=ref(item.where),
        count=number(len(rows)),
    )


def _row(context: Context, item: ConfigValue) -> tuple[Line, ...]:
    words = context.words
    known = isinstance(item.value, Known)
    shown = value(words, item.value)
    if known and isinstance(item.value, Known) and repr(item.value.value) == item.expression:
        shown = ()
    kind = code(item.annotation) if item.annotation else _type(item)
    unread = any(other.where == item.where and other.name == item.name for other in _unread(context))
    used = words.line("configuration.unused_mark") if unread else refs(item.used_at, 3)
    return (
        code(item.name),
        code(item.expression, 60),
        shown,
        kind,
        value(words, item.effective),
        overrides_line(words, item),
        used,
        ref(item.where),
        _note(context, item),
    )


def _note(context: Context, item: ConfigValue) -> Line:
    """What the source says of it, and which values it admits."""
    said: Line = (Plain(f"“{item.help}”"),) if item.help else ()
    if not item.choices:
        return said
    told = context.words.line("configuration.choices", choices=code(item.choices, 60))
    return (*said, *((Plain("; "),) if said else ()), *told)


def _unread(context: Context) -> tuple[ConfigValue, ...]:
    return context.analysis.facts.configuration.unused


def _type(item: ConfigValue) -> Line:
    """The type of the value where nothing is annotated."""
    if not isinstance(item.value, Known) or item.value.value is None or isinstance(item.value.value, Reference):
        return ()
    return code(type(item.value.value).__name__)


def _derived(context: Context) -> tuple[Block, ...]:
    words = context.words
    rows = [derived_row(context, item) for item in context.analysis.facts.configuration.derived]
    title = heading(words, "configuration.derived", "derived-quantities")
    return (
        (title, *table(words, "derived", "name formula value where", rows))
        if rows
        else (title, note(words, "info", "configuration.no_derived"))
    )


def _unused(context: Context) -> tuple[Block, ...]:
    words, unused = context.words, context.analysis.facts.configuration.unused
    title = heading(words, "configuration.unused", "unused")
    if not unused:
        return (title, note(words, "info", "configuration.all_used"))
    rows = [(code(item.name), code(item.expression, 60), ref(item.where)) for item in unused]
    return (
        title,
        paragraph(words, "configuration.unused_opening"),
        *table(words, "unused", "name default where", rows),
    )
