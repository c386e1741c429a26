"""How fast a model reads and writes: prefill, first token, decoding, and how both grow with the batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reference_model.errors import UserError
from reference_model.generate import SamplingConfig, generate
from reference_model.measurement import Measured, measure_seconds, peak_memory
from reference_model.model import GPT


@dataclass(frozen=True)
class Speed:
    """One batch size; times in seconds."""

    batch_size: int
    prefill: Measured  # the whole prompt in one pass
    first_token: Measured  # the same, the cache made and the token drawn
    per_token: Measured  # each further token, with the cache
    tokens_per_second: Measured  # of all sequences together, while decoding
    peak_memory: int  # bytes, so far in this process


@torch.no_grad()
def measure_speed(model: GPT, batch_size: int, prompt_length: int, new_tokens: int, repeats: int) -> Speed:
    """Random prompts of one length; greedy, so that drawing costs the same every time."""
    if new_tokens < 2 or prompt_length + new_tokens > model.config.context_length:
        raise UserError(
            f"a prompt of {prompt_length} and {new_tokens} new tokens must fit into the context length "
            f"{model.config.context_length}, with at least two new ones"
        )
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(0)
    size = (batch_size, prompt_length)
    prompt = torch.randint(model.config.vocab_size, size, generator=generator).to(device)  # (B, T)
    model.eval()

    def write(count: int) -> None:
        for _ in generate(model, prompt, SamplingConfig(max_new_tokens=count, temperature=0)):
            pass

    prefill = measure_seconds(lambda: model(prompt), device, repeats)
    first = measure_seconds(lambda: write(1), device, repeats)
    whole = measure_seconds(lambda: write(new_tokens), device, repeats)
    per_token = whole.shifted(-first.median).scaled(1 / (new_tokens - 1))
    rate = Measured(batch_size / per_token.median, batch_size / per_token.high, batch_size / per_token.low, repeats)
    return Speed(batch_size, prefill, first, per_token, rate, peak_memory(device))


COLUMNS = ("prefill ms", "first token ms", "ms per token", "tokens per second")
HEADER = f"{'batch':>5}  " + "  ".join(f"{column:>26}" for column in COLUMNS) + "  peak MiB"


def describe(speed: Speed) -> str:
    times = "  ".join(
        f"{measured.scaled(1000)!s:>26}" for measured in (speed.prefill, speed.first_token, speed.per_token)
    )
    return f"{speed.batch_size:>5}  {times}  {speed.tokens_per_second!s:>26}  {speed.peak_memory / 2**20:>8.0f}"
