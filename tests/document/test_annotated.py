"""Annotated listings: comments at the ends of statements, the same program otherwise, byte for byte."""

from __future__ import annotations

import ast

from analyzer.document.annotated import MARK, annotate
from analyzer.records.source import SourceFile, Span
from analyzer.records.tensors import Dim, ShapeRow, ShapeTarget, TensorSpec

SOURCE = '''class A:
    def forward(
        self,
        x,
    ):
        y = self.f(
            x,  # kept
        )
        z = """a
        # b""" if x else y   
        s = "# no comment"; t = x
        return y
'''


def row(line: int, name: str) -> ShapeRow:
    spec = TensorSpec((Dim(2, "B"), Dim(3)), "float32")
    return ShapeRow(Span("a.py", line, line), "", "", ("",), "A", "forward", 1, (ShapeTarget(name, (spec,)),))


def annotated(*rows: ShapeRow, text: str = SOURCE) -> str | None:
    return annotate(SourceFile("a.py", "python", len(text), text.count("\n"), "", text), list(rows))


def test_comment_stands_where_the_statement_ends() -> None:
    lines = (annotated(row(6, "y"), row(9, "z"), row(12, "return"), row(2, "x")) or "").split("\n")
    assert lines[4] == f"    ):  {MARK} x [B, 3]"
    assert lines[7] == f"        )  {MARK} y [B, 3]"
    assert lines[9].endswith(f"{MARK} z [B, 3]")
    assert lines[11] == f"        return y  {MARK} return [B, 3]"


def test_nothing_but_comments_is_added() -> None:
    text = annotated(row(6, "y"), row(9, "z"), row(11, "t")) or ""
    kept = [line.split(f"  {MARK}")[0] for line in text.split("\n")]
    assert kept == SOURCE.split("\n")
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(SOURCE))


def test_windows_line_ends_stay() -> None:
    text = "def f(x):\r\n    y = x\r\n    return y\r\n"
    assert annotated(row(2, "y"), text=text) == f"def f(x):\r\n    y = x  {MARK} y [B, 3]\r\n    return y\r\n"


def test_file_that_cannot_be_parsed_has_no_listing() -> None:
    assert annotated(row(1, "y"), text="def (:\n") is None


def test_file_without_a_row_on_a_statement_has_no_listing() -> None:
    assert annotated(row(40, "y")) is None
