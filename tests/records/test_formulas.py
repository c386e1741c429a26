"""Numbers of formulas: arithmetic over known names, and nothing else."""

import pytest

from analyzer.document.derived_facets import FUNCTIONS
from analyzer.records.formulas import number_of

NAMES = {"self.d": 64, "dim_head": 16, "config.n": 12, "on": True, "text": "8"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 / math.sqrt(self.d)", 0.125),
        ("dim_head ** -0.5", 0.25),
        ("(2 * config.n) ** 1", 24),
        ("768 // config.n", 64),
        ("int(self.d / 3)", 21),
        ("-self.d + 1.5", -62.5),
        ("self.other * 2", None),
        ("on * 2", None),
        ("text * 2", None),
        ("open('x')", None),
        ("1 / 0", None),
        ("10 ** 100000", None),
        ("(-1) ** 0.5", None),
        ("a b", None),
    ],
)
def test_an_expression_comes_to_its_number(expression: str, expected: float | None) -> None:
    assert number_of(expression, NAMES.get, FUNCTIONS) == expected


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("4 * n", 48.0),
        ("n // 5", 2.0),
        ("-(2 + 3) ** 2", -25.0),
        ("m * 2", None),
        ("f(3)", None),
        ("1 / 0", None),
        ("9 ** 9999", None),
        ("(-2) ** 0.5", None),
        ("import x", None),
    ],
)
def test_an_expression_has_a_value_only_where_all_of_it_is_known(expression: str, value: float | None) -> None:
    assert number_of(expression, {"n": 12.0}.get) == value
