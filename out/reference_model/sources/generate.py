"""From logits to new tokens: temperature, top-k, top-p, greedy, with a key/value cache, one token at a time.

It works on token ids; text is the tokenizer's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reference_model.errors import UserError
from reference_model.model import GPT


@dataclass(frozen=True)
class SamplingConfig:
    """How the next token is drawn."""

    max_new_tokens: int = 200
    temperature: float = 0.8  # below 1 sharpens the distribution, above flattens it; 0 is greedy
    top_k: int | None = None  # keep the k most likely tokens
    top_p: float | None = None  # keep the most likely tokens that together reach this probability
    use_cache: bool = True  # off only to compare: the result is the same
    seed: int = 1337

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise UserError(f"temperature must be 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise UserError(f"top-k must be at least 1, not {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UserError(f"top-p must lie above 0 and at most at 1, not {self.top_p}")


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """All but the `k` largest logits (B, V) become minus infinity."""
    smallest_kept = logits.topk(min(k, logits.size(-1)), dim=-1).values[:, -1:]  # (B, 1)
    return logits.masked_fill(logits < smallest_kept, float("-inf"))


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of likeliest tokens whose probability reaches `p` (Holtzman et al., 2020)."""
    ordered, order = logits.sort(dim=-1, descending=True)  # (B, V) each
    probabilities = F.softmax(ordered, dim=-1)  # (B, V)
    before = probabilities.cumsum(dim=-1) - probabilities  # (B, V), mass of the likelier tokens
    ordered = ordered.masked_fill(before >= p, float("-inf"))  # the likeliest token has 0 before it, so it stays
    return torch.empty_like(logits).scatter(-1, order, ordered)  # (B, V), back in vocabulary order


def sample_next(logits: Tensor, sampling: SamplingConfig, generator: torch.Generator) -> Tensor:
    """One token id per sequence from the logits (B, V) of its last position."""
    if sampling.temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)  # (B, 1)
    logits = logits.float() / sampling.temperature
    if sampling.top_k is not None:
        logits = keep_top_k(logits, sampling.top_k)
    if sampling.top_p is not None:
        logits = keep_top_p(logits, sampling.top_p)
    probabilities = F.softmax(logits, dim=-1)  # (B, V)
    # Drawn on the CPU: the same seed then gives the same text on every device with the same probabilities.
    drawn = torch.multinomial(probabilities.cpu(), num_samples=1, generator=generator)  # (B, 1)
    return drawn.to(logits.device)


@torch.no_grad()
def generate(model: GPT, prompt: Tensor, sampling: SamplingConfig) -> Iterator[Tensor]:
    """Yield the next token (B, 1) of each sequence of `prompt` (B, T), `max_new_tokens` times.

    When the context is full, its older half is dropped and the rest is read again: positions then start anew, so a
    cached and an uncached run see the same windows and give the same tokens.
    """
    if prompt.size(1) == 0:
        raise UserError("the prompt is empty: give at least one character to continue from")
    model.eval()
    generator = torch.Generator().manual_seed(sampling.seed)
    context_length = model.config.context_length
    window = prompt[:, -context_length:]  # (B, <= context_length)
    cache = model.new_cache(prompt.size(0)) if sampling.use_cache else None
    unread = window  # (B, T): what the cache has not seen yet
    for _ in range(sampling.max_new_tokens):
        logits, _ = model(unread if cache is not None else window, cache=cache)  # (B, 1, V)
        token = sample_next(logits[:, -1], sampling, generator)  # (B, 1)
        yield token
        unread = token
        if window.size(1) == context_length:
            window = window[:, context_length - context_length // 2 :]
            cache = model.new_cache(prompt.size(0)) if sampling.use_cache else None
            unread = torch.cat((window, token), dim=1)
        window = torch.cat((window, token), dim=1)  # (B, T+1)
