"""Values left to the library are listed with the library's own default, and set ones are not."""

from __future__ import annotations

import importlib
import inspect

import pytest
import torch

from analyzer.techniques.findings.library_defaults import DEFAULTS, INITIALISERS, POSITIONS, TORCH_VERSION
from analyzer.techniques.findings.unspecified import find_unspecified
from tests.techniques.sources import program_of


def resolve(dotted: str) -> object:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_defaults_are_those_of_the_installed_torch(name: str) -> None:
    parameters = inspect.signature(resolve(name)).parameters  # type: ignore[arg-type]
    assert {p: repr(parameters[p].default) for p, _ in DEFAULTS[name]} == dict(DEFAULTS[name])


@pytest.mark.parametrize("name", sorted(POSITIONS))
def test_positions_are_those_of_the_installed_torch(name: str) -> None:
    names = list(inspect.signature(resolve(name)).parameters)  # type: ignore[arg-type]
    assert tuple(names[: len(POSITIONS[name])]) == POSITIONS[name]


@pytest.mark.parametrize("name", sorted(INITIALISERS))
def test_initialisers_are_what_the_layer_calls(name: str) -> None:
    layer = resolve(name)
    called = INITIALISERS[name].partition("(")[0]
    bases = [base for base in layer.__mro__ if "reset_parameters" in vars(base)]  # type: ignore[attr-defined]
    assert f"init.{called}(" in inspect.getsource(bases[0].reset_parameters)


def test_the_version_is_that_of_the_installed_torch() -> None:
    assert torch.__version__.startswith(TORCH_VERSION + ".")


CASES = [
    ("opt = torch.optim.AdamW(m.parameters(), lr=1e-3)", {"AdamW.betas", "AdamW.eps", "AdamW.weight_decay"}),
    ("opt = torch.optim.AdamW(m.parameters(), 1e-3, (0.9, 0.95), 1e-8, 0.1)", set()),
    (
        "opt = torch.optim.AdamW([{'params': m.parameters(), 'weight_decay': 0.1}], lr=1e-3)",
        {"AdamW.betas", "AdamW.eps"},
    ),
    ("opt = torch.optim.AdamW(m.parameters(), **options)", set()),
    (
        "more = dict(fused=True)\nopt = torch.optim.SGD(m.parameters(), lr=1, momentum=0.9, **more)",
        {"SGD.weight_decay"},
    ),
    ("n = nn.LayerNorm(8)", {"LayerNorm.eps"}),
    ("n = nn.LayerNorm(8, 1e-6)", set()),
    ("f = nn.Linear(8, 8)", {"Linear.weight"}),
    ("f = nn.Linear(8, 8)\nnn.init.normal_(f.weight)", set()),
]


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_only_what_the_call_leaves_open_is_listed(source: str, expected: set[str]) -> None:
    program = program_of("def build(m, options):\n" + "".join(f"    {line}\n" for line in source.split("\n")))
    assert {row.parameter for row in find_unspecified(program, frozenset())} == expected
