"""Where text comes from and how it becomes batches of inputs and targets.

A corpus is a name (`opticks`, `stdlib`) or a path to a text file or a folder of them; it is not tokenized here.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

import torch
from torch import Tensor

from reference_model.documents import PackedRows, Tokens, random_rows, read_documents, render
from reference_model.errors import UserError

ASSETS = Path(__file__).parent / "assets"
TEXT_SUFFIXES = frozenset({".txt", ".md", ".rst", ".py", ".jsonl"})
STDLIB_SKIPPED = frozenset({"site-packages", "dist-packages", "test", "tests", "__pycache__", "idle_test"})


def load_text(corpus: str) -> str:
    """The text of a named corpus, of a file, or of all text files below a folder in sorted order."""
    if corpus == "opticks":
        return read_file(ASSETS / "opticks.txt")
    if corpus == "stdlib":
        return read_standard_library()
    path = Path(corpus)
    if path.is_dir():
        text = "\n".join(read_file(file) for file in find_text_files(path))
    elif path.is_file():
        text = read_file(path)
    else:
        raise UserError(f"corpus {corpus!r}: neither a name (opticks, stdlib) nor a file or folder")
    if not text.strip():
        raise UserError(f"corpus {corpus!r}: holds no text")
    return text


def read_file(path: Path) -> str:
    """The text of a file; of JSON lines, their documents one after another."""
    if path.suffix == ".jsonl":
        documents = read_documents(path)
        return "\n".join(document if isinstance(document, str) else render(document) for document in documents)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{path}: cannot be read as UTF-8 text: {problem}") from None


def find_text_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in TEXT_SUFFIXES and path.is_file())


def read_standard_library() -> str:
    """The sources of the running Python's standard library, without tests: tens of megabytes, on every machine.

    Files with characters beyond ASCII are left out: a handful of them would multiply a character vocabulary.
    """
    root = Path(sysconfig.get_path("stdlib"))
    files = [path for path in sorted(root.rglob("*.py")) if not STDLIB_SKIPPED & set(path.relative_to(root).parts)]
    texts = [path.read_bytes() for path in files]
    return "\n".join(text.decode("ascii") for text in texts if text.isascii())


def split(tokens: Tensor, validation_fraction: float, context_length: int) -> tuple[Tensor, Tensor]:
    """The beginning for training, the end for validation; each must hold one sequence and its last target."""
    boundary = len(tokens) - int(len(tokens) * validation_fraction)
    training, validation = tokens[:boundary], tokens[boundary:]
    for name, part in (("training", training), ("validation", validation)):
        if len(part) <= context_length:
            raise UserError(
                f"the {name} part of the corpus has {len(part)} tokens, "
                f"fewer than the {context_length + 1} that one sequence and its last target need"
            )
    return training, validation


def draw_batch(
    tokens: Tokens,
    batch_size: int,
    length: int,
    generator: torch.Generator,
    share: tuple[int, int] = (0, 1),
    isolate: bool = True,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """`batch_size` windows from random places, the same windows one token later as targets, and the documents (B, T)
    of rows that hold several, where they are kept apart.

    Where several processes train together, `share` is (which one, of how many): all draw the same places, each takes
    its own part of them.
    """
    if isinstance(tokens, PackedRows):
        x, y, documents = random_rows(tokens, batch_size, generator, share)
        return x, y, documents if isolate else None
    rank, size = share
    starts = torch.randint(len(tokens) - length, (size * batch_size,), generator=generator)  # (size * B,)
    own = starts[rank * batch_size : (rank + 1) * batch_size].tolist()  # B of them
    windows = torch.stack([tokens[start : start + length + 1] for start in own])  # (B, T+1)
    windows = windows.long()  # a token file holds int32
    no_documents = None  # a window of one long text is read as one
    return windows[:, :-1], windows[:, 1:], no_documents  # (B, T) each


def random_batch(
    tokens: Tensor, batch_size: int, length: int, generator: torch.Generator, share: tuple[int, int] = (0, 1)
) -> tuple[Tensor, Tensor]:
    """Inputs and targets (B, T) of one long text."""
    x, y, _ = draw_batch(tokens, batch_size, length, generator, share)
    return x, y
