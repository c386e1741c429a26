"""From logits to new tokens: temperature, top-k, top-p, min-p, greedy, with a key/value cache, one token at a time.

It works on token ids; text is the tokenizer's business, and beam search has a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    min_p: float | None = None  # keep tokens at least this likely relative to the likeliest
    repetition_penalty: float = 1.0  # above 1 makes every token that occurred already less likely
    stop_tokens: tuple[int, ...] = ()  # a sequence that draws one of them is finished
    use_cache: bool = True  # off only to compare: the result is the same
    seed: int = 1337

    def __post_init__(self) -> None:
        if not self.temperature >= 0:  # written so that NaN is refused as well
            raise UserError(f"temperature must be 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise UserError(f"top-k must be at least 1, not {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UserError(f"top-p must lie above 0 and at most at 1, not {self.top_p}")
        if self.min_p is not None and not 0 <= self.min_p <= 1:
            raise UserError(f"min-p must lie between 0 and 1, not {self.min_p}")
        if not self.repetition_penalty > 0:
            raise UserError(
                f"the repetition penalty must be above 0 (1 changes nothing), not {self.repetition_penalty}"
            )
        if self.max_new_tokens < 0:
            raise UserError(f"the number of new tokens must be 0 or more, not {self.max_new_tokens}")


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


def keep_min_p(logits: Tensor, p: float) -> Tensor:
    """Keep tokens whose probability is at least `p` times that of the likeliest (Nguyen et al., 2024).

    Where the model is sure, few tokens stay; where it is not, many do.
    """
    probabilities = F.softmax(logits, dim=-1)  # (B, V)
    threshold = p * probabilities.amax(dim=-1, keepdim=True)  # (B, 1)
    return logits.masked_fill(probabilities < threshold, float("-inf"))


def penalize_repetition(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Make the tokens `seen` (B, T) less likely: positive logits shrink, negative ones grow (Keskar et al., 2019)."""
    scores = logits.gather(-1, seen)  # (B, T)
    scores = torch.where(scores > 0, scores / penalty, scores * penalty)
    return logits.scatter(-1, seen, scores)  # (B, V)


def sample_next(
    logits: Tensor, sampling: SamplingConfig, generator: torch.Generator, seen: Tensor | None = None
) -> Tensor:
    """One token id per sequence from the logits (B, V) of its last position and the tokens `seen` (B, T) so far."""
    if sampling.repetition_penalty != 1.0 and seen is not None:
        logits = penalize_repetition(logits, seen, sampling.repetition_penalty)
    if sampling.temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)  # (B, 1)
    logits = logits.float() / sampling.temperature
    if sampling.top_k is not None:
        logits = keep_top_k(logits, sampling.top_k)
    if sampling.top_p is not None:
        logits = keep_top_p(logits, sampling.top_p)
    if sampling.min_p is not None:
        logits = keep_min_p(logits, sampling.min_p)
    probabilities = F.softmax(logits, dim=-1)  # (B, V)
    # Drawn on the CPU: the same seed then gives the same text on every device with the same probabilities.
    drawn = torch.multinomial(probabilities.cpu(), num_samples=1, generator=generator)  # (B, 1)
    return drawn.to(logits.device)


def pad_left(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Prompts of different lengths side by side, their ends aligned: tokens (B, T) and the filled places (B,)."""
    longest = max(len(prompt) for prompt in prompts)
    rows = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    padding = [longest - len(prompt) for prompt in prompts]
    return torch.tensor(rows, device=device), torch.tensor(padding, device=device)


def without_padding(window: Tensor, padding: Tensor | None) -> Tensor:
    """The window (B, T) with a real token of its sequence in each filled place."""
    if padding is None:
        return window
    places = torch.arange(window.size(1), device=window.device)  # (T,)
    return torch.where(places < padding[:, None], window[:, -1:], window)


@torch.no_grad()
def generate(model: GPT, prompt: Tensor, sampling: SamplingConfig, padding: Tensor | None = None) -> Iterator[Tensor]:
    """Yield the next token (B, 1) of each sequence of `prompt` (B, T), `max_new_tokens` times.

    Sequences that drew a stop token repeat it, and the end comes early when all have. When the context is full, its
    older half is dropped and the rest is read again: positions then start anew, so a cached and an uncached run see
    the same windows and give the same tokens. `padding` (B,) is what `pad_left` returns.
    """
    if prompt.size(1) == 0 or (padding is not None and bool((padding >= prompt.size(1)).any())):
        raise UserError("the prompt is empty: give at least one character to continue from")
    model.eval()
    generator = torch.Generator().manual_seed(sampling.seed)
    context_length = model.config.context_length
    if padding is not None:
        padding = (padding - max(0, prompt.size(1) - context_length)).clamp(min=0)  # (B,)
    window = prompt[:, -context_length:]  # (B, <= context_length)
    cache = model.new_cache(prompt.size(0)) if sampling.use_cache else None
    unread = window  # (B, T): what the cache has not seen yet
    finished = torch.zeros(prompt.size(0), 1, dtype=torch.bool, device=prompt.device)  # (B, 1)
    stop_tokens = torch.tensor(sampling.stop_tokens, dtype=torch.long, device=prompt.device)
    token = window[:, -1:]  # (B, 1)
    for _ in range(sampling.max_new_tokens):
        logits, _ = model(unread if cache is not None else window, cache=cache, padding=padding)  # (B, 1, V)
        drawn = sample_next(logits[:, -1], sampling, generator, without_padding(window, padding))  # (B, 1)
        token = torch.where(finished, token, drawn)  # (B, 1)
        yield token
        finished = finished | torch.isin(token, stop_tokens)
        if bool(finished.all()):
            return
        unread = token
        if window.size(1) == context_length:
            kept = context_length // 2
            if padding is not None:
                padding = (padding - (context_length - kept)).clamp(min=0)
            window = window[:, context_length - kept :]
            cache = model.new_cache(prompt.size(0)) if sampling.use_cache else None
            unread = torch.cat((window, token), dim=1)
        window = torch.cat((window, token), dim=1)  # (B, T+1)
