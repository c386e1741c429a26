"""What could not be derived and what was assumed, each with place and reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.document.blocks import heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, number, ref
from analyzer.document.wording import plain_text
from analyzer.records.document import Block, Chapter, Heading, Line, Link, Note, Plain
from analyzer.records.evidence import Assumption, Gap
from analyzer.records.missing_packages import MissingPackage

MOST = 200
NAMED = 4


def build(context: Context, chapters: Sequence[Chapter] = ()) -> Chapter:
    """`chapters` are those of the same document, whose empty sections are listed too."""
    words = context.words
    empty = _empty_sections(chapters)
    gaps, assumed = context.analysis.all_gaps(), _once(context.analysis.all_assumptions())
    blocks: tuple[Block, ...] = (
        paragraph(words, "gaps.opening", gaps=number(len(gaps)), assumptions=number(len(assumed))),
    )
    blocks += (heading(words, "gaps.not_derived", "not-derived"),)
    blocks += table(words, "gaps", "where reason unlocks", [_gap(context, item) for item in gaps[:MOST]]) or (
        note(words, "info", "gaps.none" if not empty else "gaps.none_of_values"),
    )
    if len(gaps) > MOST:
        blocks += (paragraph(words, "common.and_more", shown=number(MOST), all=number(len(gaps))),)
    if missing := context.analysis.missing_packages():
        blocks += (heading(words, "gaps.missing_packages", "missing-packages"),)
        blocks += (paragraph(words, "gaps.missing_packages_meaning"),)
        blocks += table(words, "missing_packages", "package wanted unlocks where", [_package(one) for one in missing])
    if empty:
        blocks += (heading(words, "gaps.sections", "empty-sections"),)
        blocks += table(words, "empty_sections", "section reason", empty)
    blocks += (heading(words, "gaps.assumed", "assumptions"),)
    rows = [_assumption(context, item) for item in assumed[:MOST]]
    blocks += table(words, "assumptions", "kind text where rows", rows) or (note(words, "info", "gaps.no_assumptions"),)
    nets = context.model.nets if context.model else ()
    if nets:
        blocks += (paragraph(words, "gaps.nets", names=words.listed([words.line(f"gaps.net_{net}") for net in nets])),)
    return Chapter("gaps", words.line("gaps.title"), blocks)


def _once(assumptions: Sequence[Assumption]) -> list[Assumption]:
    """What several models rest on is one row with the rows of all of them."""
    found: dict[tuple[str, str, object], Assumption] = {}
    for item in assumptions:
        key = (item.kind, item.text, item.where)
        found[key] = replace(item, rows=found[key].rows + item.rows) if key in found else item
    return list(found.values())


def _empty_sections(chapters: Sequence[Chapter]) -> list[tuple[Line, Line]]:
    """Sections that say why they have nothing, with the link to each."""
    rows: list[tuple[Line, Line]] = []
    for chapter in chapters:
        title, anchor = chapter.title, chapter.id
        for block in chapter.blocks:
            if isinstance(block, Heading):
                title, anchor = block.text, block.anchor
            elif isinstance(block, Note) and block.kind == "gap":
                rows.append(((Link("".join(map(plain_text, title)), f"#{anchor}"),), block.text))
    return rows


def _gap(context: Context, item: Gap) -> tuple[Line, ...]:
    unlocks: Line = (Plain(number(item.unlocks)),) if item.unlocks else ()
    return (code(item.where), context.words.reason(item.reason, item.arguments), unlocks)


def _package(item: MissingPackage) -> tuple[Line, ...]:
    more: Line = (Plain(" …"),) if len(item.wanted) > NAMED else ()
    waiting: Line = (Plain(number(item.rows)),) if item.rows else ()
    return (code(item.name), (*codes(item.wanted[:NAMED]), *more), waiting, code(item.where[0]))


def _assumption(context: Context, item: Assumption) -> tuple[Line, ...]:
    rows: Line = (Plain(number(item.rows)),) if item.rows else ()
    return (context.words.reason(item.kind), code(item.text), ref(item.where), rows)
