"""Stand-ins: which one is used when, what they leave unknown, and that they are what the real packages are."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from analyzer.evaluator import CannotEvaluate


def assumed(interpreter: Any) -> set[str]:
    return {text for kind, text, _ in interpreter.recording.assumptions if kind == "stand_in"}


def test_a_result_that_rests_on_a_stand_in_says_so(repository) -> None:
    interpreter = repository("from fairscale.nn.model_parallel.layers import ColumnParallelLinear\n")
    layer = interpreter.build("model.py", "ColumnParallelLinear(4, 6)")
    assert sum(p.numel() for p in layer.parameters()) == 30
    assert assumed(interpreter) == {"fairscale"}


def test_code_that_can_do_without_an_accelerator_package_does(repository) -> None:
    text = """
    import torch.nn as nn
    try:
        from apex.normalization import FusedLayerNorm as Norm
    except ImportError:
        Norm = nn.LayerNorm
    try:
        from flash_attn import flash_attn_func
    except ImportError:
        flash_attn_func = None
    """
    interpreter = repository("\n".join(line[4:] for line in text.splitlines()))
    assert type(interpreter.build("model.py", "Norm(4)")) is torch.nn.LayerNorm
    assert interpreter.evaluate("model.py", "flash_attn_func") is None
    assert assumed(interpreter) == set()


def test_what_a_stand_in_does_not_model_is_unknown_by_its_name(repository) -> None:
    interpreter = repository("import timm\nfrom timm.layers import NoSuchLayerHere\n")
    for expression in ("NoSuchLayerHere(3)", "timm.layers.NoSuchLayerHere", "timm.no_such_function()"):
        with pytest.raises(CannotEvaluate) as stop:
            interpreter.evaluate("model.py", expression)
        assert stop.value.reason == "not_modelled"
    with pytest.raises(CannotEvaluate, match=r"timm\.layers\.NoSuchLayerHere"):
        interpreter.evaluate("model.py", "NoSuchLayerHere")


def test_a_kernel_has_sizes_and_no_contents(repository) -> None:
    text = """
import torch
import triton
import triton.language as tl
from flash_attn import flash_attn_varlen_func

@triton.jit
def double(x, out, n, BLOCK: tl.constexpr):
    tl.store(out, tl.load(x) * 2)

def run(x):
    out = torch.zeros_like(x)
    double[(triton.cdiv(x.numel(), 16),)](x, out, x.numel(), BLOCK=16)
    return out

def packed(q, k, v):
    at = torch.tensor([0, 2, 5])
    return flash_attn_varlen_func(q, k, v, at, at, 3, 3)
"""
    interpreter = repository(text)
    assert tuple(interpreter.evaluate("model.py", "run(torch.ones(3, 4))").shape) == (3, 4)
    with pytest.raises(CannotEvaluate, match="depends_on_data"):
        interpreter.evaluate("model.py", "run(torch.ones(1)).item()")
    packed = "packed(torch.zeros(5, 4, 8), torch.zeros(5, 2, 8), torch.zeros(5, 2, 6))"
    assert tuple(interpreter.evaluate("model.py", packed).shape) == (5, 4, 6)
