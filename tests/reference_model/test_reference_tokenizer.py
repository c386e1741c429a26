"""The round trip, the file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_model.errors import UserError
from reference_model.tokenizer import CharacterTokenizer


@given(st.text(min_size=1))
def test_decoding_an_encoded_text_gives_the_text(text: str) -> None:
    tokenizer = CharacterTokenizer.from_text(text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert set(ids) == set(range(tokenizer.vocab_size))


def test_ids_follow_the_order_of_the_characters() -> None:
    assert CharacterTokenizer.from_text("banana").encode("abn") == [0, 1, 2]


def test_a_saved_tokenizer_loads_equal(tmp_path: Path) -> None:
    tokenizer = CharacterTokenizer.from_text('Æther 光\n\t"\\')
    tokenizer.save(tmp_path / "tokenizer.json")
    assert CharacterTokenizer.load(tmp_path / "tokenizer.json").characters == tokenizer.characters


def test_an_unknown_character_is_named_with_its_place() -> None:
    with pytest.raises(
        UserError, match=r"^character 'é' \(U\+00E9\) at position 3 is not among the 3 characters"
    ) as caught:
        CharacterTokenizer.from_text("caf").encode("café")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("characters", ["", "aba"])
def test_characters_must_be_some_and_distinct(characters: str) -> None:
    with pytest.raises(UserError, match="at least one character"):
        CharacterTokenizer(characters)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"characters": "abc"}', '{"format": "other/1", "characters": "a"}']
)
def test_a_foreign_file_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="tokenizer"):
        CharacterTokenizer.load(path)
