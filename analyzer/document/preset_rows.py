"""Presets side by side: the values in which they differ, and the parameters that each builds."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, table
from analyzer.document.build_text import build_text
from analyzer.document.context import Context
from analyzer.document.inline import code, number, ref, value
from analyzer.records.configuration import PlainValue, Preset
from analyzer.records.document import Block, Code, Line, Plain, Table
from analyzer.records.evidence import Known, Unknown
from analyzer.records.tensors import ModelShapes

MOST_COLUMNS = 6
LONGEST_BUILD = 96
MOST_PRESETS = 72
MOST_ROWS = 30


def presets(context: Context) -> tuple[Block, ...]:
    """Few presets are columns, many are rows; each with its parameters where it was built."""
    words = context.words
    found = context.analysis.facts.configuration.presets
    title = heading(words, "configuration.presets", "presets")
    built = _built_rows(context)
    sizes = table(words, "preset_sizes", "build class count where", built)
    if not found:
        return (title, *sizes) if sizes else (title, note(words, "info", "configuration.no_presets"))
    shown = _shown(context, found)
    tables = [item for group in _groups(shown) for item in _side_by_side(context, group)]
    left = len(found) - len(shown)
    more = (note(words, "info", "configuration.more_presets", count=number(left)),) if left else ()
    return (title, *tables, *more, *sizes)


def _shown(context: Context, found: tuple[Preset, ...]) -> tuple[Preset, ...]:
    """All presets, or in a zoo those of the main model before as many others as a reader bears."""
    if len(found) <= MOST_PRESETS:
        return found
    main = {model.class_name for model in context.analysis.shapes.models if model.main}
    ranked = sorted(found, key=lambda item: item.table not in main)
    kept = ranked[:MOST_PRESETS]
    return tuple(item for item in found if item in kept)


def _groups(found: tuple[Preset, ...]) -> list[list[Preset]]:
    """Presets of one class and source; apart by file only where two files give one name."""
    names = [(item.table, item.layer, item.name) for item in found]
    twice = {name[:2] for name in names if names.count(name) > 1}
    groups: dict[tuple[str, str, str], list[Preset]] = {}
    for item in found:
        path = item.where.path if (item.table, item.layer) in twice else ""
        groups.setdefault((item.table, path, item.layer), []).append(item)
    return list(groups.values())


def _side_by_side(context: Context, items: list[Preset]) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = ()
    for start in range(0, len(items), MOST_COLUMNS):
        blocks += _columns(context, items[start : start + MOST_COLUMNS], start, len(items))
    return blocks


def _caption(context: Context, items: list[Preset], start: int, total: int) -> Line:
    """Whose presets these are, from where, and which of them where they do not fit one table."""
    key = "commands_caption" if items[0].layer == "command_line" else "preset_caption"
    if key == "preset_caption" and len({item.where.path for item in items}) > 1:
        key = "preset_caption_all"
    part: Line = ()
    if total > len(items):
        first, last = number(start + 1), number(start + len(items))
        part = context.words.line("configuration.preset_part", first=first, last=last, total=number(total))
    owner, path = Code(items[0].table), Code(items[0].where.path)
    return context.words.line(f"configuration.{key}", name=owner, path=path, part=part)


def _columns(context: Context, items: list[Preset], start: int, total: int) -> tuple[Block, ...]:
    words, owner = context.words, items[0].table
    values = [dict(item.values) for item in items]
    names = list(dict.fromkeys(name for item in values for name in item))
    defaults = _defaults(context, owner)
    rows = [
        ((Code(name),), *[value(words, item.get(name, defaults.get(name))) for item in values])
        for name in names[:MOST_ROWS]
    ]
    totals = [_total(context, item) for item in items]
    if any(totals):
        rows.append((words.line("configuration.preset_parameters"), *[total or (Plain("—"),) for total in totals]))
    rows.append((words.line("columns.where"), *[ref(item.where) for item in items]))
    header = (words.line("columns.name"), *[code(item.name) for item in items])
    text = f"{owner}_{items[0].where.path}_{items[0].layer}_{start}"
    identifier = f"presets_{''.join(c if c.isalnum() and c.isascii() else '_' for c in text)}"
    caption = _caption(context, items, start, total)
    return (Table(identifier, header, tuple(rows), tuple("left" for _ in header), caption),)


def _defaults(context: Context, owner: str) -> dict[str, Known[PlainValue] | Unknown]:
    """What the class of a configuration gives where a preset gives nothing; of other presets the base is not told."""
    tables = context.analysis.facts.configuration.tables
    found = [item for item in tables if item.name == owner and item.format in ("dataclass", "init_defaults")]
    return {item.name: item.value for table in found[:1] for item in table.values}


def _total(context: Context, item: Preset) -> Line:
    """Parameters of the model that was built for this preset."""
    for model in (*context.analysis.shapes.presets, *context.analysis.shapes.models):
        same = item.build is not None and model.build_expression == item.build
        if (same or model.build_where == item.where) and isinstance(model.parameters, Known):
            return (Plain(number(model.parameters.value.total)),)
    return ()


def _built_rows(context: Context) -> list[tuple[Line, ...]]:
    """Every size of the main model that was built and has no column of its own."""
    told = {(item.build, item.where) for item in context.analysis.facts.configuration.presets}
    builds, places = {build for build, _ in told}, {where for _, where in told}
    shown = context.analysis.shapes.presets
    models = [item for item in shown if item.build_expression not in builds and item.build_where not in places]
    return [_built_row(context, model) for model in models]


def _built_row(context: Context, model: ModelShapes) -> tuple[Line, ...]:
    total: Line = (
        (Plain(number(model.parameters.value.total)),)
        if isinstance(model.parameters, Known)
        else value(context.words, model.parameters)
    )
    return (
        build_text(context, model, LONGEST_BUILD),
        code(model.class_name),
        total,
        ref(model.build_where or model.where),
    )
