"""The paper beside the code: what it says with its pages, and its numbers against those of the source.

Says nothing where no paper was named; the paper's words are quoted, never retold.
"""

from __future__ import annotations

from analyzer.document.blocks import bullets, heading, note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, join, number, ref
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.paper import Paper, PaperClaim, Passage

ORDER = {"differ": 0, "agree": 1, "unknown": 2}
MOST_ROWS = 80
SHOWN = 3


def paper_blocks(context: Context) -> tuple[Block, ...]:
    found = context.analysis.findings.paper
    if found is None:
        return ()
    words = context.words
    opening = paragraph(
        words, "paper.opening", name=Code(found.name), pages=number(found.pages), digest=Code(found.sha256[:16])
    )
    blocks: tuple[Block, ...] = (heading(words, "paper.title", "paper"), opening)
    return (*blocks, *_words(context, found), *_equations(context, found), *_numbers(context, found))


def _words(context: Context, found: Paper) -> tuple[Block, ...]:
    words = context.words
    blocks: tuple[Block, ...] = ()
    for key, passages in (
        ("abstract", found.abstract), ("problem", found.problem), ("contributions", found.contributions),
    ):  # fmt: skip
        if passages:
            blocks += (paragraph(words, f"paper.{key}"), *bullets([_quoted(context, one) for one in passages]))
        else:
            blocks += (note(words, "gap", f"paper.no_{key}"),)
    return blocks


def _quoted(context: Context, item: Passage) -> Line:
    return context.words.line("paper.quoted", text=(Plain(item.text),), page=number(item.page))


def _equations(context: Context, found: Paper) -> tuple[Block, ...]:
    words = context.words
    if not found.equations:
        return (note(words, "info", "paper.no_equations"),)
    rows = [((Plain(f"({one.number})"),), code(one.text, 160), (Plain(number(one.page)),)) for one in found.equations]
    return (paragraph(words, "paper.equations"), *table(words, "paper_equations", "equation paper_text page", rows))


def _numbers(context: Context, found: Paper) -> tuple[Block, ...]:
    words = context.words
    blocks: tuple[Block, ...] = () if found.has_tables else (note(words, "gap", "paper.no_table_library"),)
    if not found.claims:
        return (*blocks, note(words, "info", "paper.no_numbers"))
    count = {verdict: sum(one.verdict == verdict for one in found.claims) for verdict in ORDER}
    opening = paragraph(
        words,
        "paper.numbers",
        count=number(len(found.claims)),
        agree=number(count["agree"]),
        differ=number(count["differ"]),
        unknown=number(count["unknown"]),
    )
    ranked = sorted(found.claims, key=lambda one: (ORDER[one.verdict], one.number.page))
    rows = [_row(context, one) for one in ranked[:MOST_ROWS]]
    columns = "quantity paper_value page paper_text source_values verdict"
    return (*blocks, opening, *table(words, "paper_numbers", columns, rows))


def _row(context: Context, item: PaperClaim) -> tuple[Line, ...]:
    words, stated = context.words, item.number
    values = join(
        [(Code(f"{name} = {value}"), Plain(" "), *ref(where)) for name, value, where in item.candidates[:SHOWN]]
    )
    label = words.line(f"paper.q_{stated.quantity}")
    named: Line = (*label, Plain(f" ({stated.column})")) if stated.column else label
    return (
        named,
        code(stated.printed),
        (Plain(number(stated.page)),),
        code(stated.quoted, 160),
        values if item.candidates else words.line("paper.no_candidate"),
        words.line(f"paper.{item.verdict}"),
    )
