"""Documents and conversations in JSON lines, and how they become rows of tokens.

    {"text": "A document."}                                                     pre-training
    {"conversations": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]}

Of a conversation the model reads everything and learns what the assistant says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reference_model.errors import UserError
from reference_model.tokenizer import Tokenizer

ROLES = ("system", "user", "assistant")
END = "<|end|>"
UNLEARNED = -100  # what cross_entropy leaves out
FILLER = -1  # stands for an empty place until a batch is drawn
OPEN_ROWS = 64  # how many unfinished rows packing looks at: more fill better and search longer


@dataclass(frozen=True)
class Message:
    role: str
    content: str


Conversation = tuple[Message, ...]


def parse_document(line: str) -> str | Conversation:
    """The text or the conversation of one JSON line; ValueError says what is wrong with it."""
    record = json.loads(line)
    if isinstance(record, dict) and isinstance(record.get("text"), str):
        return str(record["text"])
    if isinstance(record, dict) and isinstance(record.get("conversations"), list):
        return tuple(parse_message(message) for message in record["conversations"])
    raise ValueError('neither a "text" nor "conversations"')


def parse_message(message: Any) -> Message:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        raise ValueError('a message needs "role" and "content"')
    if message.get("role") not in ROLES:
        raise ValueError(f"the role of a message is one of {', '.join(ROLES)}, not {message.get('role')!r}")
    return Message(message["role"], message["content"])


def read_documents(path: Path) -> Iterator[str | Conversation]:
    """The documents of a .jsonl file, one line in memory at a time."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield parse_document(line)
                    except ValueError as problem:
                        raise UserError(f"{path}, line {number}: {problem}") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{path}: cannot be read as UTF-8 text: {problem}") from None


def holds_conversations(path: Path) -> bool:
    """Decided by the first document; a file with both kinds is refused where the other kind is met."""
    return path.suffix == ".jsonl" and isinstance(next(read_documents(path), ""), tuple)


def read_conversations(path: Path) -> list[Conversation]:
    found = []
    for document in read_documents(path):
        if isinstance(document, str):
            raise UserError(f"{path}: holds texts and conversations; train on one kind at a time")
        found.append(document)
    return found


def render(conversation: Conversation) -> str:
    """The conversation as text: what a character tokenizer is built from, and what a reader sees."""
    return "".join(f"<|{message.role}|>{message.content}{END}" for message in conversation)


def encode_conversation(tokenizer: Tokenizer, conversation: Conversation) -> tuple[list[int], list[bool]]:
    """The ids, and True for each that is learned: what the assistant says, and that it then ends."""
    ids: list[int] = []
    learned: list[bool] = []
    for message in conversation:
        said = tokenizer.encode(message.content) + tokenizer.marker(END)
        role = tokenizer.marker(f"<|{message.role}|>")
        ids += role + said
        learned += [False] * len(role) + [message.role == "assistant"] * len(said)
    return ids, learned


@dataclass(frozen=True)
class PackedRows:
    """Whole conversations side by side in rows of T+1 tokens."""

    tokens: Tensor  # (N, T+1), filled up at the right, where no earlier token looks
    targets: Tensor  # (N, T+1), UNLEARNED where the token is not to be predicted
    documents: Tensor  # (N, T+1), which conversation of its row a token belongs to, FILLER at empty places
    dropped: int  # conversations whose answers do not fit into a row

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def fill(self) -> float:
        """The share of places that hold a token of a conversation."""
        return 1.0 - float((self.tokens == FILLER).float().mean()) if len(self) else 0.0


Tokens = Tensor | PackedRows  # what training draws its batches from: one long text (N,), or rows


def pack(encoded: Iterable[tuple[Sequence[int], Sequence[bool]]], length: int) -> PackedRows:
    """Put each conversation into the first open row with room for it; one that is longer than a row is cut."""
    rows: list[list[tuple[int, int, int]]] = []  # (token, target, document) of each place
    counts: list[int] = []  # conversations of each row
    dropped = 0
    for whole, flags in encoded:
        ids, learned = whole[: length + 1], flags[: length + 1]
        if not any(learned[1:]):
            dropped += 1
            continue
        first_open = max(0, len(rows) - OPEN_ROWS)
        at = next((at for at in range(first_open, len(rows)) if len(rows[at]) + len(ids) <= length + 1), len(rows))
        if at == len(rows):
            rows.append([])
            counts.append(0)
        labels = [token if is_learned else UNLEARNED for token, is_learned in zip(ids, learned, strict=True)]
        rows[at] += [(token, label, counts[at]) for token, label in zip(ids, labels, strict=True)]
        counts[at] += 1
    filled = [row + [(FILLER, UNLEARNED, FILLER)] * (length + 1 - len(row)) for row in rows]
    tokens, targets, documents = torch.tensor(filled).view(len(rows), length + 1, 3).unbind(-1)  # (N, T+1) each
    return PackedRows(tokens, targets, documents, dropped)


def split_rows(rows: PackedRows, validation_fraction: float) -> tuple[PackedRows, PackedRows]:
    """The first rows for training, the last for validation; each needs one."""
    boundary = len(rows) - max(1, int(len(rows) * validation_fraction))
    if boundary < 1:
        raise UserError(f"{len(rows)} rows of conversations: training and validation need at least one each")
    return part_of(rows, slice(None, boundary), rows.dropped), part_of(rows, slice(boundary, None), 0)


def part_of(rows: PackedRows, part: slice, dropped: int) -> PackedRows:
    return PackedRows(rows.tokens[part], rows.targets[part], rows.documents[part], dropped)


def random_rows(
    rows: PackedRows, batch_size: int, generator: torch.Generator, share: tuple[int, int] = (0, 1)
) -> tuple[Tensor, Tensor, Tensor]:
    """Random rows, the same one token later as targets, and their documents; `share` as in data.random_batch."""
    rank, size = share
    drawn = torch.randint(len(rows), (size * batch_size,), generator=generator)  # (size * B,)
    own = drawn[rank * batch_size : (rank + 1) * batch_size]  # (B,)
    return rows.tokens[own, :-1].clamp(min=0), rows.targets[own, 1:], rows.documents[own, :-1]  # (B, T) each
