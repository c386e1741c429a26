"""Notebooks: one text of all code cells, quoted as it stands, with lines told back to cells."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.index import SourceIndex, open_repository
from analyzer.index.notebooks import cell_of, cell_texts, notebook_source, shell_lines, without_magics
from analyzer.records.source import digest_of


def notebook(*cells: tuple[str, str]) -> str:
    made = [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in cells]
    return json.dumps({"nbformat": 4, "cells": made})


@pytest.fixture
def demo(tmp_path: Path) -> SourceIndex:
    text = notebook(
        ("markdown", "# Title"),
        ("code", "!pip install torch\nimport torch\n%matplotlib inline"),
        ("code", "class Net(torch.nn.Module):\n    def forward(self, x):\n        return x"),
        ("code", "if True:\n    !ls\nfiles = !ls\nnet = Net()"),
    )
    (tmp_path / "demo.ipynb").write_text(text)
    return open_repository(str(tmp_path))


def test_a_span_prints_cell_and_line_and_quotes_the_lines_themselves(demo):
    (definition,) = demo.symbols.classes()
    span = demo.span("demo.ipynb", definition.node)
    assert str(span) == "demo.ipynb[3]:1-3"
    assert demo.quote(span.path, span.first_line, span.last_line).startswith("class Net")
    assert digest_of(demo.quote(span.path, span.first_line, span.last_line)) == span.sha256


def test_magics_stay_in_the_text_and_out_of_the_tree(demo):
    assert "!pip install torch" in demo.text("demo.ipynb")
    tree = demo.tree("demo.ipynb")
    assert isinstance(tree, ast.Module)
    assert not demo.gaps
    assert "Net()" in ast.unparse(tree)


def test_a_broken_cell_is_a_gap_and_the_others_are_read(tmp_path):
    (tmp_path / "n.ipynb").write_text(notebook(("code", "x = (1"), ("code", "class A: pass")))
    index = open_repository(str(tmp_path))
    assert [(gap.where, gap.reason) for gap in index.gaps] == [("n.ipynb[1]", "syntax_error")]
    assert [str(index.span(d.path, d.node)) for d in index.symbols.classes()] == ["n.ipynb[2]:1"]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("%%bash\nls *.py\necho (", ["pass", "pass", "pass"]),
        ("%%time\nx = 1", ["pass", "x = 1"]),
        ("!pip install a \\\n  b\nx = 1", ["pass", "  pass", "x = 1"]),
        ("torch.nn.Linear?", ["pass"]),
        ("x = 5 % 3\ny = not a != b", ["x = 5 % 3", "y = not a != b"]),
        ("# why?\nx = 1  # really?", ["# why?", "x = 1  # really?"]),
        ("s = 'what?'", ["s = 'what?'"]),
    ],
)
def test_lines_that_only_a_notebook_understands_are_replaced(cell, plain):
    text = notebook_source(notebook(("code", cell)))
    assert without_magics(text).split("\n")[1:-1] == plain


def test_shell_lines_are_found_with_their_place():
    text = notebook_source(notebook(("code", "x = 1\n!python train.py"), ("code", "%%bash\npython a.py")))
    assert shell_lines(text) == [(3, "python train.py"), (6, "python a.py")]


def test_older_notebooks_keep_their_cells_in_work_sheets():
    old = json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]})
    assert "x = 1" in notebook_source(old)


lines = st.lists(st.sampled_from(["x = 1", "", "  y", "%magic", "# %% text", "z?"]), max_size=5).map("\n".join)
cells = st.lists(st.tuples(st.sampled_from(["code", "markdown"]), lines), max_size=6)


@given(cells)
def test_every_line_of_every_code_cell_is_found_again_in_its_cell(made):
    text = notebook_source(notebook(*made))
    joined = text.split("\n")
    for number, (kind, source) in enumerate(made, 1):
        if kind == "code":
            start = joined.index(f"# %% [cell {number}]") + 1
            for offset, line in enumerate(source.split("\n")):
                assert joined[start + offset] == line
                assert cell_of(joined, start + offset + 1) == (number, start)


@given(cells)
def test_replacing_magics_keeps_the_number_of_lines(made):
    text = notebook_source(notebook(*made))
    assert len(without_magics(text).split("\n")) == len(text.split("\n"))
    assert sum(len(part.split("\n")) for part in cell_texts(text).values()) == len(text.split("\n"))
