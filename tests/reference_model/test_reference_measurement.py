"""Validation, benchmark and quantization: what they report is what is there."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reference_model.__main__ import main
from reference_model.bench import measure_speed
from reference_model.checkpoint import load_model
from reference_model.config import ModelConfig
from reference_model.errors import UserError
from reference_model.measurement import bytes_for_backward, measure_seconds, stored_bytes, summarize
from reference_model.model import GPT
from reference_model.quantize import Int8Linear, quantize_model, round_rows
from reference_model.rounding_cost import compare
from reference_model.tokenizer import CharacterTokenizer
from reference_model.validation import Check, validate, validate_preset

CONFIG = ModelConfig(vocab_size=11, context_length=12, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24)
CPU = torch.device("cpu")


def verdicts(checks: list[Check]) -> dict[str, bool]:
    return {check.name: check.passed for check in checks}


@pytest.mark.parametrize(("preset", "parameters"), [("classic", 4_824_576), ("tiny", 748_416)])
def test_presets_are_what_the_readme_states(preset: str, parameters: int) -> None:
    checks = validate_preset(preset, parameters)
    assert [check.name for check in checks] == [
        "parameters", "forward", "shape", "finite", "range", "gradients", "memory"
    ]  # fmt: skip
    assert all(check.passed for check in checks), checks


class Broken(nn.Module):
    """Has an unused layer, a NaN, and numbers outside of its range."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(3, 2)
        self.unused = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        y = self.used(x) * 0 + 5.0 + self.used(x)
        y[0, 0] = float("nan")
        return {"ids": x.long(), "y": y}


def test_each_defect_fails_its_own_check() -> None:
    checks = validate(Broken(), (torch.randn(4, 3),), {}, (4, 3), 15, (-1.0, 1.0))
    assert verdicts(checks) == {
        "parameters": False, "forward": True, "shape": False, "finite": False, "range": False, "gradients": False,
        "memory": True,
    }  # fmt: skip
    details = {check.name: check.detail for check in checks}
    assert details["parameters"] == "16, expected 15"
    assert "unused.weight, unused.bias" in details["gradients"]


def test_an_input_that_is_refused_is_a_failed_check() -> None:
    (check,) = validate(nn.Linear(3, 2), (torch.randn(4, 5),))
    assert (check.name, check.passed) == ("forward", False)
    assert check.detail.startswith("RuntimeError: ")


def test_bytes_kept_for_the_backward_pass_are_those_of_the_saved_tensors() -> None:
    x = torch.randn(10, 10, requires_grad=True)
    assert bytes_for_backward(x.exp) == 400  # the result
    assert bytes_for_backward(lambda: x + 1) == 0
    with torch.no_grad():
        assert bytes_for_backward(x.exp) == 0


def test_stored_bytes_count_a_tied_matrix_once() -> None:
    model = GPT(CONFIG)
    buffers = sum(buffer.numel() for buffer in model.buffers())
    assert stored_bytes(model) == 4 * (model.num_parameters() + buffers)


def test_measurements_are_summarized_by_median_and_middle_half() -> None:
    measured = summarize([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (measured.median, measured.low, measured.high, measured.repeats) == (3.0, 2.0, 4.0, 5)
    calls: list[int] = []
    assert measure_seconds(lambda: calls.append(1), CPU, repeats=4, warm_up=2).repeats == 4
    assert len(calls) == 6


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_the_middle_half_lies_within_what_was_measured(values: list[float]) -> None:
    measured = summarize(values)
    assert min(values) <= measured.low <= measured.median <= measured.high <= max(values)


def test_speed_is_measured_for_a_batch() -> None:
    speed = measure_speed(GPT(CONFIG), batch_size=2, prompt_length=4, new_tokens=5, repeats=2)
    assert speed.prefill.median > 0 and speed.first_token.median > 0 and speed.peak_memory > 2**20
    assert speed.tokens_per_second.median == pytest.approx(2 / speed.per_token.median)


@pytest.mark.parametrize(("prompt", "new"), [(10, 3), (3, 1)])
def test_a_measurement_that_does_not_fit_is_refused(prompt: int, new: int) -> None:
    with pytest.raises(UserError, match="must fit into the context length 12"):
        measure_speed(GPT(CONFIG), 1, prompt, new, 1)


@given(rows=st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=3, max_size=3), min_size=1, max_size=4))
@settings(deadline=None)
def test_rounding_errs_by_at_most_half_a_step(rows: list[list[float]]) -> None:
    x = torch.tensor(rows)
    integers, scale = round_rows(x)
    assert integers.dtype == torch.int8 and int(integers.min()) >= -127
    assert bool(((integers.float() * scale - x).abs() <= 0.5001 * scale + 1e-30).all())


def test_an_int8_layer_is_exact_where_nothing_is_rounded() -> None:
    linear = nn.Linear(4, 3)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[127.0, 1, 0, -5], [-127, 3, 2, 1], [127, 127, 127, 127]]))
    x = torch.tensor([[[127.0, -20, 3, 4]], [[0, 127, -127, 1]]])  # (2, 1, 4)
    torch.testing.assert_close(Int8Linear(linear)(x), linear(x))


@pytest.mark.parametrize("tie", [True, False])
def test_every_linear_layer_but_a_tied_head_becomes_int8(tie: bool) -> None:
    torch.manual_seed(0)
    model = GPT(dataclasses.replace(CONFIG, tie_weights=tie)).eval()
    small = quantize_model(copy.deepcopy(model))
    left = [name for name, module in small.named_modules() if isinstance(module, nn.Linear)]
    assert left == (["head"] if tie else [])
    tokens = torch.arange(11)[None]
    with torch.no_grad():
        difference = (small(tokens, tokens)[0] - model(tokens, tokens)[0]).abs().max()
        spread = model(tokens, tokens)[0].std()
    assert 0 < difference < 0.1 * spread


def test_the_comparison_states_sizes_of_real_files(tmp_path: Path) -> None:
    torch.manual_seed(0)
    comparison = compare(GPT(CONFIG), CharacterTokenizer("abcdefghijk"), torch.arange(200) % 11, tmp_path, repeats=1)
    assert comparison.file_bytes == tuple((tmp_path / name).stat().st_size for name in ("float32.pt", "int8.pt"))
    assert comparison.loss[0] == pytest.approx(comparison.loss[1], rel=0.05)
    assert 0 < comparison.logit_error < 0.2


def test_an_int8_file_is_the_model_that_was_measured(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, tokenizer = GPT(CONFIG).eval(), CharacterTokenizer("abcdefghijk")
    compare(model, tokenizer, torch.arange(200) % 11, tmp_path, repeats=1)
    loaded, _ = load_model(tmp_path / "int8.pt", CPU)
    tokens = torch.arange(11)[None]
    with torch.no_grad():
        assert torch.equal(loaded.eval()(tokens)[0], quantize_model(model)(tokens)[0])
    assert any(isinstance(module, Int8Linear) for module in loaded.modules())


def test_the_commands_print_their_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "speed.svg"
    options = ["--prompt-length", "4", "--new-tokens", "3", "--repeats", "1", "--device", "cpu"]
    assert main(["bench", "--batch-sizes", "1", "2", *options, "--picture", str(picture)]) == 0
    assert picture.read_text().startswith("<?xml")
    assert main(["quantize", "--out", str(tmp_path), "--repeats", "1"]) == 0
    small = str(tmp_path / "int8.pt")
    assert main(["generate", "--checkpoint", small, "--max-new-tokens", "5", "--device", "cpu"]) == 0
    assert main(["train", "--start-from", small, "--out", str(tmp_path), "--device", "cpu"]) == 2
    printed = capsys.readouterr().out
    assert "tokens per second" in printed and "loss, nats per token" in printed
