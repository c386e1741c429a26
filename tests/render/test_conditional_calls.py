"""Calls that happen only on some data: their conditions and open sizes reach the JSON."""

from __future__ import annotations

from analyzer.records.source import Span
from analyzer.records.tensors import CallCondition, Dim, ModuleCall, TensorSpec
from analyzer.render.shapes_json import _call


def test_a_conditional_call_says_under_which_condition() -> None:
    tensor = TensorSpec((Dim(None), Dim(8)), "float32")
    where = Span("model.py", 7, 7, "")
    assert _call(ModuleCall((tensor,), (tensor,), True, (CallCondition("mask.any()", where),))) == {
        "inputs": [[None, 8]],
        "outputs": [[None, 8]],
        "under": [{"text": "mask.any()", "path": "model.py", "line": 7}],
    }


def test_a_call_that_always_happens_has_no_condition() -> None:
    tensor = TensorSpec((Dim(2),), "float32")
    assert "under" not in _call(ModuleCall((tensor,), (tensor,)))
