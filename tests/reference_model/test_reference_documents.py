"""Laws of documents: what is learned of a conversation, that packing loses nothing, and training on both kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_model.__main__ import main
from reference_model.config import ModelConfig
from reference_model.data import draw_batch, load_text
from reference_model.documents import (
    FILLER,
    UNLEARNED,
    Message,
    encode_conversation,
    pack,
    random_rows,
    read_documents,
    render,
    split_rows,
)
from reference_model.errors import UserError
from reference_model.model import GPT
from reference_model.token_file import stream_pieces, write_tokens
from reference_model.tokenizer import CharacterTokenizer

TALK = (Message("system", "Be kind."), Message("user", "Why?"), Message("assistant", "Because."))


def test_only_what_the_assistant_says_is_learned() -> None:
    tokenizer = CharacterTokenizer.from_text(render(TALK))
    ids, learned = encode_conversation(tokenizer, TALK)
    assert (
        tokenizer.decode(ids)
        == render(TALK)
        == "<|system|>Be kind.<|end|><|user|>Why?<|end|><|assistant|>Because.<|end|>"
    )
    assert tokenizer.decode(token for token, flag in zip(ids, learned, strict=True) if flag) == "Because.<|end|>"


pieces = st.lists(st.lists(st.booleans(), min_size=1, max_size=9), max_size=30)


@given(flags=pieces, length=st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_packing_keeps_every_conversation_whole_or_cut_to_a_row(flags: list[list[bool]], length: int) -> None:
    encoded = [([100 * index + at for at in range(len(row))], row) for index, row in enumerate(flags)]
    rows = pack(encoded, length)
    kept = [(ids[: length + 1], row[: length + 1]) for ids, row in encoded if any(row[: length + 1][1:])]
    assert rows.dropped == len(encoded) - len(kept)
    found = sorted(token for token in rows.tokens.flatten().tolist() if token != FILLER)
    assert found == sorted(token for ids, _ in kept for token in ids)
    learned = sorted(token for token in rows.targets.flatten().tolist() if token != UNLEARNED)
    assert learned == sorted(token for ids, row in kept for token, flag in zip(ids, row, strict=True) if flag)
    for tokens, targets in zip(rows.tokens.tolist(), rows.targets.tolist(), strict=True):
        assert any(target != UNLEARNED for target in targets[1:])  # a row without a target has no loss
        assert all(target in (UNLEARNED, token) for token, target in zip(tokens, targets, strict=True))
    assert rows.fill == pytest.approx(len(found) / max(1, rows.tokens.numel()))
    for tokens, documents in zip(rows.tokens.tolist(), rows.documents.tolist(), strict=True):
        owners = [FILLER if token == FILLER else token // 100 for token in tokens]
        assert len(set(zip(owners, documents, strict=True))) == len(set(owners)) == len(set(documents))


def test_a_batch_of_rows_is_shifted_by_one_and_shared_out() -> None:
    rows = pack([([1, 2, 3], [False, True, True]), ([4, 5], [False, True]), ([6, 7, 8], [False, False, True])], 2)
    x, y, documents = random_rows(rows, 4, torch.Generator().manual_seed(1))
    assert (documents == torch.where(y == -100, documents, 0)).all()
    assert x.shape == y.shape == (4, 2) and x.min() >= 0
    assert {(*a, *b) for a, b in zip(x.tolist(), y.tolist(), strict=True)} <= {
        (1, 2, 2, 3), (4, 5, 5, -100), (6, 7, -100, 8)
    }  # fmt: skip
    halves = [random_rows(rows, 2, torch.Generator().manual_seed(1), (rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat([half[0] for half in halves]), x)
    assert torch.equal(torch.cat([half[1] for half in halves]), y)


@pytest.mark.parametrize("position", ["learned", "sinusoidal", "rope"])
@pytest.mark.parametrize("kernel", ["sdpa", "explicit"])
def test_a_packed_conversation_is_read_as_if_it_were_alone(position: str, kernel: str) -> None:
    torch.manual_seed(0)
    sizes = {"vocab_size": 11, "context_length": 12, "d_model": 16, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2}
    model = GPT(ModelConfig(**sizes, d_ff=24, position=position, attention=kernel)).eval()  # type: ignore[arg-type]
    parts = [torch.randint(11, (1, length)) for length in (4, 3, 5)]
    row = torch.cat(parts, dim=1)  # (1, T)
    documents = torch.tensor([[0] * 4 + [1] * 3 + [2] * 5])  # (1, T)
    alone = torch.cat([model(part, part)[0] for part in parts], dim=1)  # (1, T, V)
    torch.testing.assert_close(model(row, row, documents=documents)[0], alone)
    together = model(row, row)[0]
    torch.testing.assert_close(together[:, :4], alone[:, :4])
    assert (together[:, 4:] - alone[:, 4:]).abs().max() > 1e-3


def test_rows_are_kept_apart_unless_the_configuration_says_otherwise() -> None:
    rows = pack([([1, 2], [False, True]), ([3, 4], [False, True])], 3)
    for isolate in (True, False):
        x, y, documents = draw_batch(rows, 1, 3, torch.Generator().manual_seed(0), isolate=isolate)
        assert (x.tolist(), y.tolist()) == ([[1, 2, 3]], [[2, -100, 4]])
        assert (documents.tolist() if documents is not None else None) == ([[0, 0, 1]] if isolate else None)


def test_rows_are_split_and_too_few_are_refused() -> None:
    rows = pack([([index, 1], [False, True]) for index in range(10)], 1)
    training, validation = split_rows(rows, 0.2)
    assert (len(training), len(validation)) == (8, 2)
    assert torch.equal(torch.cat((training.tokens, validation.tokens)), rows.tokens)
    with pytest.raises(UserError, match="at least one each"):
        split_rows(pack([([0, 1], [False, True])], 1), 0.2)


def write_lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def talk_record(answer: str) -> dict[str, object]:
    said = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": answer}]
    return {"conversations": said}


def test_both_kinds_are_read_line_by_line(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"text": "one"}, talk_record("Because."))
    assert list(read_documents(path)) == ["one", (Message("user", "Why?"), Message("assistant", "Because."))]
    assert load_text(str(path)) == "one\n<|user|>Why?<|end|><|assistant|>Because.<|end|>"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: Expecting"),
        ("[]", 'line 2: neither a "text" nor "conversations"'),
        ('{"text": 3}', "line 2: neither"),
        ('{"conversations": [{"content": "a"}]}', "line 2: the role of a message is one of"),
        ('{"conversations": [{"role": "user"}]}', "line 2: a message needs"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine"}\n' + line + "\n")
    with pytest.raises(UserError, match=message):
        list(read_documents(path))


@given(text=st.text(alphabet="ab \n", min_size=1))
@settings(deadline=None, max_examples=30)
def test_mapped_tokens_are_those_in_memory(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tokens")
    tokenizer = CharacterTokenizer("ab \n")
    tokens = write_tokens(text.splitlines(keepends=True), tokenizer, folder / "tokens.bin")
    assert tokenizer.decode(tokens.tolist()) == text
    assert tokens.dtype == torch.int32


def test_pieces_of_a_corpus_join_to_its_text(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("last\nline")
    (tmp_path / "a.md").write_text("first\n")
    assert "".join(stream_pieces(str(tmp_path))) == load_text(str(tmp_path))
    assert "".join(stream_pieces("opticks")) == load_text("opticks")


SHORT = ["--device", "cpu", "--steps", "3", "--batch-size", "2", "--eval-interval", "3"]


def test_a_streamed_corpus_trains_the_same_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "a.txt"
    corpus.write_text(load_text("opticks")[:20_000])
    losses = []
    for out, options in (("memory", []), ("file", ["--stream"])):
        assert main(["train", "--corpus", str(corpus), "--out", str(tmp_path / out), *SHORT, *options]) == 0
        losses.append((tmp_path / out / "metrics.jsonl").read_text().splitlines()[-1].split('"learning_rate"')[0])
    assert losses[0] == losses[1]
    assert (tmp_path / "file" / "tokens.0.bin").stat().st_size == 4 * 20_000


def test_conversations_train_with_byte_pairs_and_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "a.jsonl", *(talk_record(f"Because of {n}, and again {n}.") for n in range(60)))
    out = ["--out", str(tmp_path / "run")]
    options = ["--corpus", str(path), "--tokenizer", "bpe", "--vocab-size", "280"]
    assert main(["train", *out, *options, *SHORT]) == 0
    printed = capsys.readouterr().out
    assert "60 conversations: rows " in printed and "280 different" in printed
    assert main(["train", "--resume", str(tmp_path / "run" / "checkpoint.pt"), "--steps", "4", "--device", "cpu"]) == 0
    assert "step 3 of 4" in capsys.readouterr().out


def test_texts_and_conversations_are_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "a.jsonl", talk_record("Because."), {"text": "one"})
    assert main(["train", "--corpus", str(path), "--out", str(tmp_path / "run"), *SHORT]) == 2
    assert "train on one kind at a time" in capsys.readouterr().err
