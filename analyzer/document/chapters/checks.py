"""Truth against the text: claims of the documents, pitfalls that a reviewer would mark, values left to libraries."""

from __future__ import annotations

from analyzer.document.blocks import bullets, heading, note, paragraph, table
from analyzer.document.chapters.executed import executed_blocks
from analyzer.document.chapters.paper import paper_blocks
from analyzer.document.context import Context
from analyzer.document.inline import code, number, ref, refs
from analyzer.records.document import Block, Chapter, Line, Plain
from analyzer.records.techniques import Claim

ORDER = {"differ": 0, "agree": 1, "unknown": 2}
MOST_CLAIMS = 60


def build(context: Context) -> Chapter:
    found = (_claims, paper_blocks, _pitfalls, _unspecified, executed_blocks)
    blocks = tuple(block for part in found for block in part(context))
    return Chapter("checks", context.words.line("checks.title"), blocks)


def _claims(context: Context) -> tuple[Block, ...]:
    words, claims = context.words, context.analysis.findings.claims
    title = heading(words, "checks.claims", "claims")
    if not claims:
        return (title, note(words, "info", "checks.no_claims", files=number(len(context.files))))
    ranked = sorted(claims, key=lambda item: (ORDER[item.verdict], item.where))
    differ = sum(item.verdict == "differ" for item in claims)
    agree = sum(item.verdict == "agree" for item in claims)
    opening = paragraph(
        words, "checks.claims_opening", count=number(len(claims)), agree=number(agree), differ=number(differ)
    )
    rows = [_claim(context, item) for item in ranked[:MOST_CLAIMS]]
    return (title, opening, *table(words, "claims", "claim claimed derived verdict where evidence", rows))


def _claim(context: Context, item: Claim) -> tuple[Line, ...]:
    verdict = context.words.line(f"checks.{item.verdict}")
    return (
        code(item.text, 120),
        code(item.claimed),
        code(item.derived),
        verdict,
        ref(item.where),
        refs(item.derived_where, 2),
    )


def _pitfalls(context: Context) -> tuple[Block, ...]:
    words, found = context.words, context.analysis.findings.pitfalls
    title = heading(words, "checks.pitfalls", "pitfalls")
    if not found:
        return (title, note(words, "info", "checks.no_pitfalls"))
    items = [(*words.reason(item.rule, item.arguments), Plain(" ("), *refs(item.where), Plain(")")) for item in found]
    return (title, *bullets(items))


def _unspecified(context: Context) -> tuple[Block, ...]:
    words, found = context.words, context.analysis.findings.unspecified
    title = heading(words, "checks.unspecified", "unspecified")
    if not found:
        return (title, note(words, "info", "checks.nothing_unspecified"))
    rows = [
        (code(item.parameter), code(item.library_default), (Plain(item.citation),), ref(item.where)) for item in found
    ]
    return (
        title,
        paragraph(words, "checks.unspecified_opening"),
        *table(words, "unspecified", "argument library_default source where", rows),
    )
