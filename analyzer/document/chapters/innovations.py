"""Three to five ideas that distinguish this repository, each with its code, its formula and what it is good for."""

from __future__ import annotations

from dataclasses import replace

from analyzer.document.blocks import note, paragraph, slug
from analyzer.document.context import Context
from analyzer.document.formula_places import told_at
from analyzer.document.inline import codes, number, refs
from analyzer.document.listing import snippet, surroundings
from analyzer.document.novelty import distinguishing, is_shared_with_reference
from analyzer.document.technique_blocks import departures, formula, motivation
from analyzer.records.document import Block, Chapter, Code, Formula, Heading, Link, Plain
from analyzer.records.source import Span
from analyzer.records.techniques import TechniqueFinding

LONGEST = 20


def build(context: Context) -> Chapter:
    words, found = context.words, distinguishing(context)
    blocks: list[Block] = []
    if not found:
        blocks.append(note(words, "gap", "innovations.none", sheets=number(len(context.analysis.findings.techniques))))
    else:
        blocks.append(paragraph(words, "innovations.opening"))
        shown: set[Span] = set()
        told = told_at(context)
        for item in found:
            blocks += [*_section(context, item, shown), *_formula(context, item, told.get(item.sheet_id))]
    return Chapter("innovations", words.line("innovations.title"), tuple(blocks))


def _standing(context: Context, item: TechniqueFinding) -> Block:
    """In which classes and at which lines; what belongs to no class has its lines alone."""
    key = "innovations.shared" if is_shared_with_reference(item) else "innovations.own"
    owners = [name for name in (model.rpartition(":")[2] for model in item.models) if name]
    if not owners:
        return paragraph(context.words, f"{key}_outside", where=refs(item.where))
    places = codes(owners[:4])
    return paragraph(context.words, key, places=places, where=refs(item.where))


def _section(context: Context, item: TechniqueFinding, quoted: set[Span]) -> tuple[Block, ...]:
    """Where it stands, why, and its code unless an idea before it quoted the same lines."""
    words = context.words
    title = Heading(3, (Plain(context.technique_name(item.sheet_id)),), f"idea-{slug(item.sheet_id)}")
    explained: tuple[Block, ...] = (_standing(context, item),)
    shown = item.where[0]
    if shown.last_line - shown.first_line < 2:
        shown = surroundings(context, shown)
    rows = context.trace.rows if context.trace else ()
    code = () if shown in quoted else snippet(context, shown, rows, LONGEST)
    quoted.add(shown)
    if context.model and context.model.tree and not context.is_built(item):
        explained = (
            *explained,
            note(words, "info", "innovations.not_built", build=Code(context.model.build_call)),
        )
    return (title, *explained, *motivation(context, item), *code)


def _formula(context: Context, item: TechniqueFinding, told: Link | None) -> tuple[Block, ...]:
    """The formula; its symbols and how this code departs from it only where no other section has them."""
    if told is None:
        return (*formula(context, item), *departures(context, item))
    bare = tuple(replace(block, symbols=()) for block in formula(context, item) if isinstance(block, Formula))
    return (*bare, paragraph(context.words, "innovations.symbols", link=told))
