"""A statement over several lines is told whole and cited as far as it reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import line_text
from document_sample import sample_analysis

from analyzer.document.context import Context
from analyzer.document.inline import code, inside_a_sentence
from analyzer.document.statements import quoted
from analyzer.document.wording import Words
from analyzer.records.document import Plain
from analyzer.records.source import SourceFile, Span
from analyzer.records.tensors import ShapeRow


@pytest.mark.parametrize(
    ("source", "shown", "last"),
    [
        ("x = (\n    self.a(x)  # one\n    + self.b\n)\ny = x", "`x = (self.a(x) + self.b)`", 4),
        ("y = f(')', x)  # a ( b\nz = y", "`y = f(')', x)`", 1),
        ("def forward(\n    self,\n    x,\n):\n    return x", "`def forward(self, x,):`", 4),
        ("x = f(\n" + "    x,\n" * 30 + ")", "`x = f(`", 1),
    ],
)
def test_a_statement_is_quoted_to_its_last_bracket(source: str, shown: str, last: int) -> None:
    sample = sample_analysis()
    file = SourceFile("long.py", "python", len(source), 1, "", source)
    analysis = replace(sample, facts=replace(sample.facts, files=(*sample.facts.files, file)))
    row = ShapeRow(Span("long.py", 1, 1), source.split("\n", maxsplit=1)[0], "", ("",), "M", "M.forward", 1, ())
    text, place = quoted(Context(analysis, Words("en")), row)
    assert line_text(text) == shown
    assert line_text(place) == ("<long.py:1>" if last == 1 else f"<long.py:1-{last}>")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Batch normalisation (", "batch normalisation ("),
        ("Top-k sampling", "top-k sampling"),
        ("A program", "a program"),
        ("SwiGLU layer", "SwiGLU layer"),
        ("U-shaped", "U-shaped"),
        ("FSDP", "FSDP"),
        ("Python cannot parse it", "Python cannot parse it"),
        ("交叉注意力", "交叉注意力"),
    ],
)
def test_a_name_loses_the_capital_that_only_began_a_line(text: str, shown: str) -> None:
    assert inside_a_sentence((Plain(text),)) == (Plain(shown),)


def test_a_comment_inside_a_statement_does_not_swallow_the_rest_of_its_line() -> None:
    assert line_text(code("f(\n  a,  # one\n  b='#',\n)  # end")) == "`f( a, b='#', ) # end`"
