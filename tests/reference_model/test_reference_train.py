"""Laws of training: the schedule, the groups, accumulation, clipping, and that the loss falls."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from reference_model import train as train_module
from reference_model.checkpoint import Run, export_model, load_model
from reference_model.config import ModelConfig, TrainingConfig
from reference_model.data import split
from reference_model.errors import UserError
from reference_model.model import GPT
from reference_model.schedule import learning_rate_at
from reference_model.train import (
    choose_device,
    evaluate,
    parameter_groups,
    resume_run,
    start_run,
    train,
    training_step,
)

CPU = torch.device("cpu")
TEXT = "the quick brown fox jumps over the lazy dog. " * 60
SMALL = ModelConfig(context_length=16, d_model=32, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=64, dropout=0.1)
SHORT = TrainingConfig(
    steps=30, batch_size=8, learning_rate=1e-2, min_learning_rate=1e-3, warmup_steps=3,
    eval_interval=10, eval_batches=4, checkpoint_interval=10, seed=3,
)  # fmt: skip


def begin(config: TrainingConfig = SHORT, model: ModelConfig = SMALL) -> tuple[Run, torch.Tensor, torch.Tensor]:
    run = start_run(model, config, "a test", TEXT, CPU)
    training, validation = split(torch.tensor(run.tokenizer.encode(TEXT)), 0.1, model.context_length)
    return run, training, validation


def test_loss_falls_in_a_few_steps(tmp_path: Path) -> None:
    history = train(*begin(), tmp_path)
    assert [metrics.step for metrics in history] == [0, 10, 20, 30]
    assert history[-1].training_loss < 0.6 * history[0].training_loss
    assert history[-1].validation_loss < 0.6 * history[0].validation_loss


def read_metrics(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_metrics_are_one_json_object_per_line_and_a_new_run_replaces_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 0}\n{"step": 70}\n{"st')
    history = train(*begin(), tmp_path)
    assert read_metrics(tmp_path) == [dataclasses.asdict(metrics) for metrics in history]


def test_equal_seeds_give_equal_weights_and_others_do_not(tmp_path: Path) -> None:
    weights = []
    for seed in (3, 3, 4):
        run, training, validation = begin(dataclasses.replace(SHORT, seed=seed))
        train(run, training, validation, tmp_path)
        weights.append(run.model.state_dict())
    first, again, other = weights
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


class Interrupted(Exception):
    pass


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir(), broken.mkdir()
    expected, training, validation = begin()
    history = train(expected, training, validation, whole)

    run, _, _ = begin()
    step = training_step

    def stops_at_17(run: Run, tokens: torch.Tensor, device: torch.device, network: nn.Module) -> float:
        if run.step == 17:
            raise Interrupted
        return step(run, tokens, device, network)

    monkeypatch.setattr(train_module, "training_step", stops_at_17)
    with pytest.raises(Interrupted):
        train(run, training, validation, broken)
    monkeypatch.undo()
    torch.manual_seed(999)  # another process would start anywhere

    resumed = resume_run(broken / "checkpoint.pt", CPU)
    assert resumed.step == 10
    history_of_rest = train(resumed, training, validation, broken)
    for name, weight in expected.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name
    assert [m.validation_loss for m in history_of_rest] == [m.validation_loss for m in history[1:]]
    assert [m["step"] for m in read_metrics(broken)] == [m["step"] for m in read_metrics(whole)] == [0, 10, 20, 30]


def test_an_exported_model_generates_and_is_not_resumed(tmp_path: Path) -> None:
    run, _, _ = begin()
    export_model(tmp_path / "model.pt", run.model, run.tokenizer)
    model, _ = load_model(tmp_path / "model.pt", CPU)
    for ours, theirs in zip(model.parameters(), run.model.parameters(), strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)  # half precision keeps eleven bits
    with pytest.raises(UserError, match="it can generate, not resume"):
        resume_run(tmp_path / "model.pt", CPU)


@pytest.mark.parametrize("tie", [True, False])
def test_decay_groups_partition_the_parameters_exactly(tie: bool) -> None:
    model = GPT(dataclasses.replace(SMALL, tie_weights=tie, bias=True, norm="layer_norm"))
    decayed, spared = parameter_groups(model, 0.1)
    grouped = [id(parameter) for group in (decayed, spared) for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters())
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert all(names[id(p)].endswith("weight") and "norm" not in names[id(p)] for p in decayed["params"])
    assert all(names[id(p)].endswith("bias") or "norm" in names[id(p)] for p in spared["params"])


def test_frozen_parameters_are_in_no_group() -> None:
    model = GPT(SMALL)
    model.token_embedding.weight.requires_grad_(False)
    decayed, spared = parameter_groups(model, 0.1)
    assert all(p is not model.token_embedding.weight for p in [*decayed["params"], *spared["params"]])


def test_learning_rate_rises_to_the_peak_and_falls_to_the_minimum() -> None:
    rates = [learning_rate_at(step, SHORT) for step in range(SHORT.steps + 1)]
    assert rates[0] == pytest.approx(1e-2 / 3)
    assert max(rates) == pytest.approx(1e-2)
    assert rates[2] == pytest.approx(1e-2)
    assert rates[:3] == sorted(rates[:3])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] == pytest.approx(1e-3)
    assert learning_rate_at(SHORT.steps + 1000, SHORT) == pytest.approx(1e-3)


def test_warm_up_of_no_steps_starts_at_the_peak() -> None:
    assert learning_rate_at(0, dataclasses.replace(SHORT, warmup_steps=0)) == pytest.approx(1e-2)


def test_accumulated_batches_give_the_gradient_of_one_large_batch() -> None:
    free = dataclasses.replace(SMALL, dropout=0.0)
    gradients = []
    for batch_size, accumulation in ((8, 1), (2, 4)):
        run, training, _ = begin(dataclasses.replace(SHORT, batch_size=batch_size, accumulation=accumulation), free)
        training_step(run, training, CPU)
        gradients.append([parameter.grad for parameter in run.model.parameters()])
    for whole, summed in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, summed)


def test_gradients_are_clipped_to_the_norm() -> None:
    run, training, _ = begin(dataclasses.replace(SHORT, clip_norm=0.01))
    before = training_step(run, training, CPU)
    after = nn.utils.get_total_norm([p.grad for p in run.model.parameters() if p.grad is not None])
    assert before > 0.01
    assert after.item() == pytest.approx(0.01, rel=1e-3)


def test_evaluation_repeats_itself_and_leaves_training_mode_and_random_state() -> None:
    run, training, _ = begin()
    run.model.train()
    state = torch.get_rng_state()
    losses = {evaluate(run.model, training, SHORT, CPU) for _ in range(2)}
    assert len(losses) == 1
    assert run.model.training
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("broken", ["loss", "gradient norm"])
def test_what_is_not_finite_stops_the_run_before_the_weights_change(broken: str) -> None:
    run, training, _ = begin()
    if broken == "loss":
        run.model.final_norm.weight.data.fill_(float("nan"))
    else:
        run.model.final_norm.weight.register_hook(lambda gradient: gradient * float("inf"))
    before = run.model.blocks[0].attention.query.weight.clone()
    with pytest.raises(UserError, match=f"step 0: the {broken} is (nan|inf)"):
        training_step(run, training, CPU)
    assert torch.equal(before, run.model.blocks[0].attention.query.weight)


def test_a_device_that_is_not_there_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="device 'toaster' cannot be used"):
        choose_device("toaster")
    assert choose_device("cpu") == CPU
