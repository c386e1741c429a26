"""Truth against the text: claims of the documents, pitfalls that a reviewer would mark, values left to libraries."""

from __future__ import annotations

from analyzer.document.blocks import bullets, heading, note, paragraph, table
from analyzer.document.chapters.executed import executed_blocks
from analyzer.document.chapters.paper import paper_blocks
from analyzer.document.context import Context
from analyzer.document.holders import holder_of
from analyzer.document.inline import code, codes, number, ref, refs
from analyzer.records.document import Block, Chapter, Inline, Line, Plain
from analyzer.records.techniques import Claim, Pitfall, Unspecified

ORDER = {"differ": 0, "agree": 1, "unknown": 2}
MOST_CLAIMS = 60
MOST_HOLDERS = 3
LONGEST_SUBJECT = 40
MOST_EXAMPLES = 3
"""How many statements stand for all those that one reason leaves open."""


def build(context: Context) -> Chapter:
    found = (_claims, paper_blocks, _pitfalls, _unspecified, executed_blocks)
    blocks = tuple(block for part in found for block in part(context))
    return Chapter("checks", context.words.line("checks.title"), blocks)


def _claims(context: Context) -> tuple[Block, ...]:
    words, claims = context.words, context.analysis.findings.claims
    title = heading(words, "checks.claims", "claims")
    if not claims:
        return (title, note(words, "info", "checks.no_claims", files=number(len(context.files))))
    decided = sorted((c for c in claims if c.verdict != "unknown"), key=lambda item: (ORDER[item.verdict], item.where))
    differ = sum(item.verdict == "differ" for item in decided)
    opening = paragraph(
        words,
        "checks.claims_opening",
        count=number(len(claims)),
        checked=number(len(decided)),
        agree=number(len(decided) - differ),
        differ=number(differ),
        open=number(len(claims) - len(decided)),
    )
    rows = [_claim(context, item) for item in decided[:MOST_CLAIMS]]
    left = len(decided) - len(rows)
    more = (note(words, "info", "checks.more_claims", count=number(left)),) if left else ()
    shown = table(words, "claims", "claim claimed derived verdict where evidence", rows) if rows else ()
    return (title, opening, *shown, *more, *_open_claims(context, claims))


def _open_claims(context: Context, claims: tuple[Claim, ...]) -> tuple[Block, ...]:
    """Statements that could not be told, by reason, each reason with its first examples of different files."""
    words = context.words
    reasons: dict[str, list[Claim]] = {}
    for item in claims:
        if item.verdict == "unknown":
            reasons.setdefault(item.reason or "not_told", []).append(item)
    ranked = sorted(reasons.items(), key=lambda found: (-len(found[1]), found[0]))
    rows = [(words.line(f"checks.{reason}"), (Plain(f"{len(items):,}"),), _examples(items)) for reason, items in ranked]
    return (
        (paragraph(words, "checks.open_opening"), *table(words, "open_claims", "reason statements examples", rows))
        if rows
        else ()
    )


def _examples(items: list[Claim]) -> Line:
    """The first of each file before others."""
    first = {item.where.path: item for item in reversed(items)}
    chosen = [*sorted(first.values(), key=lambda item: item.where), *items]
    parts: list[Inline] = []
    for item in list(dict.fromkeys(chosen))[:MOST_EXAMPLES]:
        parts += [*([Plain("; ")] if parts else []), *code(item.claimed, 40), Plain(" ("), *ref(item.where), Plain(")")]
    return tuple(parts)


def _claim(context: Context, item: Claim) -> tuple[Line, ...]:
    verdict = context.words.line(f"checks.{item.verdict}")
    names = 0 < len(item.subject) < LONGEST_SUBJECT and item.subject not in f"{item.derived} {item.claimed}"
    return (
        code(item.text, 120),
        code(item.claimed),
        code(f"{item.subject}: {item.derived}" if names else item.derived),
        verdict,
        ref(item.where),
        refs(item.derived_where, 2),
    )


def _pitfalls(context: Context) -> tuple[Block, ...]:
    words, found = context.words, context.analysis.findings.pitfalls
    title = heading(words, "checks.pitfalls", "pitfalls")
    if not found:
        return (title, note(words, "info", "checks.no_pitfalls"))
    return (title, *bullets(_pitfall(context, item) for item in found))


def _pitfall(context: Context, item: Pitfall) -> Line:
    """The classes and functions that it stands in, the sentence, the lines."""
    holders = list(dict.fromkeys(name for span in item.where if (name := holder_of(context, span))))
    named = (*codes(holders[:MOST_HOLDERS]), Plain(": ")) if holders else ()
    return (*named, *context.words.reason(item.rule, item.arguments), Plain(" ("), *refs(item.where), Plain(")"))


def _unspecified(context: Context) -> tuple[Block, ...]:
    words, found = context.words, context.analysis.findings.unspecified
    title = heading(words, "checks.unspecified", "unspecified")
    if not found:
        return (title, note(words, "info", "checks.nothing_unspecified"))
    rows = [
        (
            code(item.parameter),
            code(item.library_default),
            (Plain(item.citation),),
            _known_of(context, item, "alternatives"),
            _known_of(context, item, "impact"),
            ref(item.where),
        )
        for item in found
    ]
    return (
        title,
        paragraph(words, "checks.unspecified_opening"),
        *table(words, "unspecified", "argument library_default source alternatives likely_impact where", rows),
    )


def _known_of(context: Context, item: Unspecified, what: str) -> Line:
    """What is known from outside of an argument of this name; nothing of a name that is not listed."""
    key = f"open_arguments.{item.parameter.rpartition('.')[2]}_{what}"
    return context.words.line(key) if context.words.has(key) else ()
