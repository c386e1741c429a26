"""What a regular expression may cost: patterns whose matching could grow exponentially are refused, others are
bounded by the length of the text. Matching itself runs in C and cannot be interrupted.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate

PATTERN_LIMIT, SUBJECT_LIMIT, STEPS = 400, 20_000, 200_000_000
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def _parser() -> Any:
    try:
        return importlib.import_module("re._parser")
    except ImportError:  # Python 3.10
        return importlib.import_module("sre_parse")


def plain(text: Any) -> Any:
    """The characters themselves: a subclass of the target could lie about their number."""
    if isinstance(text, str):
        return str.__getitem__(text, slice(None))
    return bytes.__getitem__(text, slice(None)) if isinstance(text, bytes) else text


def check_cost(pattern: Any, flags: int, length: int) -> None:
    """Refuse what could take long on a text of this length."""
    if not isinstance(pattern, (str, bytes)):
        raise CannotEvaluate("pattern_too_costly", type(pattern).__name__)
    signs: Any = "*+?{" if isinstance(pattern, str) else (b"*", b"+", b"?", b"{")
    limit = PATTERN_LIMIT if any(sign in pattern for sign in signs) else SUBJECT_LIMIT  # names in a row are cheap
    if len(pattern) > limit or length > SUBJECT_LIMIT:
        raise CannotEvaluate("pattern_too_costly", str(pattern[:40]))
    repeats = open_repeats(pattern, int(flags))
    if repeats < 0 or max(length, 1) ** max(repeats, 1) > STEPS:
        raise CannotEvaluate("pattern_too_costly", str(pattern[:40]))


@cache
def open_repeats(pattern: str | bytes, flags: int) -> int:
    """How many parts repeat without a fixed number; -1 where one of them could match in many ways by itself."""
    parsed = _parser().parse(pattern, flags)
    found = list(_parts(parsed, 0))
    if any(depth and (kind == "BRANCH" or kind in REPEATS) for kind, depth in found):
        return -1
    return sum(kind in REPEATS or kind == "GROUPREF" for kind, _ in found)


def _parts(sequence: Any, depth: int) -> Iterator[tuple[str, int]]:
    """Kinds of the parts that give a choice, with how many repeats they stand in."""
    for kind, argument in sequence:
        name = str(kind)
        if name in REPEATS:
            least, most, inner = argument
            varies = least != most
            if varies:
                yield name, depth
            yield from _parts(inner, depth + (int(most) > 1))
            continue
        if name == "BRANCH" and not _starts_apart(argument[1]):
            yield name, depth
        for inner in _inner(argument):
            yield from _parts(inner, depth)


def _inner(argument: Any) -> Iterator[Any]:
    if isinstance(argument, (list, tuple)):
        for item in argument:
            if hasattr(item, "data"):
                yield item
            elif isinstance(item, (list, tuple)):
                yield from _inner(item)


def _starts_apart(alternatives: Any) -> bool:
    """Whether each alternative starts with a character of its own, so that at most one can match."""
    heads = [alternative.data[0] if alternative.data else None for alternative in alternatives]
    literal = [head[1] for head in heads if head is not None and str(head[0]) == "LITERAL"]
    return len(set(literal)) == len(heads)
