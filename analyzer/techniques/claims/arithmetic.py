"""Equations in comments, written in words and signs: do both sides come to one number?

One whose numbers are settings of its file, by name and value, says something of the code; any other that holds is
arithmetic among its own numbers, which no line of code bears out.
"""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.formulas import number_of
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import NUMBER, Figure, figure_of, is_rounding
from analyzer.techniques.claims.texts import Comment, comments
from analyzer.techniques.claims.values import LineValue, LineValues

WORDS = r"(?:\s+[A-Za-z][\w/-]*){0,4}?"
TERM = rf"~?(?:{NUMBER})[kKMB]?(?![\w.]){WORDS}"
SIDE = rf"{TERM}(?:\s*[*x×/+]\s*{TERM})*"
EQUATION = re.compile(
    rf"(?<![\w.*/+=<>!^%:-])(?<![-*/+^%]\s)(?P<sides>{SIDE}(?:\s*(?:==|=|≈|~=)\s*{SIDE})+)(?![\w.*/(\[]|\s*[*x×/+=^-]\s*[\w(])"
)


FACTOR = re.compile(rf"(?P<figure>~?(?:{NUMBER})[kKMB]?)(?![\w.])(?P<words>{WORDS})\s*(?:[*x×]|$)")


def find_equations(index: SourceIndex, values: LineValues) -> tuple[Claim, ...]:
    """`12 batch size * 1024 block size * 5 gradaccum * 8 GPUs = 491,520` in comments: both sides of numbers alone."""
    return tuple(claim for comment in comments(index) for claim in _equations(index, values, comment))


def _equations(index: SourceIndex, settings: LineValues, comment: Comment) -> Iterator[Claim]:
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
        bound = _settings_of(index, settings, comment.path, sides[0]) if holds else ()
        if bound:
            names = " * ".join(name for name, _ in bound)
            yield Claim(comment.text, claimed, f"{names} = {derived}", "agree", where, tuple(at for _, at in bound))
        elif holds:
            yield Claim(comment.text, claimed, derived, "unknown", where, (), subject, "arithmetic")
        elif not re.search(r"\d", comment.text[: match.start()] + comment.text[match.end() :]):
            yield Claim(comment.text, claimed, derived, "differ", where, (where,), subject)
        else:
            yield Claim(comment.text, claimed, "", "unknown", where, (), subject, "not_told")


def _settings_of(index: SourceIndex, values: LineValues, path: str, side: str) -> tuple[tuple[str, Span], ...]:
    """The settings of the file that the factors of a product name, each once; nothing where one of them names none."""
    factors = [(figure_of(match["figure"]), match["words"]) for match in FACTOR.finditer(side)]
    if "+" in side or "/" in side or len(factors) != len(re.split(r"[*x×](?=\s*~?\.?\d)", side)):
        return ()
    settings = values.settings(path)
    found: dict[str, Span] = {}
    rest: list[float] = []
    for figure, words in factors:
        named = [one for one in settings.values() if figure and one.value == figure.value and _is_named(one, words)]
        if len(named) == 1 and named[0].name not in found:
            found[named[0].name] = index.span(path, named[0].line)
        else:
            rest.append(figure.value if figure is not None else 0.0)
    product = _product_of(index, path, rest) if rest else None
    if rest and product is None:
        return ()
    return (*found.items(), *((product,) if product is not None else ()))


def _is_named(setting: LineValue, words: str) -> bool:
    """`grad_accum` for `gradient_accumulation_steps`: the words begin parts of the name, in its order."""
    parts = iter(setting.name.lower().split("_"))
    said = re.split(r"[\s_/-]+", words.strip().lower())
    return bool(words.strip()) and all(any(part.startswith(word) for part in parts) for word in said)


def _product_of(index: SourceIndex, path: str, factors: list[float]) -> tuple[str, Span] | None:
    """The one setting that the file writes as a product of just these numbers: `steps = 5 * 8`."""
    tree = index.trees().get(path)
    found = [
        (ast.unparse(node.targets[0]), index.span(path, node))
        for node in (tree.body if tree is not None else ())
        if isinstance(node, ast.Assign) and sorted(_written_factors(node.value)) == sorted(factors)
    ]
    return found[0] if len(found) == 1 and len(factors) > 1 else None


def _written_factors(node: ast.expr) -> list[float]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_written_factors(node.left), *_written_factors(node.right)]
    return [float(node.value)] if isinstance(node, ast.Constant) and type(node.value) in (int, float) else []  # type: ignore[arg-type]


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
