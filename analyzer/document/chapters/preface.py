"""The preface: the field in two cited sentences, the project in its own words, and what is new in it."""

from __future__ import annotations

import re

from analyzer.document.blocks import bullets, note, paragraph
from analyzer.document.context import Context
from analyzer.document.inline import codes, refs
from analyzer.document.knowledge import citation, field_of
from analyzer.document.novelty import beyond_reference, common_beyond, distinguishing
from analyzer.document.technique_blocks import named_values
from analyzer.records.document import Block, Chapter, Line, Note, Plain, Strong
from analyzer.records.source import SourceFile, Span
from analyzer.records.techniques import TechniqueFinding

NEWS = re.compile(r"^\W*(update|news|note|warning|deprecat|\d{4}|更新|最新)", re.IGNORECASE)
NOISE = re.compile(r"^\s*(#|<|!\[|\[!\[|\||```|---|===|[-*] |\d+\. |>|\[.*\]\(.*\)\s*$)")
EMPHASIS = re.compile(r"\*\*|__|<[^>]+>")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
SENTENCE = re.compile(r"(?:\S+\s+){3,}\S+[.!?](?:\s|$)|[一-鿿]{4,}\S*[。！？]")
METADATA = re.compile(r"(?:^|/)(?:[^/]+\.(?:dist|egg)-info/METADATA|PKG-INFO)$")
LONGEST_QUOTE = 600
MOST_OWNERS = 2


def build(context: Context) -> Chapter:
    words = context.words
    blocks: list[Block] = [*_background(context), *_own_words(context)]
    found = distinguishing(context)
    own = beyond_reference(context)
    for key, items in (("new", own), ("shared", [item for item in found if item not in own])):
        if items:
            told = f"preface.{key}" if own else "preface.common" if common_beyond(context) else "preface.none_beyond"
            blocks.append(paragraph(words, told))
            blocks += bullets(_idea(context, item) for item in items)
    if not found:
        blocks.append(paragraph(words, "preface.nothing_new"))
    return Chapter("preface", words.line("preface.title"), tuple(blocks))


def _background(context: Context) -> tuple[Block, ...]:
    """What the field is about, where its history is at hand."""
    field = field_of(context)
    if field.background is None or field.citation is None:
        return ()
    text: Line = (Plain(context.words.pick(field.background)), Plain(" "), *citation(field.citation))
    return (Note("knowledge", text),)


def _idea(context: Context, item: TechniqueFinding) -> Line:
    """A technique with the classes that hold it and the sizes that it has here."""
    words = context.words
    owners = [name for name in (model.rpartition(":")[2] for model in item.models) if name]
    values = named_values(context, item)
    return words.line(
        "preface.idea",
        name=Strong(context.technique_name(item.sheet_id)),
        owners=words.line("preface.owners", names=codes(owners[:MOST_OWNERS])) if owners else (),
        values=words.line("preface.values", values=words.listed(values)) if values else (),
        where=refs(item.where, 2),
    )


def _own_words(context: Context) -> tuple[Block, ...]:
    """What the project says of itself, quoted from its README."""
    readme = readme_of(context)
    span = opening_of(readme) if readme else None
    if readme is None or span is None:
        return (note(context.words, "info", "preface.no_readme"),)
    text = " ".join(EMPHASIS.sub("", LINK.sub(r"\1", context.quote(span))).split())
    quoted = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rsplit(" ", 1)[0] + "…"
    where = context.part(span, span.first_line, span.last_line)
    return (paragraph(context.words, "preface.own_words", quote=Plain(quoted), where=refs([where])),)


def readme_of(context: Context) -> SourceFile | None:
    """The README at the root, in this language where the repository has one of its own."""
    names = ["README.md", "readme.md", "README.rst", "README.txt", "README"]
    named = [
        f"README{mark}.md"
        for mark in (("_zh", ".zh", "_CN") if context.words.language == "zh" else ("_en", ".en", "_EN"))
    ]
    found = [name for name in named + names if name in context.files and context.files[name].text]
    return context.files[found[0]] if found else next(filter(_is_description, context.files.values()), None)


def _is_description(file: SourceFile) -> bool:
    """The metadata of an installed distribution, which carries the project's README below its fields."""
    return METADATA.search(file.path) is not None and "\n\n" in file.text


def opening_of(file: SourceFile) -> Span | None:
    """The first paragraph of prose: no heading, badge, list, table or markup."""
    lines = file.text.split("\n")
    start = None
    fields = lines.index("") if _is_description(file) else 0
    for at, line in enumerate(lines[fields:], fields + 1):
        prose = bool(line.strip()) and not NOISE.match(line)
        if prose and start is None:
            start = at
        if start is not None and not prose:
            if _is_prose("\n".join(lines[start - 1 : at - 1])):
                return Span(file.path, start, at - 1)
            start = None
    return None


def _is_prose(text: str) -> bool:
    bare = LINK.sub(r"\1", text)
    if NEWS.match(bare):
        return False
    return bool(SENTENCE.search(bare)) or len(bare) >= 60 or sum("一" <= character <= "鿿" for character in bare) >= 20
