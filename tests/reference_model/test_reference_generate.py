"""Laws of sampling: seeds, filters, the cache, and what happens when the context is full."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_model.config import ModelConfig
from reference_model.errors import UserError
from reference_model.generate import SamplingConfig, generate, keep_top_k, keep_top_p, sample_next
from reference_model.model import GPT

MODERN = ModelConfig(vocab_size=11, context_length=12, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24)
CLASSIC = dataclasses.replace(MODERN, n_kv_heads=4, position="learned", norm="layer_norm", activation="gelu")
INFINITY = float("inf")


def build(config: ModelConfig = MODERN) -> GPT:
    torch.manual_seed(0)
    model = GPT(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def run(model: GPT, sampling: SamplingConfig, batch_size: int = 2, length: int = 3) -> torch.Tensor:
    prompt = torch.arange(batch_size * length).view(batch_size, length) % 11
    return torch.cat(list(generate(model, prompt, sampling)), dim=1)


@pytest.mark.parametrize("config", [MODERN, CLASSIC], ids=["modern", "classic"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("prompt_length", [1, 12, 30])
def test_cached_text_equals_uncached_text_beyond_the_context_too(
    config: ModelConfig, temperature: float, prompt_length: int
) -> None:
    model = build(config)
    cached = SamplingConfig(max_new_tokens=40, temperature=temperature)
    uncached = dataclasses.replace(cached, use_cache=False)
    assert torch.equal(run(model, cached, length=prompt_length), run(model, uncached, length=prompt_length))


def test_text_follows_its_seed() -> None:
    model, sampling = build(), SamplingConfig(max_new_tokens=30, temperature=1.0)
    assert torch.equal(run(model, sampling), run(model, sampling))
    assert not torch.equal(run(model, sampling), run(model, dataclasses.replace(sampling, seed=2)))


def test_tokens_come_one_at_a_time() -> None:
    stream = generate(build(), torch.tensor([[1, 2]]), SamplingConfig(max_new_tokens=10**9))
    assert [next(stream).shape for _ in range(3)] == [(1, 1)] * 3


def test_temperature_zero_takes_the_likeliest_token() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [2.0, 1.0, 0.0]])
    drawn = sample_next(logits, SamplingConfig(temperature=0), torch.Generator())
    assert drawn.tolist() == [[1], [0]]


@pytest.mark.parametrize(
    "sampling", [SamplingConfig(top_k=1, temperature=2.0), SamplingConfig(top_p=1e-9, temperature=2.0)], ids=str
)
def test_one_kept_token_is_greedy(sampling: SamplingConfig) -> None:
    greedy = dataclasses.replace(sampling, temperature=0)
    assert torch.equal(run(build(), sampling), run(build(), greedy))


def test_top_k_keeps_the_k_largest() -> None:
    kept = keep_top_k(torch.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    assert kept.tolist() == [[-INFINITY, 4.0, 3.0, -INFINITY]]
    assert keep_top_k(kept, 99).tolist() == kept.tolist()


def test_top_p_keeps_the_smallest_set_that_reaches_p() -> None:
    logits = torch.tensor([[0.1, 0.5, 0.15, 0.25]]).log()
    for p, kept in ((0.4, {1}), (0.51, {1, 3}), (0.74, {1, 3}), (0.76, {1, 2, 3}), (1.0, {0, 1, 2, 3})):
        assert {i for i, value in enumerate(keep_top_p(logits, p)[0].tolist()) if value > -INFINITY} == kept, p


@given(st.lists(st.floats(-8, 8), min_size=1, max_size=20), st.floats(0.01, 1.0))
@settings(max_examples=100, deadline=None)
def test_top_p_keeps_enough_and_no_more(values: list[float], p: float) -> None:
    logits = torch.tensor([values], dtype=torch.double)
    kept = (keep_top_p(logits, p) > -INFINITY)[0]
    probabilities = logits.softmax(-1)[0]
    mass = probabilities[kept].sum().item()
    assert mass >= p - 1e-9
    assert mass - probabilities[kept].min().item() < p + 1e-9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -1.0}, "temperature"),
        ({"top_k": 0}, "top-k"),
        ({"top_p": 0.0}, "top-p"),
        ({"top_p": 1.1}, "top-p"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        SamplingConfig(**change)  # type: ignore[arg-type]


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(UserError, match="the prompt is empty"):
        next(generate(build(), torch.zeros(1, 0, dtype=torch.long), SamplingConfig()))
