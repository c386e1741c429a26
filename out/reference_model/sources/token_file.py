"""Corpora that are larger than memory: text is read and encoded piece by piece into a file that is mapped, not loaded.

The mapped tensor serves wherever a tensor of tokens does, so training, batches and resuming are the same.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from reference_model.data import find_text_files, load_text
from reference_model.documents import read_documents, render
from reference_model.errors import UserError
from reference_model.tokenizer import Tokenizer

PIECE = 1 << 20  # characters in memory at a time
NAMED = frozenset({"opticks", "stdlib"})


def stream_pieces(corpus: str) -> Iterator[str]:
    """The text of a corpus in order, in pieces that end at line ends."""
    path = Path(corpus)
    if corpus in NAMED or not path.exists():
        yield load_text(corpus)
        return
    is_blank = True
    for piece in stream_path(path):
        is_blank = is_blank and not piece.strip()
        yield piece
    if is_blank:
        raise UserError(f"corpus {corpus!r}: holds no text")


def stream_path(path: Path) -> Iterator[str]:
    for at, file in enumerate(find_text_files(path) if path.is_dir() else [path]):
        if at > 0:
            yield "\n"
        yield from stream_file(file)


def stream_file(path: Path) -> Iterator[str]:
    if path.suffix == ".jsonl":
        for document in read_documents(path):
            yield (document if isinstance(document, str) else render(document)) + "\n"
        return
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while lines := file.readlines(PIECE):
                yield "".join(lines)
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{path}: cannot be read as UTF-8 text: {problem}") from None


def write_tokens(pieces: Iterable[str], tokenizer: Tokenizer, path: Path) -> Tensor:
    """Encode each piece, append it to `path`, and map the whole as int32 (N,)."""
    count = 0
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            for piece in pieces:
                ids = array("i", tokenizer.encode(piece))
                ids.tofile(file)
                count += len(ids)
        os.replace(partial, path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written: {problem.strerror}") from None
    if count == 0:
        raise UserError("the corpus holds no text")
    return torch.from_file(str(path), shared=False, size=count, dtype=torch.int32)


def collect_characters(pieces: Iterable[str]) -> str:
    """The sorted characters of all pieces, for a character tokenizer."""
    found: set[str] = set()
    for piece in pieces:
        found.update(piece)
    return "".join(sorted(found))
