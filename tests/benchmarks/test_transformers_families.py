"""How configurations are made small and inputs are guessed for the list of transformers; no transformers needed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.accuracy.registries.transformers_families import read, write
from benchmarks.accuracy.registries.transformers_inputs import candidates
from benchmarks.accuracy.registries.transformers_settings import changed as changed_settings
from benchmarks.accuracy.registries.transformers_settings import (
    few_layers,
    few_layers_without_cache,
    small_widths,
    worded,
)


@dataclass
class Plain:
    hidden_size: int = 1024
    num_hidden_layers: int = 24
    num_attention_heads: int = 16
    vocab_size: int = 50000


@dataclass
class Mixed:
    num_hidden_layers: int = 12
    layer_types: list[str] = field(default_factory=lambda: ["linear"] * 3 + ["full"] + ["linear"] * 8)


@dataclass
class LateExperts:
    num_hidden_layers: int = 30
    first_k_dense_replace: int = 3


def test_layers_become_few_and_widths_narrow():
    assert changed_settings(Plain(), few_layers) == {"num_hidden_layers": 2}
    assert worded(changed_settings(Plain(), small_widths)) == (
        "hidden_size=128, num_attention_heads=2, num_hidden_layers=2, vocab_size=4096"
    )


def test_every_kind_of_layer_stays():
    assert changed_settings(Mixed(), few_layers) == {
        "num_hidden_layers": 4,
        "layer_types": ["linear", "linear", "linear", "full"],
    }
    assert changed_settings(LateExperts(), few_layers) == {"num_hidden_layers": 4}


@dataclass
class Open:
    hidden_size: int = 512
    num_attention_heads: int = 8
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    use_cache: bool = True


def test_what_a_default_leaves_open_is_completed_only_where_asked():
    assert changed_settings(Open(), few_layers) == {}
    assert changed_settings(Open(), few_layers, complete=True) == {"head_dim": 64, "num_key_value_heads": 8}
    assert changed_settings(Open(), few_layers_without_cache) == {"use_cache": False}


class PerLayer(Plain):
    @property
    def head_dim(self) -> int:
        raise ValueError("differs between the layers")


def test_a_setting_that_cannot_be_read_stays_as_it_is():
    assert changed_settings(PerLayer(), few_layers) == {"num_hidden_layers": 2}


class Model:
    main_input_name = "pixel_values"

    def forward(self, pixel_values: Any, grid_thw: Any, more: Any = None) -> None: ...


@dataclass
class Vision:
    image_size: int = 32
    patch_size: int = 4


def test_inputs_are_what_the_signature_demands_in_several_forms():
    found = list(candidates(Model(), Vision()))
    assert found[0] == ("pixel_values: float32[B=2, 3, 32, 32]", "grid_thw: int64([[1, 4, 8]])")
    assert ("pixel_values: float32[N=32, 48]", "grid_thw: int64([[1, 4, 8]])") in found
    assert all("grid_thw" in " ".join(inputs) for inputs in found)


def test_what_a_run_found_is_kept_by_the_next(tmp_path: Path):
    found = {
        "one": {"name": "one", "file": "m.py:A", "build": "A(B())", "inputs": ["x: int64[B=2, T=16]"]},
        "two-b": {"name": "two-b", "file": "m.py:C", "build": "C(D())", "inputs": [], "not_called": 'no "x" known'},
    }
    write(tmp_path / "list.toml", found, {"three": "few_layers: ValueError: no"})
    assert read(tmp_path / "list.toml") == (found, {"three": "few_layers: ValueError: no"})
