"""Drawings from the trained reference GPT: how it splits a sentence and where its attention looks."""

from __future__ import annotations

from analyzer.document.blocks import note
from analyzer.document.context import Context
from analyzer.records.document import Block, Preformatted
from analyzer.records.tensors import Illustration

SHADES = " .:-=+*#%@"
READ_TEXT = {"language_model", "text_model", "speech", "image_text"}


def _illustration(context: Context) -> Illustration | None:
    reference = context.analysis.shapes.reference
    return reference.illustration if reference else None


def _of_text(context: Context) -> tuple[Block, ...]:
    """Why a picture of a sentence has no place beside a model that reads none."""
    return () if context.family in READ_TEXT else (note(context.words, "info", "gallery.no_text"),)


def heat_map(context: Context) -> tuple[Block, ...]:
    """One head of the last layer: rows look at columns, darker is more."""
    if _of_text(context):
        return _of_text(context)
    found = _illustration(context)
    if found is None or not found.attention:
        return ()
    names = [_printable(character) for character in found.characters]
    lines = ["    " + " ".join(names)]
    lines += [f"{names[at]} | " + " ".join(_shade(weight) for weight in row) for at, row in enumerate(found.attention)]
    legend = f"{SHADES[0]!r} = 0.0 ... {SHADES[-1]!r} = 1.0"
    return (note(context.words, "info", "gallery.heat_map_note"), Preformatted("\n".join([*lines, "", legend])))


def _shade(weight: float) -> str:
    return SHADES[min(int(weight * len(SHADES)), len(SHADES) - 1)]


def _printable(character: str) -> str:
    return "_" if character.isspace() or not character.isascii() else character


def tokens(context: Context) -> tuple[Block, ...]:
    """A sentence, its tokens and their numbers."""
    if _of_text(context):
        return _of_text(context)
    found = _illustration(context)
    if found is None:
        return ()
    cells = [
        (_printable(character), str(number))
        for character, number in zip(found.characters, found.token_ids, strict=True)
    ]
    width = max(len(text) for cell in cells for text in cell)
    upper = " ".join(text.rjust(width) for text, _ in cells)
    lower = " ".join(number.rjust(width) for _, number in cells)
    drawing = f'"{found.sentence}"\n    |\n    v\n{upper}\n{lower}'
    return (note(context.words, "info", "gallery.tokens_note"), Preformatted(drawing))
