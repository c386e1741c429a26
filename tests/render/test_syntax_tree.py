"""Formulas as trees: what is one, and that the page's script computes them as Python does (in node)."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.records.formulas import evaluate_formula
from analyzer.render.syntax_tree import syntax_tree

SCRIPT = resources.files("report_templates").joinpath("html/formula.js").read_text("utf-8")
DRIVER = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf-8"));
console.log(JSON.stringify(asked.map(([tree, sizes]) => {
  try { return String(computeFormula(tree, new Map(sizes.map(([name, size]) => [name, BigInt(size)])))); }
  catch (error) { if (error instanceof RangeError) return null; throw error; }
})));
"""
Case = tuple[str, dict[str, int]]


def in_node(cases: list[Case]) -> list[int | None]:
    """The values that the script of the page gives, all in one process."""
    asked = [[syntax_tree(text), [[name, str(size)] for name, size in sizes.items()]] for text, sizes in cases]
    answer = subprocess.run(
        ["node", "-e", SCRIPT + DRIVER], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60
    )
    return [None if value is None else int(value) for value in json.loads(answer.stdout)]


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("n_embd", "n_embd"),
        ("3*n", ["*", ["integer", "3"], "n"]),
        ("-n//2", ["//", ["negative", "n"], ["integer", "2"]]),
        ("9007199254740993", ["integer", "9007199254740993"]),
        ("int(8/3*n)", ["int", ["*", ["/", ["integer", "8"], ["integer", "3"]], "n"]]),
        ("n**2 % m", ["%", ["**", "n", ["integer", "2"]], "m"]),
    ],
)
def test_arithmetic_over_names_is_a_tree(expression, tree):
    assert syntax_tree(expression) == tree


@pytest.mark.parametrize(
    "expression",
    ["f(n)", "n.size", "n[0]", "n if m else 1", "n < m", "'n'", "True", "n << 2", "int(n, 2)", "n; m", "", "lambda: n",
     "+n", "1j*n", "1e999*n"],
)  # fmt: skip
def test_anything_else_is_none(expression):
    assert syntax_tree(expression) is None


@pytest.mark.parametrize("expression", ["n/2", "0.5*n", "n*0.5//2", "0.5 % n", "int(0.5**n)"])
def test_a_fraction_is_no_whole_number_and_is_not_floor_divided(expression):
    assert syntax_tree(expression) is None


NAMES = ("B", "T", "n_embd")
WHOLE = st.recursive(
    st.sampled_from(NAMES) | st.integers(0, 2**70).map(str) | st.integers(0, 9).map(str),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from(["+", "-", "*", "//", "%"]), part).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(part, st.integers(0, 8)).map(lambda p: f"({p[0]})**{p[1]}"),
        part.map(lambda p: f"(-{p})"),
        st.tuples(part, st.sampled_from(["0.5", "2.6667", "1e-3"])).map(lambda p: f"int({p[0]} % 5000 * {p[1]})"),
        st.tuples(part, st.integers(1, 99)).map(lambda p: f"int({p[0]} % 5000 / {p[1]})"),
    ),
    max_leaves=8,
)
SIZES = st.fixed_dictionaries({name: st.integers(-3, 10**6) for name in NAMES})


@needs_node
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases=st.lists(st.tuples(WHOLE, SIZES), min_size=150, max_size=200))
def test_the_page_computes_every_formula_as_python_does(cases):
    assert in_node(cases) == [evaluate_formula(text, sizes) for text, sizes in cases]


@needs_node
@pytest.mark.parametrize(
    ("expression", "sizes", "value"),
    [
        ("n//m", {"n": -7, "m": 2}, -4),
        ("n % m", {"n": -7, "m": 3}, 2),
        ("n % m", {"n": 7, "m": -3}, -2),
        ("n*n", {"n": 2**53 + 1}, (2**53 + 1) ** 2),
        ("int(n*8/3)", {"n": 768}, 2048),
        ("n//m", {"n": 1, "m": 0}, None),
        ("n % m", {"n": 1, "m": 0}, None),
        ("int(n/m)", {"n": 1, "m": 0}, None),
        ("n**m", {"n": 2, "m": 9}, None),
        ("n**m", {"n": 2, "m": -1}, None),
        ("k", {"n": 2}, None),
        ("int(n*0.5)", {"n": 2**53 + 1}, None),
    ],
)
def test_edges(expression, sizes, value):
    assert in_node([(expression, sizes)]) == [value]
