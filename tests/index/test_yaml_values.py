"""A program that reads YAML gets what PyYAML would give it."""

import warnings

import pytest

from analyzer.index.yaml_values import read_yaml_value

SCALARS = [
    *[(word, word) for word in ("n", "y", "N", "Y", "1e-4", "5e-5", "1e4", "1.0e4", "0o14", "t", "12e3")],
    *[(word, True) for word in ("yes", "On", "TRUE", "true")],
    *[(word, False) for word in ("no", "off", "False")],
    *[("1.0e+4", 10000.0), ("1.5e-3", 0.0015), (".5", 0.5), ("1.", 1.0), ("-0.5", -0.5)],
    *[("010", 8), ("0x1F", 31), ("1_000", 1000), ("12:30", 750), ("0b11", 3), ("~", None), ("null", None)],
]


@pytest.mark.parametrize(("text", "expected"), SCALARS)
def test_plain_scalars_are_what_pyyaml_makes_of_them(text, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_yaml_value(f"a: {text}\n")["a"]
    assert (found, type(found)) == (expected, type(expected))


def test_keys_are_scalars_too():
    assert read_yaml_value("scales:\n  n: [0.33, 0.25]\n  s: [0.33, 0.5]\n") == {
        "scales": {"n": [0.33, 0.25], "s": [0.33, 0.5]}
    }
