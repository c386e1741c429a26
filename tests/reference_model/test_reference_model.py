"""Laws of the network: what must hold for every choice of parts."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reference_model.config import ModelConfig
from reference_model.model import (
    GPT,
    Attention,
    MixtureOfExperts,
    RMSNorm,
    RotaryEmbedding,
    SinusoidalEmbedding,
    explicit_attention,
    rotate,
)

MODERN = ModelConfig(vocab_size=11, context_length=12, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24)
CLASSIC = dataclasses.replace(MODERN, n_kv_heads=4, position="learned", norm="layer_norm", activation="relu", bias=True)
VARIANTS = {
    "modern": MODERN,
    "classic": CLASSIC,
    "multi_query": dataclasses.replace(MODERN, n_kv_heads=1),
    "gelu": dataclasses.replace(CLASSIC, activation="gelu"),
    "free_head": dataclasses.replace(MODERN, tie_weights=False),
    "explicit": dataclasses.replace(MODERN, attention="explicit"),
    "sinusoidal": dataclasses.replace(MODERN, position="sinusoidal"),
    "experts": dataclasses.replace(MODERN, n_experts=4, experts_per_token=2),
}
every_variant = pytest.mark.parametrize("config", VARIANTS.values(), ids=list(VARIANTS))


def build(config: ModelConfig, seed: int = 0) -> GPT:
    torch.manual_seed(seed)
    model = GPT(config).eval()
    with torch.no_grad():  # GPT-2's 0.02 leaves attention almost uniform: larger weights make differences visible
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.normal_(0, 0.3)
    return model


def random_tokens(batch: int, length: int, vocab_size: int = 11) -> Tensor:
    return torch.randint(vocab_size, (batch, length), generator=torch.Generator().manual_seed(5))


@every_variant
@pytest.mark.parametrize("chunks", [(7, 1, 1, 1), (1,) * 10, (3, 4, 3), (10,)], ids=str)
@torch.no_grad()
def test_cache_equals_no_cache_at_every_position(config: ModelConfig, chunks: tuple[int, ...]) -> None:
    model, tokens = build(config), random_tokens(2, 10)
    all_logits, _ = model(tokens, targets=tokens)
    cache = model.new_cache(2)
    end = 0
    for length in chunks:
        logits, _ = model(tokens[:, end : end + length], cache=cache)
        end += length
        torch.testing.assert_close(logits[:, -1], all_logits[:, end - 1])
    assert all(layer.length == 10 for layer in cache)


@every_variant
@torch.no_grad()
def test_left_padding_changes_nothing_with_and_without_a_cache(config: ModelConfig) -> None:
    model, tokens = build(config), random_tokens(1, 8)
    alone = [model(tokens[:, :end])[0] for end in (6, 7, 8)]  # what one sequence gives by itself
    filler = random_tokens(1, 3) + 1  # any tokens: nothing may look at them
    batch = torch.cat((torch.cat((filler % 11, tokens), dim=1), random_tokens(1, 11)))  # (2, 11)
    padding = torch.tensor([3, 0])
    cache = model.new_cache(2)
    cached = [model(part, cache=cache, padding=padding)[0] for part in (batch[:, :9], batch[:, 9:10], batch[:, 10:])]
    for step, expected in enumerate(alone):
        torch.testing.assert_close(cached[step][0], expected[0])
        uncached, _ = model(batch[:, : 9 + step], padding=padding)
        torch.testing.assert_close(uncached[0], expected[0])
        torch.testing.assert_close(uncached[1], model(batch[1:, : 9 + step])[0][0])


@every_variant
@torch.no_grad()
def test_a_position_does_not_see_later_tokens(config: ModelConfig) -> None:
    model, tokens = build(config), random_tokens(1, 8)
    changed = tokens.clone()
    changed[0, 5] = (changed[0, 5] + 1) % config.vocab_size
    before, _ = model(tokens, targets=tokens)
    after, _ = model(changed, targets=tokens)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert all(not torch.allclose(before[0, t], after[0, t]) for t in (5, 6, 7))


@pytest.mark.parametrize("base", [MODERN, CLASSIC], ids=["modern", "classic"])
@torch.no_grad()
def test_fused_attention_equals_the_explicit_one(base: ModelConfig) -> None:
    fused = build(base)
    explicit = GPT(dataclasses.replace(base, attention="explicit")).eval()
    explicit.load_state_dict(fused.state_dict())
    tokens = random_tokens(2, 12)
    torch.testing.assert_close(fused(tokens, targets=tokens), explicit(tokens, targets=tokens))


@torch.no_grad()
def test_explicit_attention_of_one_token_returns_its_value() -> None:
    q, k, v = torch.randn(3, 1, 2, 1, 4)
    torch.testing.assert_close(explicit_attention(q, k, v, dropout=0.0), v)


@torch.no_grad()
def test_grouped_queries_with_one_query_per_group_are_multi_head_attention() -> None:
    """Against torch's own MultiheadAttention, with the same four matrices."""
    torch.manual_seed(0)
    config = dataclasses.replace(MODERN, n_kv_heads=MODERN.n_heads, position="learned")
    ours = Attention(config).eval()
    theirs = torch.nn.MultiheadAttention(16, 4, bias=False, batch_first=True).eval()
    theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
    theirs.out_proj.weight.copy_(ours.output.weight)
    x = torch.randn(2, 6, 16)
    hidden = torch.ones(6, 6, dtype=torch.bool).triu(1)
    torch.testing.assert_close(ours(x), theirs(x, x, x, attn_mask=hidden, need_weights=False)[0])


@torch.no_grad()
def test_grouped_queries_equal_multi_head_attention_with_repeated_key_and_value_rows() -> None:
    torch.manual_seed(0)
    grouped = Attention(MODERN).eval()  # four query heads, two key/value heads of four features
    full = Attention(dataclasses.replace(MODERN, n_kv_heads=4)).eval()
    full.load_state_dict(
        grouped.state_dict()
        | {
            name: grouped.state_dict()[name].view(2, 4, 16).repeat_interleave(2, dim=0).reshape(16, 16)
            for name in ("key.weight", "value.weight")
        }
    )
    x = torch.randn(2, 6, 16)
    torch.testing.assert_close(grouped(x), full(x))


@given(first=st.integers(0, 500), second=st.integers(0, 500), shift=st.integers(0, 500))
@settings(max_examples=50, deadline=None)
def test_rotated_products_depend_on_the_distance_only(first: int, second: int, shift: int) -> None:
    embedding = RotaryEmbedding(dataclasses.replace(MODERN, context_length=1001)).double()
    q, k = torch.randn(2, 1, 1, 1, 4, dtype=torch.double, generator=torch.Generator().manual_seed(1))

    def at(position: int) -> tuple[Tensor, Tensor]:
        cos, sin = embedding(torch.tensor([position]))
        return cos, sin

    def product(query_position: int, key_position: int) -> Tensor:
        return (rotate(q, *at(query_position)) * rotate(k, *at(key_position))).sum()

    torch.testing.assert_close(product(first, second), product(first + shift, second + shift), rtol=1e-4, atol=1e-4)


def test_rotation_keeps_lengths_and_position_zero_is_the_identity() -> None:
    embedding = RotaryEmbedding(MODERN)
    x = torch.randn(1, 2, 12, 4)
    turned = rotate(x, *embedding(torch.arange(12)))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    torch.testing.assert_close(turned[:, :, 0], x[:, :, 0])
    assert not torch.allclose(turned[:, :, 1], x[:, :, 1])


def test_rms_norm_equals_torch_and_is_layer_norm_on_centred_rows() -> None:
    x = torch.randn(3, 5, 16)
    torch.testing.assert_close(RMSNorm(16, 1e-5)(x), torch.nn.functional.rms_norm(x, (16,), eps=1e-5))
    centred = x - x.mean(-1, keepdim=True)
    torch.testing.assert_close(RMSNorm(16, 1e-5)(centred), torch.nn.functional.layer_norm(x, (16,)))


def test_tied_weights_share_storage_and_count_once() -> None:
    tied, free = GPT(MODERN), GPT(VARIANTS["free_head"])
    assert tied.head.weight.data_ptr() == tied.token_embedding.weight.data_ptr()
    assert free.head.weight.data_ptr() != free.token_embedding.weight.data_ptr()
    assert free.num_parameters() - tied.num_parameters() == 11 * 16


def test_parameters_add_up_as_on_paper() -> None:
    C, F, V, T, L, G = 16, 24, 11, 12, 2, 2 * 4  # G: features of the two key/value heads
    modern_block = 2 * C * C + 2 * C * G + 3 * C * F + 2 * C
    assert GPT(MODERN).num_parameters() == V * C + L * modern_block + C
    classic_block = 4 * (C * C + C) + (2 * C * F + F + C) + 2 * 2 * C
    assert GPT(CLASSIC).num_parameters() == V * C + T * C + L * classic_block + 2 * C


def test_untrained_loss_is_that_of_guessing() -> None:
    torch.manual_seed(0)
    tokens = random_tokens(50, 12)
    _, loss = GPT(MODERN)(tokens, targets=tokens.roll(1, dims=0))
    assert loss.item() == pytest.approx(math.log(11), abs=0.05)


def test_residual_projections_start_narrower_by_the_root_of_their_number() -> None:
    torch.manual_seed(0)
    model = GPT(dataclasses.replace(MODERN, d_model=128, d_ff=352, n_layers=8))
    assert model.blocks[0].attention.query.weight.std().item() == pytest.approx(0.02, rel=0.05)
    for weight in (model.blocks[7].attention.output.weight, model.blocks[7].feed_forward.down.weight):
        assert weight.std().item() == pytest.approx(0.02 / math.sqrt(16), rel=0.05)


@every_variant
def test_every_parameter_receives_a_gradient(config: ModelConfig) -> None:
    model, tokens = build(config), random_tokens(4, 12)
    _, loss = model(tokens, targets=tokens.roll(-1, dims=1))
    loss.backward()
    for name, parameter in model.named_parameters():
        if (
            not name.endswith("key.bias") and "experts" not in name
        ):  # a bias shifts all scores of a row alike: softmax does not see it
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_targets_of_minus_100_are_not_learned() -> None:
    model, tokens = build(MODERN), random_tokens(1, 12)
    targets = tokens.roll(-1, dims=1)
    hidden = targets.clone()
    hidden[:, :7] = -100
    logits, loss = model(tokens, targets=hidden)
    assert loss is not None
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(logits[0, 7:], targets[0, 7:]))


def test_sinusoids_are_those_of_the_paper() -> None:
    table = SinusoidalEmbedding(MODERN)(torch.arange(12))
    for position, feature in ((0, 0), (3, 4), (11, 15)):
        angle = position / 10_000 ** (2 * (feature // 2) / 16)
        expected = math.cos(angle) if feature % 2 else math.sin(angle)
        assert table[position, feature].item() == pytest.approx(expected, abs=1e-5)


EXPERTS = ModelConfig(d_model=8, n_heads=2, n_kv_heads=1, d_ff=16, n_experts=4, experts_per_token=2)


@torch.no_grad()
def test_experts_with_equal_weights_are_one_feed_forward_layer() -> None:
    torch.manual_seed(0)
    mixture = MixtureOfExperts(EXPERTS)
    for expert in mixture.experts:
        expert.load_state_dict(mixture.experts[0].state_dict())
    x = torch.randn(3, 5, 8)
    torch.testing.assert_close(mixture(x), mixture.experts[0](x))


@torch.no_grad()
def test_each_token_passes_through_its_best_experts_only() -> None:
    torch.manual_seed(0)
    mixture = MixtureOfExperts(EXPERTS)
    x = torch.randn(2, 3, 8)
    for token, out in zip(x.flatten(0, 1), mixture(x).flatten(0, 1), strict=True):
        best, chosen = mixture.router(token).topk(2)
        share = best.softmax(-1)
        expected = sum(share[i] * mixture.experts[int(chosen[i])](token) for i in range(2))
        torch.testing.assert_close(out, expected)


@torch.no_grad()
def test_balance_loss_is_one_for_even_use_and_grows_to_the_number_of_experts() -> None:
    mixture = MixtureOfExperts(dataclasses.replace(EXPERTS, experts_per_token=1, d_model=4, n_heads=2))
    mixture.router.weight.copy_(50 * torch.eye(4))
    mixture(torch.eye(4)[None])  # each token another expert
    assert mixture.balance_loss.item() == pytest.approx(1.0, abs=1e-4)
    mixture(torch.eye(4)[None, :1].repeat(1, 4, 1))  # all the same
    assert mixture.balance_loss.item() == pytest.approx(4.0, abs=1e-4)


def test_balance_is_learned_in_training_only() -> None:
    model, tokens = build(VARIANTS["experts"]), random_tokens(2, 12)
    _, evaluated = model(tokens, targets=tokens)
    _, trained = model.train()(tokens, targets=tokens)
    assert evaluated is not None and trained is not None
    torch.testing.assert_close(trained - evaluated, 0.01 * model.balance_loss(), rtol=1e-3, atol=1e-5)
    trained.backward()
    assert model.blocks[0].feed_forward.router.weight.grad.abs().sum() > 0


def test_more_tokens_than_the_context_are_refused() -> None:
    model = GPT(MODERN)
    with pytest.raises(ValueError, match="13 tokens exceed the context length 12"):
        model(random_tokens(1, 13))
    cache = model.new_cache(1)
    model(random_tokens(1, 12), cache=cache)
    with pytest.raises(ValueError, match="13 tokens exceed the context length 12"):
        model(random_tokens(1, 1), cache=cache)


@pytest.mark.parametrize("kernel", ["sdpa", "explicit"])
def test_dropout_acts_in_training_only(kernel: str) -> None:
    model = build(dataclasses.replace(MODERN, dropout=0.5, attention=kernel))  # type: ignore[arg-type]
    model.blocks[0].dropout.p = model.blocks[1].dropout.p = model.dropout.p = 0.0  # leaves that of the attention
    tokens = random_tokens(1, 12)
    assert torch.equal(model(tokens)[0], model(tokens)[0])
    model.train()
    assert not torch.equal(model(tokens)[0], model(tokens)[0])
