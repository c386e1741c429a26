"""The reference GPT as torchinfo sees it, with totals of our own."""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from analyzer.records.errors import UserError
from analyzer.records.tensors import ModuleRecord, ReferenceTrace
from analyzer.shapes.tracer import reference_yardstick, trace_reference
from reference_model.config import PRESETS
from reference_model.model import GPT

traced = functools.cache(trace_reference)
every_preset = pytest.mark.parametrize("preset", list(PRESETS))


def row_of(rows: tuple[ModuleRecord, ...], path: str) -> ModuleRecord:
    return next(row for row in rows if row.path == path)


def shapes_of(row: ModuleRecord) -> list[tuple[list[str], list[str]]]:
    return [([str(spec) for spec in call.inputs], [str(spec) for spec in call.outputs]) for call in row.calls]


def evaluate_formula(formula: str, trace: ReferenceTrace) -> int:
    config = PRESETS[trace.preset]
    names = {name: int(value) for name, value in trace.configuration if value.isdigit()}
    names |= {"B": trace.batch, "T": trace.length, "head_dim": config.head_dim}
    return int(eval(formula, {"__builtins__": {}}, names))


@every_preset
def test_rows_are_the_named_modules_in_order(preset: str) -> None:
    trace = traced(preset, 2, 16)
    with torch.device("meta"):
        expected = [path for path, _ in GPT(PRESETS[preset]).named_modules()]
    for rows in (trace.training, trace.inference, trace.decode):
        assert [row.path for row in rows] == expected


def test_training_reads_all_positions_and_inference_the_last() -> None:
    trace = traced("tiny", 3, 10)
    assert shapes_of(row_of(trace.training, "head")) == [(["[3, 10, 128]"], ["[3, 10, 78]"])]
    assert shapes_of(row_of(trace.inference, "head")) == [(["[3, 1, 128]"], ["[3, 1, 78]"])]
    assert shapes_of(row_of(trace.training, "")) == [(["[3, 10]", "[3, 10]"], ["[3, 10, 78]", "[]"])]
    assert shapes_of(row_of(trace.inference, "")) == [(["[3, 10]"], ["[3, 1, 78]"])]


def test_a_decode_step_reads_one_token_through_every_layer() -> None:
    trace = traced("tiny", 3, 10)
    key = row_of(trace.decode, "blocks.3.attention.key")
    assert shapes_of(key) == [(["[3, 1, 128]"], ["[3, 1, 64]"])]
    assert shapes_of(row_of(trace.inference, "blocks.3.attention.key")) == [(["[3, 10, 128]"], ["[3, 10, 64]"])]


def test_a_full_context_leaves_no_decode_step() -> None:
    assert traced("tiny", 1, 128).decode == ()
    assert traced("tiny", 1, 127).decode != ()


def test_a_module_called_twice_has_two_calls_and_a_container_none() -> None:
    trace = traced("tiny", 1, 8)
    assert len(row_of(trace.training, "blocks.0.dropout").calls) == 2
    assert row_of(trace.training, "blocks").calls == ()


def test_dtypes_are_recorded() -> None:
    embedding = row_of(traced("tiny", 1, 8).training, "token_embedding").calls[0]
    assert (embedding.inputs[0].dtype, embedding.outputs[0].dtype) == ("int64", "float32")


def test_shapes_on_meta_are_those_of_a_real_run() -> None:
    """The trace runs without arithmetic; hooks on a CPU model must see the same."""
    model, seen = GPT(PRESETS["tiny"]), {}
    for path, module in model.named_modules():
        module.register_forward_hook(lambda _m, _i, output, path=path: seen.setdefault(path, output))
    tokens = torch.zeros(2, 9, dtype=torch.long)
    model(tokens, targets=tokens)
    rows = {row.path: row for row in traced("tiny", 2, 9).training}
    for path, output in seen.items():
        first = output[0] if isinstance(output, tuple) else output
        assert [dim.value for dim in rows[path].calls[0].outputs[0].shape] == list(first.shape), path


@every_preset
def test_own_parameters_add_up_to_the_total_and_torchinfo_counts_tied_weights_twice(preset: str) -> None:
    trace = traced(preset, 2, 16)
    config = PRESETS[preset]
    counts = trace.parameters
    assert counts.total == trace.training[0].parameters
    assert counts.total == sum(row.own_parameters for row in trace.training) - counts.tied
    assert counts.tied == config.vocab_size * config.d_model
    assert trace.torchinfo_total == counts.total + counts.tied


@pytest.mark.parametrize(
    ("preset", "batch", "length"),
    [
        *((preset, 2, 16) for preset in PRESETS),
        ("classic", 1, 1),
        ("tiny", 1, 1),
        ("classic", 3, 256),
        ("tiny", 3, 128),
    ],
)
def test_flops_and_cache_bytes_equal_their_closed_forms(preset: str, batch: int, length: int) -> None:
    trace = traced(preset, batch, length)
    assert trace.flops_forward == evaluate_formula(trace.flops_formula, trace)
    assert trace.kv_bytes_per_token == evaluate_formula(trace.kv_formula, trace)


def test_flops_include_attention_as_the_explicit_form_computes_it() -> None:
    """Two matrix products over all T x T pairs: counted for the fused kernel as for the one written out."""
    import dataclasses

    explicit = GPT(dataclasses.replace(PRESETS["tiny"], attention="explicit"))
    tokens = torch.zeros(2, 16, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        explicit(tokens, targets=tokens)
    assert counter.get_total_flops() == traced("tiny", 2, 16).flops_forward


@every_preset
def test_yardstick_is_the_summary_of_the_trace(preset: str) -> None:
    trace, yardstick = traced(preset, 2, 16), reference_yardstick(preset, 2, 16)
    assert yardstick.parameters == trace.parameters.total
    assert yardstick.flops_forward == trace.flops_forward
    assert yardstick.kv_bytes_per_token == trace.kv_bytes_per_token
    assert yardstick.activation_dtype == "float32"


def test_rope_presets_are_measured_at_any_length() -> None:
    own, longer = reference_yardstick("tiny", 1, 128), reference_yardstick("tiny", 1, 4096)
    assert (own.context_length, longer.context_length) == (128, 4096)
    assert own.parameters == longer.parameters
    assert own.kv_bytes_per_token == longer.kv_bytes_per_token
    assert longer.flops_forward > 32 * own.flops_forward  # attention grows with the square of the length


@pytest.mark.parametrize(
    ("preset", "batch", "length", "message"),
    [
        ("huge", 1, 8, "no preset 'huge': choose one of classic, tiny, small, medium"),
        ("classic", 1, 257, "the preset 'classic' learns 256 positions: length 257 is too long"),
        ("tiny", 0, 8, "both must be at least 1"),
        ("tiny", 1, 0, "both must be at least 1"),
    ],
)
def test_impossible_requests_are_refused(preset: str, batch: int, length: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        traced(preset, batch, length)


def test_the_trained_preset_carries_its_illustration_and_no_other_does() -> None:
    found = traced("tiny", 2, 16).illustration
    assert found is not None
    assert "".join(found.characters) == found.sentence
    assert len(found.token_ids) == len(found.attention) == len(found.sentence)
    assert all(sum(row) == pytest.approx(1, abs=2e-3) for row in found.attention)
    assert traced("classic", 2, 16).illustration is None


def test_importing_the_tracer_does_not_import_torch() -> None:
    code = "import sys, analyzer.shapes.tracer; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
