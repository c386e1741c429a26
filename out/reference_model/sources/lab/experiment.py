"""What an experiment returns, and the short training that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor

from reference_model.config import ModelConfig
from reference_model.data import load_text, random_batch
from reference_model.model import GPT
from reference_model.tokenizer import CharacterTokenizer

BATCH = 16
LEARNING_RATE = 3e-3


@dataclass(frozen=True)
class Outcome:
    """The numbers of one run as a table, pictures of them, and how far they reach."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    shows: str
    does_not_show: str
    panels: tuple[Callable[[Any], None], ...]


def describe(outcome: Outcome) -> str:
    cells = [outcome.columns, *(tuple(map(format_cell, row)) for row in outcome.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(outcome.columns))]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(
        (outcome.title, "", *table, "", f"Shows: {outcome.shows}", f"Does not show: {outcome.does_not_show}")
    )


def format_cell(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_outcome(outcome: Outcome, path: Path) -> Path:
    from reference_model.figures import draw

    return draw(path, list(outcome.panels))


def load_tokens() -> tuple[Tensor, Tensor, int]:
    """Training and validation characters of the bundled text, and how many different ones there are."""
    text = load_text("opticks")
    tokenizer = CharacterTokenizer.from_text(text)
    tokens = torch.tensor(tokenizer.encode(text))
    boundary = len(tokens) * 9 // 10
    return tokens[:boundary], tokens[boundary:], tokenizer.vocab_size


def fit(config: ModelConfig, tokens: Tensor, steps: int, length: int, seed: int) -> GPT:
    """A small model trained on windows of `length`, with a constant learning rate after ten steps of warm-up."""
    torch.manual_seed(seed)
    model = GPT(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / 10)
        x, y = random_batch(tokens, BATCH, length, generator)  # (B, T) each
        _, loss = model(x, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.eval()


@torch.no_grad()
def loss_at(model: GPT, tokens: Tensor, length: int, batches: int = 8) -> float:
    """Mean loss over the same random windows of `length` at every call."""
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(batches):
        _, loss = model(*random_batch(tokens, BATCH, length, generator))
        losses.append(float(loss))
    return mean(losses)


def spread(values: Sequence[float]) -> float:
    """Standard deviation over seeds; 0 where there is one."""
    return stdev(values) if len(values) > 1 else 0.0
