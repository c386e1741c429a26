"""Spans quote what they point to, whatever characters stand before it."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from analyzer.index import SourceIndex
from analyzer.records.source import Repository, SourceFile, digest_of


def index_of(text: str) -> SourceIndex:
    file = SourceFile("m.py", "python", len(text), text.count("\n"), "", text)
    return SourceIndex(Repository("r", "", 1, 1), {"m.py": file})


expressions = st.sampled_from(["'é'", "x", "f(1,\n  'ü')", "[1, 2]", "('日本',\n'語')", "a.b.c", "lambda q: q"])


@given(st.lists(expressions, min_size=1, max_size=5))
def test_segments_agree_with_the_standard_library(parts):
    text = "".join(f"v{number} = [{part}, 'ß', {part}]\n" for number, part in enumerate(parts))
    index = index_of(text)
    tree = index.tree("m.py")
    assert isinstance(tree, ast.Module)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            assert index.segment("m.py", node) == ast.get_source_segment(text, node)


@given(st.lists(st.text(alphabet="ab é\t", max_size=5), min_size=1, max_size=8), st.data())
def test_a_span_carries_the_digest_of_its_quotation(lines, data):
    index = index_of("\n".join(lines))
    first = data.draw(st.integers(1, len(lines)))
    last = data.draw(st.integers(first, len(lines)))
    span = index.span("m.py", first, last)
    assert span.sha256 == digest_of("\n".join(lines[first - 1 : last]))


def test_a_decorated_definition_starts_at_its_first_decorator():
    index = index_of("x = 1\n\n@a\n@b(\n  c)\ndef f():\n    pass\n")
    (function,) = index.symbols.functions()
    assert str(index.span("m.py", function.node)) == "m.py:3-7"


def test_form_feeds_and_separators_do_not_shift_lines():
    index = index_of("x = 1\n\x0c\ny = '\u2028'\nz = 3\n")
    tree = index.tree("m.py")
    assert isinstance(tree, ast.Module)
    assert [index.segment("m.py", node) for node in tree.body] == ["x = 1", "y = '\u2028'", "z = 3"]
