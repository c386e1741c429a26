"""What the command line's input specifications mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.shapes.input_spec import (
    DTYPES,
    ContentsValue,
    DimSpec,
    InputSpec,
    InputSpecError,
    LiteralValue,
    MappingValue,
    SequenceValue,
    TensorValue,
    parse_input_spec,
    sizes_of,
)

B2, T16 = DimSpec("B", 2), DimSpec("T", 16)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("idx: int64[B=2, T=16]", TensorValue("int64", (B2, T16))),
        (
            "x: float32[B, 3, H, W]",
            TensorValue("float32", (DimSpec("B"), DimSpec(None, 3), DimSpec("H"), DimSpec("W"))),
        ),
        ("x: float[4]", TensorValue("float32", (DimSpec(None, 4),))),
        ("scale: float32[]", TensorValue("float32", ())),
        ("y: int64([0, 1, 2])", ContentsValue("int64", [0, 1, 2])),
        ("start_pos: 0", LiteralValue(0)),
        ("shift: -1.5", LiteralValue(-1.5)),
        ("mode: 'a=b'", LiteralValue("a=b")),
        ("mask: None", LiteralValue(None)),
        ("sizes: [1, (2, 3)]", LiteralValue([1, (2, 3)])),
        (
            "caches: [(float32[B=1, 64, 8], float32[B, 64, 8])]",
            SequenceValue(
                "list",
                (
                    SequenceValue(
                        "tuple",
                        (
                            TensorValue("float32", (DimSpec("B", 1), DimSpec(None, 64), DimSpec(None, 8))),
                            TensorValue("float32", (DimSpec("B"), DimSpec(None, 64), DimSpec(None, 8))),
                        ),
                    ),
                ),
            ),
        ),
        (
            "batch: {'x': bool[B], 'n': 3}",
            MappingValue((("x", TensorValue("bool", (DimSpec("B"),))), ("n", LiteralValue(3)))),
        ),
    ],
)
def test_each_form_of_a_value_is_read(text, value):
    assert parse_input_spec(text) == InputSpec(text.partition(":")[0], value)


@pytest.mark.parametrize(
    "text",
    [
        "", "idx", "idx:", "3x: 1", "x: float33[2]", "x: float32[-1]", "x: float32[B+1]", "x: float32[1.5]",
        "x: __import__('os')",
        "x: open", "x: float32(", "x: float32([a])", "x: {**{}}", "x: float32[T=U]", "x: int64()",
        "x: os.float32[2]", "x: [" * 5000,
    ],
)  # fmt: skip
def test_what_says_no_input_is_refused_with_a_message(text):
    with pytest.raises(InputSpecError, match=r"."):
        parse_input_spec(text)


def test_a_name_is_one_size_in_all_inputs():
    specs = [parse_input_spec("a: int64[B=3, T]"), parse_input_spec("b: int64[B, T=5, N]")]
    assert sizes_of(specs) == {"B": 3, "T": 5, "N": 8}


def test_two_numbers_for_one_name_are_refused():
    with pytest.raises(InputSpecError, match="B is given as 3 and as 4"):
        sizes_of([parse_input_spec("a: int64[B=3]"), parse_input_spec("b: int64[B=4]")])


names = st.sampled_from(["B", "T", "n_embd", "H"])
dims = st.one_of(
    st.builds(DimSpec, st.none(), st.integers(0, 9999)),
    st.builds(DimSpec, names, st.one_of(st.none(), st.integers(0, 9999))),
)
literals = st.builds(
    LiteralValue,
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False, allow_infinity=False)),
)
tensors = st.builds(TensorValue, st.sampled_from(sorted(DTYPES)), st.lists(dims, max_size=5).map(tuple))


def containers(inner):
    """A list or tuple that holds at least one tensor: of literals alone it would itself be a literal."""
    items = st.lists(st.one_of(inner, literals), max_size=3).map(lambda found: (*found, TensorValue("bool", ())))
    return st.builds(SequenceValue, st.sampled_from(["list", "tuple"]), items)


@given(st.recursive(tensors, containers, max_leaves=6))
def test_what_is_printed_reads_back_as_the_same(value):
    spec = InputSpec("x", value)
    assert parse_input_spec(str(spec)) == spec


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        assert isinstance(parse_input_spec("x: " + text), InputSpec)
    except InputSpecError as error:
        assert str(error)
