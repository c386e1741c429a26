"""Presets are buildable, and sizes that cannot work are refused in one line."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from reference_model.config import PRESETS, TRAINING_PRESETS, ModelConfig, TrainingConfig
from reference_model.data import ASSETS, load_text
from reference_model.errors import UserError
from reference_model.model import GPT


def test_every_model_preset_has_a_training_preset() -> None:
    assert list(PRESETS) == list(TRAINING_PRESETS) == ["classic", "tiny", "small", "medium"]


def test_defaults_are_the_tiny_preset() -> None:
    assert PRESETS["tiny"] == ModelConfig()
    assert TRAINING_PRESETS["tiny"] == TrainingConfig()


def test_default_vocabulary_is_that_of_the_bundled_corpus() -> None:
    characters = len(set(load_text("opticks")))
    assert {PRESETS[name].vocab_size for name in ("classic", "tiny", "small")} == {characters}


def test_classic_has_the_sizes_and_the_dialect_of_its_seed() -> None:
    classic = PRESETS["classic"]
    assert (classic.d_model, classic.n_heads, classic.n_layers, classic.context_length) == (256, 8, 6, 256)
    assert (classic.head_dim, classic.n_kv_heads, classic.d_ff) == (32, 8, 4 * 256)
    assert (classic.position, classic.norm, classic.activation) == ("learned", "layer_norm", "relu")
    assert classic.tie_weights


@pytest.mark.parametrize("preset", ["tiny", "small", "medium"])
def test_modern_presets_speak_the_modern_dialect(preset: str) -> None:
    config = PRESETS[preset]
    assert (config.position, config.norm, config.activation) == ("rope", "rms_norm", "swiglu")
    assert 1 < config.n_kv_heads < config.n_heads
    # A gate adds a third matrix: 8/3 of d_model keeps the cost of two matrices of 4 * d_model, rounded up to 32.
    assert 0 <= config.d_ff - 8 / 3 * config.d_model < 32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_heads": 5}, "d_model 128 is not a multiple of n_heads 5"),
        ({"n_kv_heads": 3}, "n_heads 4 is not a multiple of n_kv_heads 3"),
        ({"d_model": 36, "n_heads": 4}, "head_dim is 9"),
        ({"position": "sinusoidal", "d_model": 15, "n_heads": 5, "n_kv_heads": 1}, "d_model is 15"),
        ({"n_experts": 0}, "n_experts must be at least 1, not 0"),
        ({"n_experts": 4, "experts_per_token": 5}, "experts_per_token must lie between 1 and 4, not 5"),
        ({"vocab_size": 0}, "vocab_size must be at least 1, not 0"),
        ({"context_length": 0}, "context_length must be at least 1, not 0"),
    ],
)
def test_impossible_model_sizes_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(ModelConfig(), **change)


def test_impossible_training_sizes_are_refused() -> None:
    with pytest.raises(UserError, match="batch_size must be at least 1, not 0"):
        TrainingConfig(batch_size=0)


def test_the_table_of_the_readme_states_the_sizes_of_the_presets() -> None:
    readme = (ASSETS.parent / "README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in readme.splitlines() if line.startswith("| `")]
    stated = {row[0].strip("`"): (row[5], row[6], row[7]) for row in rows}
    with torch.device("meta"):
        built = {
            name: (f"{c.d_model} × {c.n_layers}", f"{c.context_length}", f"{GPT(c).num_parameters():,}")
            for name, c in PRESETS.items()
        }
    assert stated == built
