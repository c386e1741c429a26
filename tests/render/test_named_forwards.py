"""What hooks of torch do not see is a call for readers, and none for what is held against hooks."""

from __future__ import annotations

from dataclasses import replace

from analyzer.records.tensors import Dim, ModuleCall, ModuleRecord, TensorSpec
from analyzer.render.shapes_json import _module
from analyzer.shapes.agreement import compare_module

X = TensorSpec((Dim(2), Dim(4)), "float32")
HOOKED = ModuleCall((X,), (X,))
NAMED = replace(HOOKED, hooked=False)


def test_calls_by_name_stand_in_no_table_of_hooked_calls() -> None:
    both, real = ModuleRecord("a", "Part", 4, calls=(NAMED, HOOKED)), ModuleRecord("a", "Part", 4, calls=(HOOKED,))
    assert len(_module(both)["calls"]) == 1  # type: ignore[index]
    found = compare_module("a", both, real, reached_end=True)
    assert found is not None and found.verdict == "agree"
    unseen = replace(both, calls=(NAMED,))
    assert compare_module("a", unseen, replace(real, calls=()), reached_end=True) is None
