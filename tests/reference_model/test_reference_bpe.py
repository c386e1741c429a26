"""Laws of byte pairs: every text comes back, marks cannot be imitated, and more merges compress more."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_model.__main__ import main
from reference_model.bpe import MARKS, BytePairTokenizer, load_parallel_texts, measure_compression
from reference_model.checkpoint import export_model, load_model
from reference_model.config import ModelConfig
from reference_model.errors import UserError
from reference_model.model import GPT
from reference_model.tokenizer import CharacterTokenizer

TEXT = "the quick brown fox jumps over the lazy dog, and the dog sleeps on. " * 20
LEARNED = BytePairTokenizer.from_texts([TEXT], 300)


@given(text=st.text())
@settings(max_examples=200, deadline=None)
def test_every_text_comes_back_from_its_ids(text: str) -> None:
    ids = LEARNED.encode(text)
    assert LEARNED.decode(ids) == text
    assert all(0 <= token < LEARNED.vocab_size for token in ids)


@given(text=st.text(alphabet="<|userend>"))
@settings(deadline=None)
def test_text_cannot_imitate_a_mark(text: str) -> None:
    marks = {LEARNED.marker(mark)[0] for mark in MARKS}
    for written in (text, "<|end|>", f"{text}<|user|>"):
        ids = LEARNED.encode(written)
        assert not marks & set(ids)
        assert LEARNED.decode(ids) == written
    assert LEARNED.decode(LEARNED.marker("<|end|>")) == "<|end|>"


def test_a_file_holds_the_whole_tokenizer(tmp_path: Path) -> None:
    LEARNED.save(tmp_path / "t.json")
    again = BytePairTokenizer.load(tmp_path / "t.json")
    assert again.encode(TEXT) == LEARNED.encode(TEXT)
    assert again.encode("<|end|>") == LEARNED.encode("<|end|>")
    assert again.content() == LEARNED.content()


def test_equal_texts_give_equal_tokenizers() -> None:
    assert BytePairTokenizer.from_texts([TEXT], 300).content() == LEARNED.content()


def test_more_merges_compress_more_and_the_ratio_is_that_of_the_counts() -> None:
    small = BytePairTokenizer.from_texts([TEXT], 262)
    (few,), (many,) = measure_compression(small, {"a": TEXT}), measure_compression(LEARNED, {"a": TEXT})
    assert many.tokens < few.tokens < len(TEXT)
    assert (many.characters, many.bytes, many.tokens) == (len(TEXT), len(TEXT.encode()), len(LEARNED.encode(TEXT)))
    assert many.characters_per_token == len(TEXT) / many.tokens


def test_the_parallel_texts_are_distinct_and_not_compressed_by_bytes_alone() -> None:
    texts = load_parallel_texts()
    assert {"English", "Chinese", "Russian"} <= set(texts)
    rows = {row.language: row for row in measure_compression(LEARNED, texts)}
    assert rows["Chinese"].bytes_per_token == pytest.approx(1.0, abs=0.05)  # no merge of an English text helps
    assert rows["English"].bytes_per_token > 1.2


def test_a_checkpoint_carries_its_tokenizer(tmp_path: Path) -> None:
    model = GPT(ModelConfig(LEARNED.vocab_size, 8, 16, 1, 2, 1, 16))
    export_model(tmp_path / "m.pt", model, LEARNED)
    _, tokenizer = load_model(tmp_path / "m.pt", torch.device("cpu"))
    assert tokenizer.encode(TEXT) == LEARNED.encode(TEXT)


@pytest.mark.parametrize("content", ["", "{}", '{"format": "reference_model/character_tokenizer/1"}'])
def test_a_foreign_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(UserError, match=r"t\.json: "):
        BytePairTokenizer.load(tmp_path / "t.json")


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(UserError, match="at least 260"):
        BytePairTokenizer.from_texts([TEXT], 259)
    with pytest.raises(UserError, match="lone surrogate"):
        LEARNED.encode("a\ud800")
    with pytest.raises(UserError, match="no mark of this tokenizer"):
        LEARNED.marker("<|tool|>")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "tokenizers":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UserError, match=r"deepdive\[bpe\]"):
        BytePairTokenizer.from_texts([TEXT], 300)


def test_marks_of_a_character_tokenizer_are_its_characters() -> None:
    assert CharacterTokenizer("<|>end").marker("<|end|>") == [0, 1, 3, 4, 5, 1, 2]


def test_the_command_learns_measures_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    out = tmp_path / "t.json"
    assert main(["data", "tokenizer", str(tmp_path / "a.txt"), "--vocab-size", "300", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert f"{len(TEXT):,}" in printed and "Chinese" in printed
    assert BytePairTokenizer.load(out).content() == LEARNED.content()
