"""A recognised technique as blocks: its formula bound to code names, why it is used, how this code departs from it."""

from __future__ import annotations

import re

from analyzer.document.blocks import bullets
from analyzer.document.context import Context
from analyzer.document.facets import binding_line
from analyzer.document.inline import join, ref
from analyzer.document.knowledge import citation
from analyzer.document.wording import fill, places_of
from analyzer.records.document import Block, Formula, Line, Math, Note, Plain
from analyzer.records.techniques import Binding, Symbol, TechniqueFinding, TechniqueSheet

HOLE = re.compile(r"\{([a-z_]+)\}")


def formula(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """The sheet's formula with a where-list: every symbol with its meaning and the name it has in this code."""
    sheet = context.sheets.get(found.sheet_id)
    if sheet is None or not sheet.formula.strip():
        return ()
    symbols = tuple((Math(item.symbol), _meaning(context, item, found)) for item in sheet.symbols)
    return (Formula(sheet.formula, symbols, found.where[:1]),)


def _meaning(context: Context, item: Symbol, found: TechniqueFinding) -> Line:
    words = context.words
    meaning = words.pick(item.meaning)
    bindings = [binding for binding in found.bindings if binding.hole == item.hole]
    if not bindings:
        return words.line("common.not_bound", meaning=meaning) if item.hole else (Plain(meaning),)
    names = join([_bound(binding) for binding in bindings[:3]])
    return words.line("common.where_bound", meaning=meaning, names=names)


def _bound(binding: Binding) -> Line:
    return (*binding_line(binding), Plain(" ("), *ref(binding.where), Plain(")"))


def motivation(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """Why this and not the alternative; only where this repository's own names fill every place of the sentence."""
    sheet = context.sheets.get(found.sheet_id)
    text = context.words.pick(sheet.motivation) if sheet else ""
    places = places_of(text)
    values = {item.hole: binding_line(item) for item in reversed(found.bindings)}
    if sheet is None or not places or not places <= set(values):
        return ()
    return (Note("knowledge", (*fill(text, dict(values)), *_sources(sheet))),)


def _sources(sheet: TechniqueSheet) -> Line:
    return (Plain(" ("), *join([citation(item) for item in sheet.sources]), Plain(")")) if sheet.sources else ()


def departures(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """How this code differs from the textbook form."""
    return bullets(context.words.reason(rule, arguments) for rule, arguments in found.notes)
