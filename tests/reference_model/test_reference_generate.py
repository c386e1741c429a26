"""Laws of sampling: seeds, filters, the cache, and what happens when the context is full."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_model.beam import beam_search
from reference_model.config import ModelConfig
from reference_model.errors import UserError
from reference_model.generate import (
    SamplingConfig,
    generate,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    pad_left,
    penalize_repetition,
    sample_next,
)
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


def test_min_p_keeps_what_is_likely_enough_beside_the_likeliest() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert keep_min_p(logits, 0.3).isfinite().tolist() == [[True, True, True, False]]  # 0.15 = 0.3 * 0.5
    assert keep_min_p(logits, 0.7).isfinite().tolist() == [[True, False, False, False]]
    assert torch.equal(keep_min_p(logits, 0.0), logits)
    assert keep_min_p(logits, 1.0).isfinite().sum() == 1


def test_repetition_penalty_makes_seen_tokens_less_likely_and_no_others() -> None:
    logits = torch.tensor([[2.0, -2.0, 1.0]])
    seen = torch.tensor([[0, 0, 1]])  # how often does not matter
    torch.testing.assert_close(penalize_repetition(logits, seen, 2.0), torch.tensor([[1.0, -4.0, 1.0]]))
    plain = SamplingConfig(max_new_tokens=30, temperature=0)
    varied = dataclasses.replace(plain, repetition_penalty=5.0)
    assert len(set(run(build(), varied)[0].tolist())) > len(set(run(build(), plain)[0].tolist()))


def test_a_batch_of_unequal_prompts_continues_each_as_if_it_were_alone() -> None:
    model = build()
    prompts = [[1, 2, 3, 4, 5], [6], [7, 8, 9]]
    for config in (MODERN, CLASSIC):
        model = build(config)
        for options in ({}, {"repetition_penalty": 1.5}, {"use_cache": False}):
            greedy = SamplingConfig(max_new_tokens=20, temperature=0, **options)  # type: ignore[arg-type]
            tokens, padding = pad_left(prompts, torch.device("cpu"))
            together = torch.cat(list(generate(model, tokens, greedy, padding)), dim=1)
            # up to where the longest fills the context: the window of the batch then moves for all at once
            for row, prompt in zip(together, prompts, strict=True):
                alone = torch.cat(list(generate(model, torch.tensor([prompt]), greedy)), dim=1)[0]
                assert row[:8].tolist() == alone[:8].tolist()


def test_an_empty_prompt_in_a_batch_is_refused() -> None:
    tokens, padding = pad_left([[1, 2], []], torch.device("cpu"))
    with pytest.raises(UserError, match="the prompt is empty"):
        next(generate(build(), tokens, SamplingConfig(), padding))


def test_generation_ends_when_every_sequence_has_drawn_a_stop_token() -> None:
    free = SamplingConfig(max_new_tokens=30, temperature=1.0)
    first, second = run(build(), free).tolist()
    stop = (first[4],)
    ended = run(build(), dataclasses.replace(free, stop_tokens=stop)).tolist()
    for whole, cut in zip((first, second), ended, strict=True):
        end = whole.index(stop[0]) if stop[0] in whole else len(whole)
        assert cut[: end + 1] == whole[: len(cut)][: end + 1]
        assert set(cut[end:]) <= {stop[0]}
    longest = max(row.index(stop[0]) if stop[0] in row else 29 for row in (first, second))
    assert len(ended[0]) == longest + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_p": 1.5}, "min-p must lie between 0 and 1"),
        ({"repetition_penalty": 0.0}, "repetition penalty must be above 0"),
        ({"max_new_tokens": -1}, "must be 0 or more"),
    ],
)
def test_more_impossible_settings_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        SamplingConfig(**change)  # type: ignore[arg-type]


def log_probability(model: GPT, prompt: list[int], tokens: tuple[int, ...]) -> float:
    whole = torch.tensor([[*prompt, *tokens]])
    with torch.no_grad():
        logits, _ = model(whole[:, :-1], targets=whole[:, 1:])
    chosen = logits[0, len(prompt) - 1 :].log_softmax(-1)
    return float(sum(chosen[at, token] for at, token in enumerate(tokens)))


def test_a_wide_enough_beam_finds_the_likeliest_of_all_continuations() -> None:
    model = build(dataclasses.replace(MODERN, vocab_size=4)).eval()
    every = [(a, b, c) for a in range(4) for b in range(4) for c in range(4)]
    expected = sorted(every, key=lambda tokens: log_probability(model, [1, 2], tokens), reverse=True)
    found = beam_search(model, torch.tensor([[1, 2]]), width=16, max_new_tokens=3)
    assert [beam.tokens for beam in found[:5]] == expected[:5]
    for beam in found:
        assert beam.log_probability == pytest.approx(log_probability(model, [1, 2], beam.tokens), abs=1e-4)


def test_a_beam_of_one_is_greedy() -> None:
    model = build()
    (beam,) = beam_search(model, torch.tensor([[0, 1, 2]]), width=1, max_new_tokens=9)
    assert list(beam.tokens) == run(model, SamplingConfig(max_new_tokens=9, temperature=0), batch_size=1)[0].tolist()


def test_beams_end_at_stop_tokens_and_lengths_can_be_weighed() -> None:
    model = build()
    prompt = torch.tensor([[0, 1, 2]])
    likeliest = beam_search(model, prompt, 1, 1)[0].tokens
    found = beam_search(model, prompt, width=4, max_new_tokens=5, stop_tokens=likeliest)
    assert found[0].tokens == likeliest  # ended at once: a shorter text has the higher probability
    assert all(stop not in beam.tokens[:-1] for beam in found for stop in likeliest)
    fair = beam_search(model, prompt, width=4, max_new_tokens=5, stop_tokens=likeliest, length_penalty=1.0)
    assert fair == sorted(fair, key=lambda beam: beam.log_probability / len(beam.tokens), reverse=True)


@pytest.mark.parametrize(
    ("width", "length", "message"),
    [(0, 3, "at least 1"), (2, 0, "at least 1"), (2, 10, "exceed the context length 12")],
)
def test_impossible_searches_are_refused(width: int, length: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        beam_search(build(), torch.tensor([[0, 1, 2]]), width, length)
