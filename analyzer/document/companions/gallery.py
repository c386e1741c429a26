"""The gallery: drawings in letters, each derived from this repository's facts or left out with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable

from analyzer.document.alternatives import arms_in_brackets, choices_told
from analyzer.document.bindings import binding_value, bound
from analyzer.document.blocks import note, paragraph
from analyzer.document.companions.gallery_assets import heat_map, tokens
from analyzer.document.companions.sketch import chain, short, stack
from analyzer.document.context import Context
from analyzer.document.facets import HEAD_HOLES, counts
from analyzer.document.inline import compact, refs, shapes_text
from analyzer.document.key_modules import all_modules
from analyzer.document.knowledge import field_of
from analyzer.document.technique_blocks import formula
from analyzer.document.wording import REASON_FILES
from analyzer.records.document import Block, Chapter, DiagramRef, Document, Plain, Preformatted
from analyzer.records.techniques import TechniqueFinding

BAR = 40
FEWEST_BARS = 2
MOST_HEADS = 6
MOST_FILES = 16
TELLING = ("model", "training", "inference", "data", "preprocess", "config")
"""What a file with several roles is read as: the first of these."""
READING = ("config", "preprocess", "data", "model", "training", "inference")
Maker = Callable[[Context], tuple[Block, ...]]


def build(context: Context) -> Document:
    words = context.words
    chapters = []
    for name, make in DRAWINGS.items():
        blocks = make(context) or (note(words, "info", f"gallery.{name}_absent"),)
        chapters.append(Chapter(name, words.line(f"gallery.{name}"), blocks))
    return Document("docs/gallery", words.language, words.line("gallery.title", name=context.name), tuple(chapters))


def _drawn(context: Context, *ids: str) -> tuple[Block, ...]:
    """Drawings of the report as letters."""
    wanted = [diagram for identifier in ids for diagram in context.drawings if diagram.id == identifier]
    return tuple(DiagramRef(diagram, (Plain(context.words.pick(diagram.title)),), ("ascii",)) for diagram in wanted)


def _architecture(context: Context) -> tuple[Block, ...]:
    return _drawn(context, "architecture")


def _attention(context: Context) -> tuple[Block, ...]:
    """The attention module's own lines with their shapes."""
    for item in all_modules(context):
        if item.rows and any(context.sheets[found.sheet_id].category == "attention" for found in item.techniques):
            steps = [
                (
                    "; ".join(
                        f"{target.name} {shapes_text(target.tensors)}" for target in row.targets if target.tensors
                    ),
                    short(row.code, 60),
                )
                for row in item.rows
            ]
            text = paragraph(context.words, "gallery.attention_of", name=item.info.name, where=refs([item.info.where]))
            return (text, Preformatted(chain([step for step in steps if step[0]])))
    return ()


def _heads(context: Context) -> tuple[Block, ...]:
    """Input, one frame per head, concatenation."""
    binding = bound(context, HEAD_HOLES, "attention")
    count = binding_value(context, binding) if binding else None
    if binding is None or not isinstance(count, int):
        return ()
    shown = [f"head {at}" for at in range(min(count, MOST_HEADS - 1))] + (
        [f"head {count - 1}"] if count >= MOST_HEADS else []
    )
    gap = "   ...   " if count > MOST_HEADS else "   "
    cells = [f"| {name} |" for name in shown]
    rule = ["+" + "-" * (len(cell) - 2) + "+" for cell in cells]
    joined = ["   ".join(row[:-1]) + (gap + row[-1] if len(row) > 1 else row[-1]) for row in (rule, cells, rule)]
    middle = len(joined[0]) // 2
    drawing = "\n".join(
        [
            "x".center(len(joined[0])).rstrip(),
            " " * middle + "|",
            *joined,
            " " * middle + "|",
            "concat".center(len(joined[0])).rstrip(),
        ]
    )
    return (
        paragraph(context.words, "gallery.heads_of", name=binding.code, count=str(count), where=refs([binding.where])),
        Preformatted(drawing),
    )


def _positions(context: Context) -> tuple[Block, ...]:
    found = context.techniques_of("position")
    return tuple(block for item in _unique(found)[:2] for block in _position(context, item)) + _drawn(
        context, "positions"
    )


def _position(context: Context, item: TechniqueFinding) -> tuple[Block, ...]:
    text = paragraph(
        context.words, "gallery.position", name=context.technique_name(item.sheet_id), where=refs(item.where, 2)
    )
    return (text, *formula(context, item))


def _unique(found: tuple[TechniqueFinding, ...]) -> list[TechniqueFinding]:
    return list({item.sheet_id: item for item in reversed(found)}.values())[::-1]


def _training(context: Context) -> tuple[Block, ...]:
    """The loop as the code runs it, back edge included."""
    stages = context.training.stages if context.training else ()
    looped = [stage for stage in stages if stage.loops]
    turning = next((stage for stage in looped if stage.kind in ("backward", "step")), looped[0] if looped else None)
    if turning is None:
        return ()
    inside = [stage for stage in looped if stage.loops[0] == turning.loops[0]]
    steps = [
        (f"{at}. {stage.kind}: {short(stage.code, 60)}", f"{arms_in_brackets(stage)} {stage.where}".strip())
        for at, stage in enumerate(inside, 1)
    ]
    header = short(turning.loops[0], 80)
    drawn = Preformatted(f"{header}\n    |\n    v\n{chain(steps)}\n    |\n    +--> {header}")
    return (drawn, *choices_told(context, inside))


def _schedule(context: Context) -> tuple[Block, ...]:
    return _drawn(context, "learning_rate_curve", "learning_rate")


def _adapters(context: Context) -> tuple[Block, ...]:
    found = [item for item in context.used_techniques if item.sheet_id == "lora"]
    return tuple(block for item in found[:1] for block in _position(context, item))


def _prompt(context: Context) -> tuple[Block, ...]:
    """Lines of the repository that hold a chat template."""
    from analyzer.document.companions.prompts import template_lines
    from analyzer.document.listing import snippet

    spans = template_lines(context)
    return tuple(
        block
        for span in spans[:2]
        for block in (
            paragraph(context.words, "gallery.prompt_at", where=refs([span])),
            *snippet(context, span, longest=12),
        )
    )


def _sizes(context: Context) -> tuple[Block, ...]:
    """Published models and this one on a logarithmic axis; the published figures are knowledge."""
    own, field = counts(context), field_of(context)
    bars = [(item.name.en, item.parameters) for item in field.models if item.parameters]  # labels of drawings are ASCII
    if own and own.total and context.model:  # a model without weights has no place on this axis
        name = context.name if context.missing is None else context.model.class_name
        bars.append((f"{name} (*)", own.total))
    if len(bars) < FEWEST_BARS:
        return ()
    smallest = min(amount for _, amount in bars)
    largest = max(amount for _, amount in bars)
    span = math.log10(largest / smallest) or 1.0
    wide = max(len(name) for name, _ in bars)
    lines = [
        f"{name.ljust(wide)} |{'#' * (1 + round((BAR - 1) * math.log10(amount / smallest) / span))} {compact(amount)}"
        for name, amount in sorted(bars, key=lambda row: row[1])
    ]
    return (note(context.words, "knowledge", "gallery.sizes_note"), Preformatted("\n".join(lines)))


def _modes(context: Context) -> tuple[Block, ...]:
    """Training and inference as two frames of their own lines."""
    rows = context.analysis.findings.mode_differences
    if not rows:
        return ()
    frames = [
        ("TRAINING", [(item.aspect, item.training_text) for item in rows]),
        ("INFERENCE", [(item.aspect, item.inference_text) for item in rows]),
    ]
    drawn = [(title, [line for row in lines for line in _quoted(context, *row)]) for title, lines in frames]
    return (Preformatted("\n\n".join(stack([frame]) for frame in drawn if frame[1])),)


def _quoted(context: Context, aspect: str, text: str) -> list[str]:
    """What the code itself says of an aspect; names of parts in words, and nothing for what it has not."""
    if any(context.words.has(f"{file}.{text}") for file in ("modes", *REASON_FILES)) or not text.isascii():
        return []
    parts = [part.strip() for part in text.split(",")]
    are_names = all(part in context.sheets or context.words.has(f"features.{part}") for part in parts)
    return [f"{aspect}: {text.replace('_', ' ') if are_names else text}"]


def _path(context: Context) -> tuple[Block, ...]:
    """The order of reading: settings, data, model, programs; each file once, as what it is most, and files of settings
    folder by folder.
    """
    roles = context.analysis.facts.structure.roles
    found: dict[str, list[str]] = {}
    for role in TELLING:
        for item in roles:
            if item.role == role and not any(item.path in paths for paths in found.values()):
                found.setdefault(role, []).append(item.path)
    steps = [(path, role) for role in READING for path in _folded(role, found.get(role, []))]
    more = [(f"... ({len(steps) - MOST_FILES} more)", "")] if len(steps) > MOST_FILES else []
    return (Preformatted(chain([*steps[:MOST_FILES], *more])),) if steps else ()


def _folded(role: str, paths: list[str]) -> list[str]:
    """Several files of settings in one folder are read as one."""
    if role != "config":
        return paths
    folders = [path.rpartition("/")[0] for path in paths]
    lines = [
        f"{folder}/ ({folders.count(folder)} files)" if folder and folders.count(folder) > 1 else path
        for path, folder in zip(paths, folders, strict=True)
    ]
    return list(dict.fromkeys(lines))


DRAWINGS: dict[str, Maker] = {
    "architecture": _architecture,
    "attention": _attention,
    "heads": _heads,
    "positions": _positions,
    "heat_map": heat_map,
    "tokens": tokens,
    "training": _training,
    "schedule": _schedule,
    "adapters": _adapters,
    "prompt": _prompt,
    "sizes": _sizes,
    "modes": _modes,
    "path": _path,
}
