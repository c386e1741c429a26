"""Closed forms of parameter counts agree with torch's own modules, built from what the modules say of themselves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from analyzer.document.closed_forms import closed_form

MODULES = [
    nn.Linear(7, 5),
    nn.Linear(7, 5, bias=False),
    nn.Embedding(11, 3),
    nn.Embedding(11, 3, padding_idx=0),
    nn.LayerNorm(6),
    nn.LayerNorm(6, bias=False),
    nn.LayerNorm((2, 3), elementwise_affine=False),
    nn.RMSNorm(6),
    nn.BatchNorm2d(4),
    nn.BatchNorm1d(4, affine=False),
    nn.Conv1d(3, 6, 5),
    nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False),
    nn.Conv2d(8, 8, (3, 1), groups=4),
    nn.Conv3d(2, 4, 3, padding_mode="circular"),
]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_form_equals_the_count_of_the_module(module: nn.Module) -> None:
    form = closed_form(type(module).__name__, module.extra_repr())
    assert form is not None
    assert form.value == sum(parameter.numel() for parameter in module.parameters())
    assert eval(form.numeric, {}) == pytest.approx(form.value)


@pytest.mark.parametrize(("name", "detail"), [("Linear", "no sizes"), ("Swish", ""), ("Conv2d", "")])
def test_unknown_class_or_unreadable_description_has_no_form(name: str, detail: str) -> None:
    assert closed_form(name, detail) is None


def test_torch_is_the_version_whose_descriptions_are_read() -> None:
    assert "elementwise_affine" in nn.LayerNorm(2).extra_repr(), torch.__version__
