"""Experiments run and their numbers obey what is exact; tuning finds what is there to find."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from reference_model.__main__ import main
from reference_model.config import PRESETS, TRAINING_PRESETS, ModelConfig, TrainingConfig
from reference_model.errors import UserError
from reference_model.lab import attention, feed_forward, grouped_queries, norms, positions, quantization
from reference_model.lab.experiment import Outcome, describe
from reference_model.model import GPT
from reference_model.tune import find_steepest, measure_footprint, range_test, sweep

SMALL = ModelConfig(vocab_size=11, context_length=8, d_model=16, n_layers=1, n_heads=2, n_kv_heads=1, d_ff=16)
TOKENS = torch.arange(400) % 11
SHORT = TrainingConfig(batch_size=4, eval_batches=2, weight_decay=0.0)


def column(outcome: Outcome, name: str) -> list[float]:
    return [row[outcome.columns.index(name)] for row in outcome.rows]


def test_attention_by_hand_is_torchs_and_scaling_tames_the_scores() -> None:
    outcome = attention.run(1, 1)
    rows = {row[0]: row for row in outcome.rows}
    assert rows["difference to torch's fused kernel"][-1] < 1e-5
    assert rows["scores = q k^T"][2] == pytest.approx(8 * rows["scaled = scores / sqrt(D)"][2])
    assert rows["the same without scaling"][-1] > rows["largest weight in the last row, scaled"][-1]


def test_positions_are_measured_at_every_length() -> None:
    outcome = positions.run(2, 1)
    assert [row[0] for row in outcome.rows] == ["learned", "sinusoidal", "rope"]
    assert all(0 < value < 10 for row in outcome.rows for value in row[1:-1])


def test_the_cache_shrinks_with_its_heads_and_parameters_by_two_projections() -> None:
    outcome = grouped_queries.run(1, 1)
    cache, parameters = column(outcome, "cache bytes per sequence"), column(outcome, "attention parameters")
    assert [size * heads for size, heads in zip(cache, (1, 2, 4, 8), strict=True)] == [cache[0]] * 4
    assert parameters[0] - parameters[3] == 4 * 2 * 128 * (8 - 1) * 16  # layers, key and value, C, heads, D
    assert cache[0] == 4 * 2 * 8 * 16 * 256 * 4


def test_feed_forward_layers_have_equal_parameters() -> None:
    outcome = feed_forward.run(1, 1)
    assert len(set(column(outcome, "parameters"))) == 1


def test_norms_and_quantization_report_what_is_exact() -> None:
    assert column(norms.run(1, 1), "parameters") == [1024, 512, 512]
    errors = column(quantization.run(1, 1), "relative error of the weights")
    assert errors == sorted(errors)
    assert errors[0] < 0.01  # eight bits
    assert errors[3] > 0.1  # four bits


def test_an_outcome_is_printed_with_its_reach() -> None:
    text = describe(Outcome("T", ("name", "n"), (("a", 1234), ("b", 0.25)), "x.", "y.", ()))
    assert text.splitlines() == [
        "T",
        "",
        "name      n",
        "   a  1,234",
        "   b   0.25",
        "",
        "Shows: x.",
        "Does not show: y.",
    ]


def test_a_range_test_leaves_the_model_and_ends_where_it_diverges() -> None:
    torch.manual_seed(0)
    model = GPT(SMALL)
    before = model.head.weight.clone()
    test = range_test(model, TOKENS, SHORT, steps=40, low=1e-4, high=1e3)
    assert torch.equal(model.head.weight, before)
    assert list(test.rates) == sorted(test.rates) and test.rates[0] == pytest.approx(1e-4)
    assert test.diverged is not None and test.steepest < test.diverged <= 1e3
    assert find_steepest([1, 2, 3, 4], [5.0, 4.9, 3.0, 2.9]) == 3


def test_a_sweep_orders_learning_rates_by_what_they_reach() -> None:
    torch.manual_seed(0)
    trials = sweep(GPT(SMALL), TOKENS, TOKENS, SHORT, [1e-6, 1e-2], 30)
    assert [trial.learning_rate for trial in trials] == [1e-2, 1e-6]
    assert trials[0].validation_loss < trials[1].validation_loss
    assert trials[1].validation_loss == pytest.approx(math.log(11), abs=0.1)


def test_activations_grow_with_the_batch_and_weights_do_not() -> None:
    one, four = (measure_footprint(SMALL, size, 8, torch.device("cpu"), 1) for size in (1, 4))
    assert one.weights == four.weights
    assert 3.5 < four.activations / one.activations <= 4.0
    assert four.tokens_per_second == pytest.approx(32 / four.seconds.median)


@pytest.mark.parametrize("arguments", [(2, 1e-5, 1.0), (10, 1.0, 1e-5)])
def test_an_impossible_range_is_refused(arguments: tuple[int, float, float]) -> None:
    with pytest.raises(UserError, match="a range test needs"):
        range_test(GPT(SMALL), TOKENS, SHORT, *arguments)


def test_the_commands_print_and_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", SMALL)
    monkeypatch.setitem(TRAINING_PRESETS, "tiny", SHORT)
    out = ["--out", str(tmp_path)]
    assert main(["lab", "attention", *out]) == 0
    assert main(["tune", "learning-rate", "--steps", "3", "--device", "cpu", *out]) == 0
    sizes = ["--batch-sizes", "1", "--lengths", "8", "--repeats", "1"]
    assert main(["tune", "memory", *sizes, "--device", "cpu", *out]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"attention.svg", "learning_rate.svg", "memory.svg"}
    printed = capsys.readouterr().out
    assert "Does not show: " in printed and "falls fastest at" in printed and "activations MiB" in printed
    assert main(["lab", "attention", "--seeds", "0"]) == 2
