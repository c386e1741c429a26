"""Equations in comments, written in words and signs: do both sides come to one number?"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.formulas import number_of
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import NUMBER, Figure, figure_of, is_rounding
from analyzer.techniques.claims.texts import Comment, comments

WORDS = r"(?:\s+[A-Za-z][\w/-]*){0,4}?"
TERM = rf"~?(?:{NUMBER})[kKMB]?(?![\w.]){WORDS}"
SIDE = rf"{TERM}(?:\s*[*x×/+]\s*{TERM})*"
EQUATION = re.compile(
    rf"(?<![\w.*/+=<>!^%:-])(?<![-*/+^%]\s)(?P<sides>{SIDE}(?:\s*(?:==|=|≈|~=)\s*{SIDE})+)(?![\w.*/(\[]|\s*[*x×/+=^-]\s*[\w(])"
)


def find_equations(index: SourceIndex) -> tuple[Claim, ...]:
    """`12 batch size * 1024 block size * 5 gradaccum * 8 GPUs = 491,520` in comments: both sides of numbers alone."""
    return tuple(claim for comment in comments(index) for claim in _equations(index, comment))


def _equations(index: SourceIndex, comment: Comment) -> Iterator[Claim]:
    for match in EQUATION.finditer(comment.text):
        sides = re.split(r"\s*(?:==|~=|=|≈)\s*", match.group("sides"))
        values = [_side(side) for side in sides]
        if sum(re.search(r"[*x×/+]\s*~?\.?\d", side) is not None for side in sides) == 0 or None in values:
            continue
        pairs = itertools.pairwise(values)
        holds = all(_equal(left, right) for left, right in pairs if left is not None and right is not None)
        where = index.span(comment.path, comment.number)
        stated, derived = sides[-1], " = ".join(f"{v.value:,.10g}" for v in values if v is not None)
        figure = re.match(rf"~?(?:{NUMBER})[kKMB]?", stated)
        claimed = figure.group().lstrip("~") if figure is not None and not _is_sum(stated) else match.group("sides")
        derived = f"{values[0].value:,.10g}" if values[0] is not None and len(sides) == 2 else derived
        subject = sides[0].strip()
        if holds or not re.search(r"\d", comment.text[: match.start()] + comment.text[match.end() :]):
            yield Claim(comment.text, claimed, derived, "agree" if holds else "differ", where, (where,), subject)
        else:
            yield Claim(comment.text, claimed, "", "unknown", where, (), subject, "not_told")


def _is_sum(side: str) -> bool:
    return re.search(r"\d[^*x×/+]*[*x×/+]\s*~?\.?\d", side) is not None


def _side(side: str) -> Figure | None:
    """The figure of one side: a single one as it is written, or what its numbers and signs give."""
    signs = re.findall(rf"~?(?:{NUMBER})[kKMB]?(?![\w.])|[*x×/+](?=\s*~?\.?\d)", side)
    figures = [figure_of(sign) if sign[-1] not in "*x×/+" else None for sign in signs]
    if len(signs) == 1:
        return figures[0]
    text = "".join(
        repr(figure.value) if figure is not None else sign.replace("x", "*").replace("×", "*")
        for sign, figure in zip(signs, figures, strict=True)
    )
    value = number_of(text, lambda name: None)
    about = any(figure is not None and figure.rounded and figure.about for figure in figures)
    return Figure(side, value, 1.0, about) if value is not None else None


def _equal(left: Figure, right: Figure) -> bool:
    if math.isclose(left.value, right.value, rel_tol=1e-9):
        return True
    if right.step < 1 and abs(left.value - right.value) <= right.step:
        return True
    return is_rounding(right, left.value) if right.rounded else left.about and is_rounding(left, right.value)
