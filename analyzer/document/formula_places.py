"""Where in the article each formula stands with its symbols, and where its reason is told: each once, pointed to else.

It decides nothing about what is worth telling, only which of the chapters that could tell it does.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.document.blocks import paragraph, slug
from analyzer.document.context import Context
from analyzer.document.key_modules import KeyModule, key_modules
from analyzer.document.novelty import distinguishing
from analyzer.document.technique_blocks import has_formula, motivation
from analyzer.records.document import Block, Link
from analyzer.records.techniques import TechniqueFinding

MOST_FORMULAS = 3
MOST_LOSSES = 3


def fresh_formulas(context: Context, item: KeyModule, shown: Iterable[str]) -> list[TechniqueFinding]:
    """The techniques of a class whose formulas its section shows."""
    found = [one for one in item.techniques if has_formula(context, one) and one.sheet_id not in shown]
    return found[:MOST_FORMULAS]


def loss_formulas(context: Context) -> tuple[TechniqueFinding, ...]:
    """The losses whose formulas the training chapter shows."""
    shown = context.training is not None and bool(context.training.losses)
    return context.techniques_of("loss")[:MOST_LOSSES] if shown else ()


def told_at(context: Context) -> dict[str, Link]:
    """Of each technique whose formula an earlier or later chapter shows with its symbols, the section."""
    places = {
        found.sheet_id: Link(context.words.text("training.loss"), "#loss")
        for found in loss_formulas(context)
        if has_formula(context, found)
    }
    for item in key_modules(context):
        section = Link(item.info.name, f"#module-{slug(item.info.name)}")
        places.update({found.sheet_id: section for found in fresh_formulas(context, item, places)})
    return places


def reason(context: Context, found: TechniqueFinding) -> tuple[Block, ...]:
    """Why it is used; of what the chapter of core ideas explains, where it does."""
    told = motivation(context, found)
    if told and any(found.sheet_id == idea.sheet_id for idea in distinguishing(context)):
        link = Link(context.words.text("innovations.title"), f"#idea-{slug(found.sheet_id)}")
        return (paragraph(context.words, "core_modules.why_elsewhere", link=link),)
    return told
