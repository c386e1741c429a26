"""What an article may call absent: a technique of which no fact speaks and that no line of code names.

A technique that a program was not seen to use is used elsewhere in the repository, or its code names it and nothing was
derived from that, or it is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.document.blocks import NoteKind, note, paragraph
from analyzer.document.context import Context
from analyzer.document.inline import number, refs
from analyzer.document.wording import Filling, read_template
from analyzer.records.document import Block, Line
from analyzer.records.source import SourceFile, Span

CODE = {"python", "notebook"}
MOST_PLACES = 2


@dataclass(frozen=True)
class Standing:
    """Techniques that a program was not seen to use, by what the rest of the repository says of them."""

    elsewhere: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    named: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    absent: tuple[str, ...] = ()


def standing(context: Context, wanted: Iterable[str]) -> Standing:
    """Of the techniques that a program was not seen to use, which the repository has in another place."""
    elsewhere, named, absent = [], [], []
    for name in wanted:
        if found := used_at(context, name):
            elsewhere.append((name, found))
        elif found := named_at(context, name):
            named.append((name, found))
        else:
            absent.append(name)
    return Standing(tuple(elsewhere), tuple(named), tuple(absent))


def used_at(context: Context, name: str) -> tuple[Span, ...]:
    """Lines of any program's feature or any finding of this technique."""
    processes, findings = context.analysis.facts.processes, context.analysis.findings.techniques
    programs = (*processes.training, *processes.inference)
    places = [item.where for program in programs for item in program.features if item.id == name]
    places += [span for item in findings if item.sheet_id == name for span in item.where[:1]]
    return tuple(dict.fromkeys(places))


def named_at(context: Context, name: str) -> tuple[Span, ...]:
    """Lines of code or notes in it that name the technique."""
    return lines_with(context, read_template("knowledge", "names").get(name, "(?i)" + name.replace("_", ".?")))


def lines_with(context: Context, text: str) -> tuple[Span, ...]:
    """The first line of code that a pattern finds in each of a few files."""
    pattern = re.compile(text)
    found: list[Span] = []
    for path, file in sorted(context.files.items()):
        match = pattern.search(file.text) if _is_code(file) else None
        if match is not None:
            line = file.text.count("\n", 0, match.start()) + 1
            found.append(context.part(Span(path, line, line), line, line))
        if len(found) == MOST_PLACES:
            break
    return tuple(found)


def told_absent(context: Context, key: str, text: str, kind: NoteKind = "gap", **places: Filling) -> Block:
    """The sentence `key` where no line of code has the pattern; else `key_named`, with the lines that have it."""
    found = lines_with(context, text)
    if not found:
        return note(context.words, kind, key, **places)
    return note(context.words, kind, f"{key}_named", where=refs(found))


def _is_code(file: SourceFile) -> bool:
    return file.kind in CODE and file.package is None


def absence_blocks(context: Context, wanted: Iterable[str]) -> tuple[Block, ...]:
    """A sentence for each of the three answers that holds for some technique."""
    words, found = context.words, standing(context, wanted)
    blocks: tuple[Block, ...] = ()
    for key, items in (("elsewhere", found.elsewhere), ("named", found.named)):
        if items:
            blocks += (paragraph(words, f"absences.{key}", names=words.listed([_placed(context, *i) for i in items])),)
    if found.absent:
        files = number(sum(_is_code(file) for file in context.files.values()))
        names = words.listed([words.line(f"features.{name}") for name in found.absent])
        blocks += (paragraph(words, "absences.absent", names=names, files=files),)
    return blocks


def _placed(context: Context, name: str, places: tuple[Span, ...]) -> Line:
    name_of = context.words.line(f"features.{name}")
    return context.words.line("absences.placed", name=name_of, where=refs(places[:MOST_PLACES]))
