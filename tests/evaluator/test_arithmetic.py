"""Arithmetic of plain numbers takes a short way; its results and its limits are those of Python and of the budget."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate, TargetRaised


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "//", "%", "**"])
@pytest.mark.parametrize("pair", [("7", "2"), ("7.5", "2"), ("7", "2.5"), ("-7", "3"), ("True", "2"), ("7", "True")])
def test_numbers_give_what_python_gives(repository, sign, pair):
    text = f"def by_name(a, b): return a {sign} b\ndef by_constant(a): return a {sign} {pair[1]}"
    interpreter = repository({"net.py": text})
    expected = eval(f"({pair[0]}) {sign} {pair[1]}")
    for call in (f"by_name({pair[0]}, {pair[1]})", f"by_constant({pair[0]})"):
        found = interpreter.evaluate("net.py", call)
        assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize("call", ["power(9, 99999999)", "power(9 ** 9999, 9999)", "product(1 << 60000, 1 << 60000)"])
def test_whole_numbers_still_meet_the_budget(repository, call):
    text = "def power(a, b): return a ** b\ndef product(a, b): return a * b"
    interpreter = repository({"net.py": text})
    with pytest.raises(CannotEvaluate):
        interpreter.evaluate("net.py", call)


def test_a_division_by_zero_is_the_targets_own_error(repository):
    interpreter = repository({"net.py": "def half(a): return 1.5 / a"})
    with pytest.raises(TargetRaised):
        interpreter.evaluate("net.py", "half(0)")
