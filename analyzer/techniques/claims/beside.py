"""Numbers in the comment behind a value: the value itself, the arithmetic that gives it, its reciprocal, another
setting that it should equal.

A comment can speak of anything, so it differs only where it counts the very thing that its line sets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.formulas import number_of
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import NUMBER, Verdict, figure_of, is_rounding
from analyzer.techniques.claims.texts import Comment, comments
from analyzer.techniques.claims.values import LineValue, LineValues
from analyzer.techniques.paper.numbers import in_sentences
from analyzer.techniques.paper.quantities import NAMED

EXPRESSION = re.compile(
    rf"(?<![\w.*/+-])(?:[A-Za-z_]\w*|{NUMBER})(?:\s*(?:\*\*|//|[*/+-])\s*(?:[A-Za-z_]\w*|{NUMBER}))+(?![\w(\[.]|\s*[*/+])"
)
LEADING = re.compile(rf"^(?P<sign>[=~≈]?)\s*(?P<figure>(?:{NUMBER})[kKMB]?)(?![\w.*/+:x^-])\s*(?P<rest>.*)$")
SAME_AS = re.compile(
    r"(?:\bequals?(?: to)?|\bsame as|\bshould be|~=|==|≈)\s*(?:~=|=|≈)?\s*"
    r"`?(?P<name>[A-Za-z_]\w*)`?(?![\w.(]|\s*[*/+-])"
)
PERIOD = re.compile(
    rf"(?P<figure>{NUMBER})\s*(?P<unit>ms|milliseconds?|s|sec|seconds?)\s+(?:per|/|for each)\s*(?P<what>\w+)"
)
PADDED = re.compile(
    rf"(?P<base>{NUMBER}),?\s+(?:padded|rounded)\s+up\s+to\s+(?:the\s+)?(?:next|nearest|a)\s+multiple\s+of\s+(?P<step>\d+)"
)
OPEN_NUMBER = re.compile(
    rf"(?:^|.*?:\s|\b(?:usually|always|typically)\s)(?P<figure>[~≈]?(?:{NUMBER}))(?:\s*\(?[a-z]+\)?)?$"
)
HEDGE = re.compile(
    r"\b(?:was|were|instead|original(?:ly)?|paper|or|e\.g|if|default|than|from|would|can|could|try|when|min|max|per|"
    r"previous(?:ly)?|use|used|at least|at most|up to|todo|not|old|each|total|"
    r"better|enough|more|less|should|for|with|in|on)\b|->|<|>|\?",
    re.IGNORECASE,
)
OTHER_TIME = re.compile(r"\b(?:was|were|not|instead|originally|supposed|previously|old)\b|->", re.IGNORECASE)
"""What a value was or should have been is no statement of what it is."""
MOST_WORDS = 4
"""A longer comment says more than what its line sets."""
MILLI = 1000.0


def find_beside(index: SourceIndex, values: LineValues) -> Iterator[Claim]:
    """Claims of comments behind a line's one value."""
    for comment in comments(index):
        value = values.at(comment.path, comment.number) if comment.code else None
        if value is not None:
            names = {name: float(number) for name, number in values.names(comment.path).items()}
            lines = {name: setting.line for name, setting in values.settings(comment.path).items()}
            yield from _of_value(index, comment, value, names, lines)


def _of_value(
    index: SourceIndex, comment: Comment, value: LineValue, names: dict[str, float], lines: dict[str, int]
) -> Iterator[Claim]:
    where = index.span(comment.path, comment.number)
    for reader in (_padded, _expressions, _same_setting, _period, _counted, _leading, _repeated, _open):
        found = list(reader(comment.text, value, names))
        for stated, derived, verdict in found:
            reason = "not_told" if verdict == "unknown" else ""
            named = [lines[name] for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", stated)) if name in lines]
            places = (where, *(index.span(comment.path, line) for line in named if line != comment.number))
            places = places if verdict != "unknown" else ()
            yield Claim(comment.text, stated, derived, verdict, where, places, value.name, reason)
        if found:
            return


Found = tuple[str, str, Verdict]


def _padded(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """`50257, padded up to nearest multiple of 64` beside 50304."""
    match = PADDED.search(text)
    if match is not None:
        step = int(match.group("step"))
        base = figure_of(match.group("base"))
        padded = math.ceil(base.value / step) * step if base is not None and step else None
        verdict: Verdict = "agree" if padded == value.value else "unknown"
        yield match.group(), f"{value.value:,}" if verdict == "agree" else "", verdict


def _expressions(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """`learning_rate / 10` beside the value that this gives."""
    for match in EXPRESSION.finditer(text):
        result = number_of(match.group().replace(",", ""), names.get)
        has_name = re.search(r"[A-Za-z_]", match.group()) is not None
        if result is not None and (has_name or not value.written or value.value >= 10) and _equal(result, value.value):
            yield match.group(), f"{value.name} = {value.value:,.10g}", "agree"


def _same_setting(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """`should be ~= max_iters`."""
    for match in SAME_AS.finditer(text):
        other = names.get(match.group("name"))
        if other is not None and match.group("name") != value.name and _equal(other, value.value):
            yield match.group("name"), f"{value.name} = {value.value:,.10g}", "agree"


def _period(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """`10ms per frame` beside a rate of 100 a second."""
    match = PERIOD.search(text)
    if match is not None and re.search(r"per_?second|_?fps$|rate$", value.name, re.IGNORECASE) and value.value > 0:
        figure = figure_of(match.group("figure"))
        scale = MILLI if match.group("unit").startswith("m") else 1.0
        if figure is not None and is_rounding(figure, scale / value.value):
            yield match.group(), f"{scale:g} / {value.value:,.10g}", "agree"


def _counted(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """`12 layers` beside the number of layers: the one case in which a comment can be wrong for certain."""
    quantity = NAMED.get(value.name.lower())
    stated = [number for number in in_sentences([text]) if number.quantity == quantity]
    if len(stated) != 1:
        return
    numbers = re.findall(rf"(?<![\w.])(?:{NUMBER})", text)
    is_bare = len(re.findall(r"[A-Za-z]+", text)) <= MOST_WORDS and not HEDGE.search(text)
    certain = value.written and len(numbers) == 1 and is_bare
    if _equal(stated[0].value, value.value):
        yield stated[0].printed, f"{value.name} = {value.value:,.10g}", "agree"
    else:
        yield (
            stated[0].printed,
            f"{value.name} = {value.value:,.10g}" if certain else "",
            "differ" if certain else "unknown",
        )


def _leading(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """`480000 samples in a 30-second chunk` behind a product."""
    match = LEADING.match(text)
    figure = figure_of(match.group("figure")) if match is not None else None
    if match is None or figure is None or value.written:
        return
    if is_rounding(figure, value.value):
        yield match.group("figure"), f"{value.name} = {value.value:,.10g}", "agree"
    elif match.group("sign") == "=" and not match.group("rest"):
        yield match.group("figure"), f"{value.name} = {value.value:,.10g}", "differ"


def _repeated(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """The same number as the line's own, where it is too long to be there by chance."""
    is_short = abs(value.value) < 100 and float(value.value).is_integer()
    if is_short or OTHER_TIME.search(text):
        return
    for match in re.finditer(rf"(?<![\w.*/+-])(?:{NUMBER})(?![\w.]*\w|\s*[*/+])", text):
        figure = figure_of(match.group())
        if figure is not None and _equal(figure.value, value.value):
            yield match.group(), f"{value.name} = {value.value:,.10g}", "agree"
            return


def _open(text: str, value: LineValue, names: dict[str, float]) -> Iterator[Found]:
    """A comment that ends in a number for what its computed line gives."""
    match = OPEN_NUMBER.match(text)
    if match is not None and not value.written:
        yield match.group("figure"), "", "unknown"


def _equal(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=1e-9)
