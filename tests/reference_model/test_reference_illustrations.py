"""What is committed about one training run still follows from the committed weights and this code."""

from __future__ import annotations

import json

import pytest
import torch

from reference_model.checkpoint import load_model
from reference_model.config import PRESETS, ModelConfig
from reference_model.data import ASSETS
from reference_model.illustrations import SENTENCE, build_illustrations, record_attention
from reference_model.model import GPT, Attention


def test_committed_illustrations_follow_from_the_committed_weights() -> None:
    model, tokenizer = load_model(ASSETS / "tiny.pt", torch.device("cpu"))
    committed = json.loads((ASSETS / "illustrations.json").read_text(encoding="utf-8"))
    built = build_illustrations(model, tokenizer, SENTENCE)
    assert model.config == PRESETS["tiny"]
    for key in ("preset", "command", "sentence", "characters", "token_ids"):
        assert committed[key] == built[key], key
    torch.testing.assert_close(
        torch.tensor(committed["attention"]), torch.tensor(built["attention"]), rtol=0, atol=2e-3
    )
    for ours, theirs in zip(built["next"], committed["next"], strict=True):
        assert ours["probability"] == pytest.approx(theirs["probability"], abs=2e-3)


def test_attention_of_the_committed_run_is_causal_and_adds_up() -> None:
    weights = torch.tensor(json.loads((ASSETS / "illustrations.json").read_text(encoding="utf-8"))["attention"])
    length = len(SENTENCE)
    assert weights.shape == (4, 4, length, length)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 4, length), rtol=0, atol=2e-3)
    assert weights.triu(1).abs().sum() == 0


def test_the_committed_loss_curve_falls_to_less_than_half() -> None:
    lines = (ASSETS / "tiny_metrics.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [json.loads(line)["validation_loss"] for line in lines]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("position", ["rope", "learned"])
def test_recorded_weights_are_those_that_attention_uses(position: str) -> None:
    """Weights times values, through the output projection, must give what the module returned."""
    torch.manual_seed(0)
    model = GPT(ModelConfig(d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=16, position=position))  # type: ignore[arg-type]
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    seen: list[tuple[Attention, torch.Tensor, torch.Tensor]] = []
    for block in model.blocks:
        block.attention.register_forward_hook(lambda module, args, output: seen.append((module, args[0], output)))
    recorded = record_attention(model, torch.arange(9)[None])
    for weights, (module, x, output) in zip(recorded, seen, strict=True):
        v = module.value(x).view(9, 2, 4).transpose(0, 1).repeat_interleave(2, dim=0)  # (H, T, D)
        torch.testing.assert_close(module.output((weights @ v).transpose(0, 1).reshape(1, 9, 16)), output)
