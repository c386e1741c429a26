"""Text as it is generated: pieces that end where characters end, and nothing after a stop text.

A byte-level tokenizer may split a character over tokens, and a stop text may begin in one piece and end in the next:
both are held back until they are decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what bytes that are no character yet are decoded to


class Decoder(Protocol):
    def decode(self, ids: Iterable[int]) -> str: ...


def stream_text(decoder: Decoder, tokens: Iterable[int], stop: Sequence[str] = ()) -> Iterator[str]:
    """The text of `tokens`, piece by piece, until the first of the `stop` texts, which is left out."""
    held = ""
    for piece in whole_characters(decoder, tokens):
        held += piece
        end = min((at for at in map(held.find, stop) if at >= 0), default=-1)
        if end >= 0:
            yield held[:end]
            return
        safe = len(held) - longest_beginning(held, stop)
        if safe > 0:
            yield held[:safe]
            held = held[safe:]
    if held:
        yield held


def whole_characters(decoder: Decoder, tokens: Iterable[int]) -> Iterator[str]:
    """Decode as few tokens at a time as give whole characters; bytes that never do come at the end as they are."""
    waiting: list[int] = []
    given = 0  # characters of the waiting tokens that are out already
    text = ""
    for token in tokens:
        waiting.append(token)
        text = decoder.decode(waiting)
        is_whole = not text.endswith(UNFINISHED)
        sure = text if is_whole else text[:-1]  # the last character may still change, those before it may not
        if len(sure) > given:
            yield sure[given:]
        waiting, given = ([], 0) if is_whole else (waiting, max(given, len(sure)))
    if waiting and len(text) > given:
        yield text[given:]


def longest_beginning(text: str, stop: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a stop text."""
    return max((size for word in stop for size in range(1, len(word)) if text.endswith(word[:size])), default=0)
