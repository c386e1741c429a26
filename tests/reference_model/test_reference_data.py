"""Corpora, the split and the batches."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reference_model.data import load_text, random_batch, split
from reference_model.errors import UserError


def test_bundled_corpus_is_there() -> None:
    text = load_text("opticks")
    assert 100_000 < len(text) < 200_000
    assert text.startswith("THE FIRST BOOK OF OPTICKS")
    assert text.endswith("before they corrupted\nthemselves.\n")


def test_standard_library_is_a_large_ascii_corpus() -> None:
    text = load_text("stdlib")
    assert len(text) > 1_000_000
    assert text.isascii()
    assert "def dataclass(" in text


def test_a_folder_is_read_in_sorted_order_and_only_its_text_files(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "z.py").write_text("first")
    (tmp_path / "weights.bin").write_bytes(b"\xff\xfe")
    assert load_text(str(tmp_path)) == "first\nsecond"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "holds no text"),
        ("blank.txt", b" \n\t\n", "holds no text"),
        ("latin.txt", b"caf\xe9", "cannot be read as UTF-8"),
    ],
)
def test_unusable_files_are_refused_in_one_line(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        load_text(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_corpus_is_refused() -> None:
    with pytest.raises(UserError, match="neither a name"):
        load_text("no/such/file")


def test_split_keeps_every_token_once_and_in_order() -> None:
    tokens = torch.arange(100)
    training, validation = split(tokens, 0.1, context_length=5)
    assert torch.equal(torch.cat([training, validation]), tokens)
    assert len(validation) == 10


@pytest.mark.parametrize(("length", "part"), [(1, "training"), (5, "training"), (40, "validation")])
def test_a_corpus_shorter_than_a_sequence_is_refused(length: int, part: str) -> None:
    with pytest.raises(UserError, match=f"the {part} part of the corpus has"):
        split(torch.arange(length), 0.1, context_length=5)


def test_targets_are_inputs_one_token_later() -> None:
    x, y = random_batch(torch.arange(50), 200, 8, torch.Generator().manual_seed(0))
    assert x.shape == y.shape == (200, 8)
    assert torch.equal(y, x + 1)
    assert x.min() == 0  # the first window and the last one are both drawn
    assert y.max() == 49


def test_batches_follow_their_seed() -> None:
    first = random_batch(torch.arange(50), 4, 8, torch.Generator().manual_seed(7))
    again = random_batch(torch.arange(50), 4, 8, torch.Generator().manual_seed(7))
    other = random_batch(torch.arange(50), 4, 8, torch.Generator().manual_seed(8))
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])
