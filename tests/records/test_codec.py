"""Records survive the way through JSON unchanged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.records.codec import CodecError, decode, encode
from analyzer.records.configuration import ConfigValue
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span
from analyzer.records.tensors import Dim, ModelInput, ModuleNode, ParameterCounts, ShapeTarget, TensorSpec

HERE = Span("model.py", 3, 4, "ab")


def through_json(hint, value):
    return decode(hint, json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Dim, Dim(3, "3*n")),
        (Dim, Dim(None)),
        (TensorSpec, TensorSpec((Dim(2, "B"), Dim(7)), "int64")),
        (ShapeTarget, ShapeTarget("q", (TensorSpec((), "bool"),), nested=True)),
        (ModelInput, ModelInput("x", "None", "signature")),
        (ModelInput, ModelInput("x", TensorSpec((Dim(1),), "int64"), "user", HERE)),
        (ModuleNode, ModuleNode("", "", "GPT", 9, 1, ("",), children=(ModuleNode("h", "h", "M", 1, 2, ("h", "i")),))),
        (Known[ParameterCounts] | Unknown, Known(ParameterCounts(1, 1, 1), (HERE,), "counted")),
        (Known[ParameterCounts] | Unknown, Unknown("x", (("a", "b"),), HERE, Unknown("deeper"))),
        (
            ConfigValue,
            ConfigValue("betas", "(0.9, 0.95)", Known((0.9, float("inf"), {1: [None, "a"]}), (HERE,), "read"), HERE),
        ),
    ],
)
def test_a_record_comes_back_equal(hint, value):
    assert through_json(hint, value) == value


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_any_plain_value_comes_back_with_its_types(value):
    result = through_json(Known[object], Known(value, (), "read")).value
    assert result == value
    assert repr(result) == repr(value)


@pytest.mark.parametrize(
    ("hint", "data"),
    [
        (Dim, {"$": "Span", "path": "x", "first_line": 1, "last_line": 1, "sha256": "", "cell": None}),
        (Dim, {"$": "Dim", "value": "2", "expression": None}),
        (Span, 3),
        (tuple[int, int], {"$tuple": [1]}),
        (Known[int] | Unknown, 4),
    ],
)
def test_json_of_another_type_is_refused(hint, data):
    with pytest.raises(CodecError):
        decode(hint, data)


def test_what_is_no_record_has_no_json_form():
    with pytest.raises(CodecError, match="object"):
        encode(object())
