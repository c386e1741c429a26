"""Printed expressions are as short as exactness allows: no step may change the value for any integer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.evaluator.simplification import simplified


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("(n*4)//2", "2*n"),
        ("(2*hidden)*2", "4*hidden"),
        ("(n//2)*2", "(n//2)*2"),
        ("(n*2)//4", "n//2"),
        ("((H - 1)//2 + 1 - 1)//2 + 1", "(H - 1)//4 + 1"),
        ("(n//3)//4", "n//12"),
        ("(heads*width)//heads", "width"),
        ("heads*(n_embd//heads)", "heads*(n_embd//heads)"),
        ("(image//patch)**2 + 1", "(image//patch)**2 + 1"),
        ("((image//patch)**2) + 1", "(image//patch)**2 + 1"),
        ("(T + 1) - 1", "T"),
        ("(T + 1)*width", "(T + 1)*width"),
        ("a + (b + c)", "a + b + c"),
        ("2*(a - b) + 2*b", "2*a"),
        ("(2*n + 3)//2", "n + 1"),
        ("(2*T - 1)//2 + 1", "T"),
        ("m*(((dim + m) - 1)//m)", "m*((dim + m - 1)//m)"),
        ("-(-n//4)", "-((-n)//4)"),
        ("int(n*2/3)*2", "int(n*2/3)*2"),
        ("T % 4 + T % 4", "2*(T % 4)"),
        ("n", "n"),
    ],
)
def test_the_shortest_exact_form_is_printed(written: str, read: str) -> None:
    assert simplified(written) == read


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from(["+", "-", "*", "//", "%"])
    return st.one_of(
        st.tuples(inner, sign, inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
        st.tuples(inner, st.integers(1, 3)).map(lambda parts: f"({parts[0]})**{parts[1]}"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"int(({part}) / 3)"),
    )


EXPRESSIONS = st.recursive(st.one_of(st.sampled_from("abc"), st.integers(0, 8).map(str)), _grown, max_leaves=8)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(EXPRESSIONS, st.lists(st.tuples(*[st.integers(-40, 40)] * 3), min_size=6, max_size=6))
def test_no_value_changes_for_any_integer(expression: str, rows: list[tuple[int, int, int]]) -> None:
    read = simplified(expression)
    assert len(read) <= len(expression)
    for row in rows:
        values = dict(zip("abc", row, strict=True))
        try:
            expected = eval(expression, {"int": int}, values)
        except (ZeroDivisionError, OverflowError):
            continue
        assert eval(read, {"int": int}, values) == expected, (expression, read, values)
