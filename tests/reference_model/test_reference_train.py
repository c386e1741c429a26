"""Laws of training: the schedule, the groups, accumulation, clipping, and that the loss falls."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from reference_model import train as train_module
from reference_model.checkpoint import Run, export_model, load_model, save_checkpoint
from reference_model.compilation import add_one
from reference_model.config import ModelConfig, Schedule, TrainingConfig
from reference_model.data import split
from reference_model.distributed import Team
from reference_model.errors import UserError
from reference_model.figures import draw_training
from reference_model.health import dead_share, record_dead_units
from reference_model.model import GPT
from reference_model.precision import choose_precision
from reference_model.schedule import learning_rate_at
from reference_model.tokenizer import CharacterTokenizer
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
    run = start_run(model, config, "a test", CharacterTokenizer.from_text(TEXT), CPU)
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


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [  # at the end of the warm-up, in the middle of the rest, at the end
        ("constant", (1e-2, 1e-2, 1e-2)),
        ("linear", (1e-2, (1e-2 + 1e-3) / 2, 1e-3)),
        ("cosine", (1e-2, (1e-2 + 1e-3) / 2, 1e-3)),
        ("restarts", (1e-2, 1e-2, 1e-3)),  # two cycles: the second starts in the middle
    ],
)
def test_each_schedule_goes_down_its_own_way(schedule: Schedule, expected: tuple[float, float, float]) -> None:
    config = dataclasses.replace(SHORT, steps=43, warmup_steps=3, schedule=schedule, restarts=2)
    rates = [learning_rate_at(step, config) for step in (3, 23, 43)]
    assert rates == pytest.approx(list(expected))
    assert learning_rate_at(0, config) == pytest.approx(1e-2 / 3)
    if schedule == "restarts":
        assert learning_rate_at(22, config) < 1.1e-3
        assert learning_rate_at(24, config) > 9e-3


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


def test_products_are_half_as_wide_where_it_is_asked_and_weights_stay_whole(tmp_path: Path) -> None:
    seen = []
    run, training, validation = begin(dataclasses.replace(SHORT, steps=2, precision="bfloat16"))
    run.model.blocks[0].attention.query.register_forward_hook(lambda *call: seen.append(call[-1].dtype))
    history = train(run, training, validation, tmp_path)
    assert set(seen) == {torch.bfloat16}
    assert {parameter.dtype for parameter in run.model.parameters()} == {torch.float32}
    whole = train(*begin(dataclasses.replace(SHORT, steps=2)), tmp_path)
    assert history[-1].validation_loss == pytest.approx(whole[-1].validation_loss, rel=0.02)
    assert history[-1].validation_loss != whole[-1].validation_loss


HALF = dataclasses.replace(SHORT, precision="float16")


def test_float16_scales_the_loss_and_finds_what_float32_finds(tmp_path: Path) -> None:
    history = train(*begin(HALF), tmp_path)
    whole = train(*begin(), tmp_path)
    assert [metrics.loss_scale for metrics in history] == [2.0**16] * 4
    assert [metrics.loss_scale for metrics in whole] == [1.0] * 4
    assert history[-1].validation_loss == pytest.approx(whole[-1].validation_loss, rel=0.1)
    assert history[-1].gradient_norm < 100  # told without the scale


def test_a_step_that_overflows_float16_is_left_out_and_the_scale_halved() -> None:
    run, training, _ = begin(HALF)
    run.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**60)
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    training_step(run, training, CPU)
    assert all(torch.equal(before[name], weight) for name, weight in run.model.state_dict().items())
    assert run.scaler.get_scale() == 2.0**59
    run.scaler = torch.amp.GradScaler("cpu", init_scale=0.75)
    with pytest.raises(UserError, match="overflow float16 at every loss scale"):
        training_step(run, training, CPU)


def test_a_resumed_float16_run_goes_on_with_its_scale(tmp_path: Path) -> None:
    config = dataclasses.replace(HALF, steps=4, checkpoint_interval=2)
    whole, training, validation = begin(config)
    whole.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=3)
    train(whole, training, validation, tmp_path)
    run, _, _ = begin(dataclasses.replace(config, steps=2, schedule="constant"))
    run.config = config
    run.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=3)
    for _ in range(2):
        training_step(run, training, CPU)
    save_checkpoint(tmp_path / "half.pt", run)
    resumed = resume_run(tmp_path / "half.pt", CPU)
    assert resumed.scaler.get_scale() == 2.0**10
    train(resumed, training, validation, tmp_path)
    assert resumed.scaler.get_scale() == whole.scaler.get_scale() == 2.0**11
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_precision_follows_the_device_unless_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_precision(SHORT, CPU) == torch.float32
    assert choose_precision(dataclasses.replace(SHORT, precision="bfloat16"), CPU) == torch.bfloat16
    for able, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda able=able: able)
        assert choose_precision(SHORT, torch.device("cuda")) == expected


def test_compiling_is_asked_of_torch_only_where_it_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(torch, "compile", lambda network: calls.append(network) or network)
    for wanted in (False, True):
        run, training, validation = begin(dataclasses.replace(SHORT, steps=1, compile=wanted))
        train(run, training, validation, tmp_path)
    assert calls == [add_one, run.model]


def test_a_machine_that_cannot_compile_says_so_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(network: object) -> object:
        raise RuntimeError("No working C++ compiler found\nand much more")

    monkeypatch.setattr(torch, "compile", refuse)
    with pytest.raises(UserError, match=r"cannot compile for cpu .* \(No working C\+\+ compiler found\); a CPU needs"):
        train(*begin(dataclasses.replace(SHORT, compile=True)), tmp_path)
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_compiled_run_finds_what_an_eager_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs are captured and differentiated as always, and then run by torch: a C++ compiler takes a minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    model = dataclasses.replace(SMALL, n_layers=1, dropout=0.0)
    config = dataclasses.replace(SHORT, steps=3, eval_interval=3, eval_batches=1)
    eager, compiled = (
        train(*begin(dataclasses.replace(config, compile=wanted), model), tmp_path)[-1] for wanted in (False, True)
    )
    assert compiled.training_loss == pytest.approx(eager.training_loss, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": "steep"}, "schedule must be one of constant, linear, cosine, restarts, not 'steep'"),
        ({"precision": "float8"}, "precision must be one of auto, float32, bfloat16, float16, not 'float8'"),
        ({"restarts": 0}, "restarts must be at least 1"),
    ],
)
def test_unknown_ways_to_train_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(SHORT, **change)


def test_health_is_measured_part_by_part(tmp_path: Path) -> None:
    run, training, validation = begin(dataclasses.replace(SHORT, steps=3, eval_interval=3))
    first, last = train(run, training, validation, tmp_path)
    assert first.gradient_norms == {} and first.tokens_per_second == 0
    assert list(last.gradient_norms) == ["token_embedding", "blocks.0", "blocks.1", "final_norm"]  # the head is tied
    together = sum(norm**2 for norm in last.gradient_norms.values()) ** 0.5
    assert together == pytest.approx(min(last.gradient_norm, SHORT.clip_norm), rel=1e-3)
    expected = sum(float(p.detach().pow(2).sum()) for p in run.model.parameters()) ** 0.5
    assert last.weight_norm == pytest.approx(expected)
    assert last.tokens_per_second > 0


def test_units_that_never_fire_are_counted() -> None:
    model = GPT(dataclasses.replace(SMALL, activation="relu", bias=True, vocab_size=5))
    with torch.no_grad():
        model.blocks[0].feed_forward.up.bias.fill_(10.0)  # all fire
        model.blocks[1].feed_forward.up.bias[:16] = -10.0  # a quarter of 64 is silent for any input this small
        model.blocks[1].feed_forward.up.bias[16:] = 10.0
        with record_dead_units(model) as dead:
            for _ in range(2):
                model(torch.arange(5)[None])
    assert [int(quiet.sum()) for quiet in dead.values()] == [0, 16]
    assert dead_share(dead) == pytest.approx(16 / 128)
    model(torch.arange(5)[None])  # hooks are gone: nothing is added
    assert [int(quiet.sum()) for quiet in dead.values()] == [0, 16]


def test_fine_tuning_starts_from_a_checkpoint_and_resumes_with_its_rank(tmp_path: Path) -> None:
    base, training, validation = begin(dataclasses.replace(SHORT, steps=10))
    train(base, training, validation, tmp_path)
    (tmp_path / "tuned").mkdir()
    config = dataclasses.replace(SHORT, steps=4, checkpoint_interval=2, lora_rank=2)
    tuned = resume_run(tmp_path / "checkpoint.pt", CPU, Team(), config, "a test")
    assert {name.rpartition(".")[2] for name, p in tuned.model.named_parameters() if p.requires_grad} == {"up", "down"}
    train(tuned, training, validation, tmp_path / "tuned")
    resumed = resume_run(tmp_path / "tuned" / "checkpoint.pt", CPU)
    for name, weight in tuned.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name
    merged, _ = load_model(tmp_path / "tuned" / "checkpoint.pt", CPU)
    assert list(merged.state_dict()) == list(base.model.state_dict())
    x = training[None, :16]
    torch.testing.assert_close(merged.eval()(x), tuned.model.eval()(x))


def test_a_new_run_has_no_weights_for_a_low_rank_update() -> None:
    with pytest.raises(UserError, match="--start-from"):
        begin(dataclasses.replace(SHORT, lora_rank=2))


def test_the_picture_of_a_run_is_drawn_from_its_metrics(tmp_path: Path) -> None:
    train(*begin(dataclasses.replace(SHORT, steps=2, eval_interval=1)), tmp_path)
    text = draw_training(tmp_path / "metrics.jsonl", tmp_path / "below" / "training.svg").read_text()
    assert text.startswith("<?xml")
    assert all(f"<!-- {words} -->" in text for words in ("Loss", "Learning rate", "validation loss"))
