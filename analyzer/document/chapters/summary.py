"""Contributions and the rating whose stars follow from thresholds that are printed beside them."""

from __future__ import annotations

from analyzer.document.blocks import bullets, heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import number, refs
from analyzer.document.novelty import beyond_reference, common_beyond
from analyzer.document.rating import FEWEST_EVIDENCE, Rating, ratings
from analyzer.records.document import Block, Chapter, Line, Plain, Strong

MOST_PLACES = 10
FEWEST_PLACES = 3


def build(context: Context) -> Chapter:
    words = context.words
    blocks: tuple[Block, ...] = (heading(words, "summary.contributions", "contributions"), *_contributions(context))
    found = ratings(context)
    blocks += (heading(words, "summary.rating", "rating"), paragraph(words, "summary.rating_opening"))
    blocks += table(
        words, "rating", "criterion stars measured thresholds evidence", [_rating(context, item) for item in found]
    )
    return Chapter("summary", words.line("summary.title"), blocks)


def _contributions(context: Context) -> tuple[Block, ...]:
    words = context.words
    items = [
        words.line(
            "summary.contribution", name=Strong(context.technique_name(item.sheet_id)), where=refs(item.where, 2)
        )
        for item in beyond_reference(context)
    ]
    key = "summary.none_telling" if common_beyond(context) else "summary.none_own"
    opening = () if items else (paragraph(words, key),)
    for key, pipeline in (("trainer", context.training), ("runner", context.runner)):
        if pipeline:
            items.append(words.line(f"summary.{key}", where=refs([pipeline.entry])))
    return (*opening, *bullets(items[:5], ordered=True)) if items else (note(words, "gap", "summary.no_contributions"),)


def _rating(context: Context, item: Rating) -> tuple[Line, ...]:
    stars: Line = (Plain("★" * item.stars + "☆" * (5 - item.stars)),)
    if item.stars == 0:
        found = number(len(set(item.evidence)))
        stars = context.words.line("summary.unrated", count=found, least=number(FEWEST_EVIDENCE))
    lists = (" / ".join(f"{step:g}" for step in steps) for steps in item.thresholds)
    thresholds = (Plain("; ".join(lists)),)
    return (
        context.words.line(f"ratings.{item.id}"),
        stars,
        item.measured,
        thresholds,
        refs(item.evidence, _shown(item)),
    )


def _shown(item: Rating) -> int:
    """A few lines are all shown, of many the first."""
    return MOST_PLACES if len(set(item.evidence)) <= MOST_PLACES else FEWEST_PLACES
