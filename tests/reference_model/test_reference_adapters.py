"""Laws of fine-tuning layers: they begin as the identity, train alone, and LoRA merges without a trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from reference_model.adapters import LoRALinear, add_adapters, add_lora, count_trainable, merge_lora
from reference_model.config import ModelConfig
from reference_model.errors import UserError
from reference_model.model import GPT

CONFIG = ModelConfig(vocab_size=11, context_length=12, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24)
TOKENS = torch.arange(10)[None] % 11


def add_rank_2(model: GPT) -> GPT:
    return add_lora(model, 2)


def add_width_3(model: GPT) -> GPT:
    return add_adapters(model, 3)


both = pytest.mark.parametrize("add", [add_rank_2, add_width_3])


def logits_of(model: GPT) -> torch.Tensor:
    with torch.no_grad():
        logits, _ = model.eval()(TOKENS, targets=TOKENS)
    return logits


def train_a_little(model: GPT) -> None:
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.05)
    for _ in range(5):
        _, loss = model(TOKENS[:, :-1], targets=TOKENS[:, 1:])
        assert loss is not None
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@both
def test_they_begin_as_the_identity_and_then_only_they_change(add: Callable[[GPT], GPT]) -> None:
    torch.manual_seed(0)
    model = GPT(CONFIG)
    before, weights = logits_of(model), {name: p.clone() for name, p in model.named_parameters()}
    add(model)
    torch.testing.assert_close(logits_of(model), before)
    train_a_little(model)
    assert not torch.allclose(logits_of(model), before, atol=1e-3)
    kept = [p for p in model.parameters() if not p.requires_grad]
    assert sum(p.numel() for p in kept) == sum(p.numel() for p in weights.values())
    for parameter, old in zip(kept, weights.values(), strict=True):
        assert torch.equal(parameter, old)


def test_trainable_parameters_are_those_on_paper() -> None:
    # rank 2 beside query (16 -> 16) and value (16 -> 8), in two blocks
    assert count_trainable(add_lora(GPT(CONFIG), 2)) == 2 * (2 * (16 + 16) + 2 * (16 + 8))
    # two adapters a block, each 16 -> 3 -> 16 with biases
    assert count_trainable(add_adapters(GPT(CONFIG), 3)) == 2 * 2 * (16 * 3 + 3 + 3 * 16 + 16)


def test_a_merged_model_computes_the_same_with_the_old_names() -> None:
    torch.manual_seed(0)
    model = GPT(CONFIG)
    names = list(model.state_dict())
    train_a_little(add_lora(model, 2))
    trained = logits_of(model)
    merge_lora(model)
    assert list(model.state_dict()) == names
    assert not any(isinstance(module, LoRALinear) for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())
    torch.testing.assert_close(logits_of(model), trained)


@pytest.mark.parametrize("rank", [0, 9])  # the value projection has eight rows
def test_a_rank_that_no_matrix_has_is_refused(rank: int) -> None:
    with pytest.raises(UserError, match="rank must lie between 1 and"):
        add_lora(GPT(CONFIG), rank)


def test_other_wrong_requests_are_refused() -> None:
    with pytest.raises(UserError, match="no linear layer 'gate'"):
        add_lora(GPT(CONFIG), 2, targets=("gate",))
    with pytest.raises(UserError, match="width must be at least 1"):
        add_adapters(GPT(CONFIG), 0)
