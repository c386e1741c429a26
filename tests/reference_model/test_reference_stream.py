"""Laws of streamed text, and the interactive session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_model.generate import SamplingConfig
from reference_model.interactive import converse
from reference_model.stream import stream_text


class Bytes:
    """A byte-level tokenizer whose tokens are pairs of bytes, so that most of them split characters."""

    def encode(self, text: str) -> list[int]:
        raw = text.encode()
        return [int.from_bytes(b"\x01" + raw[at : at + 2], "big") for at in range(0, len(raw), 2)]

    def decode(self, ids: Iterable[int]) -> str:
        raw = b"".join(number.to_bytes((number.bit_length() + 7) // 8, "big")[1:] for number in ids)
        return raw.decode(errors="replace")


@given(text=st.text(alphabet="aé漢😀\x00�"))
def test_pieces_join_to_the_text_whatever_bytes_the_tokens_cut(text: str) -> None:
    pieces = list(stream_text(Bytes(), Bytes().encode(text)))
    assert "".join(pieces) == text
    assert all(pieces)


@given(
    text=st.text(alphabet="ab", max_size=12), stop=st.lists(st.text(alphabet="ab", min_size=1, max_size=3), max_size=2)
)
def test_nothing_at_or_after_a_stop_text_comes_out(text: str, stop: list[str]) -> None:
    pieces = "".join(stream_text(Bytes(), Bytes().encode(text), stop))
    assert not any(word in pieces for word in stop)
    assert text.startswith(pieces)
    if not any(word in text for word in stop):
        assert pieces == text
    else:
        assert any(text[len(pieces) :].startswith(word) for word in stop)


def test_bytes_that_never_become_a_character_are_shown_as_such() -> None:
    assert "".join(stream_text(Bytes(), Bytes().encode("é漢")[:-1])) == "é\N{REPLACEMENT CHARACTER}"


def test_text_comes_as_soon_as_it_is_decided() -> None:
    tokens = iter(Bytes().encode("abcdef"))
    pieces = stream_text(Bytes(), tokens, ["d!"])
    assert next(pieces) == "ab"
    assert next(pieces) == "c"  # "d" may be the beginning of the stop text
    assert next(pieces) == "def"


def talk(*lines: str) -> list[str]:
    written: list[str] = []

    def proceed(text: str, sampling: SamplingConfig) -> Iterator[str]:
        yield f"<{text} at {sampling.temperature}, {sampling.top_k}>"

    converse(lines, written.append, proceed, SamplingConfig())
    return written


def test_lines_are_continued_with_the_settings_of_the_moment() -> None:
    answers = [
        text for text in talk("a\n", "/temperature 0.1\n", "/top-k 3\n", "b\n", "/top-k none\n", "c\n") if "<" in text
    ]
    assert answers == ["<a at 0.8, None>", "<b at 0.1, 3>", "<c at 0.1, None>"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/speed 3", "/speed is no setting"),
        ("/temperature warm", "/temperature needs a number, not 'warm'"),
        ("/temperature -1", "temperature must be 0 or more"),
        ("/seed none", "/seed needs a number"),
    ],
)
def test_mistakes_are_explained_and_the_session_goes_on(line: str, message: str) -> None:
    written = talk(line, "a")
    assert any(text.startswith("error: ") and message in text for text in written)
    assert "<a at 0.8, None>" in written


def test_quit_ends_and_an_empty_line_does_nothing() -> None:
    assert not any("<" in text for text in talk("\n", "/quit\n", "a\n"))
